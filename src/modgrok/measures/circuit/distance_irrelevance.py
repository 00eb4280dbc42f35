"""Distance irrelevance: how little the correct-class logit depends on x - y."""

from __future__ import annotations

import numpy as np

from .pair_grid import PairGrid


def distance_irrelevance(logits: np.ndarray, grid: PairGrid) -> float:
    """Return the spread of the correct-class logit at a given difference, over its spread.

        q = (1/n sum_d std{L(x, y): g_1(x) - g_2(y) = d}) / std{L(x, y)},   L the logit of the correct class

    Arguments:
        logits: shape (r s, c), in the order of the grid.
        grid: the pairs; where the task has no answer they take no part.

    Returns:
        A number from 0, at most about 1: near 0 where the correct-class logit depends on the difference alone
        (pizza), near 1 where it does not depend on it (clock); 0 where it does not vary at all.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.circuit.pair_grid import pair_grid
        >>> n = np.arange(5)
        >>> grid = pair_grid(natural_basis(5, 2), (n[:, None] + n) % 5)
        >>> pizza, clock = (np.repeat(v[:, None] * 1.0, 5, axis=1) for v in (grid.differences, grid.sums))
        >>> distance_irrelevance(pizza, grid), round(distance_irrelevance(clock, grid), 6)
        (0.0, 1.0)

    Source: Zhong et al. 2023 (arXiv 2306.17844), Def. 4.2: x - y for x + y; here the labels of the task.
    """
    rows = np.flatnonzero(grid.targets >= 0)
    right = logits[rows, grid.targets[rows]]
    differences = grid.differences[rows]
    spreads = [right[differences == d].std() for d in np.unique(differences)]
    whole = right.std()
    return float(np.mean(spreads) / whole) if whole > 0 else 0.0
