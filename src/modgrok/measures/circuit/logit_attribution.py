"""What each frequency adds to the correct-class logit."""

from __future__ import annotations

import numpy as np

from .logit_parts import SumLogits


def logit_attribution(logits: SumLogits) -> np.ndarray:
    """Return what each frequency adds to the correct-class logit above the mean of all logits.

        A_k = mean over pairs of [ part_k(x, y, f(x, y)) - mean_c part_k(x, y, c) ],   k = 1..n//2

    Where the labels are one to one, the A_k and the same mean of the constant and of the residual add up to
    that of the logits.

    Returns:
        float64, shape (n//2,); near 0 on random weights.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.circuit.pair_grid import pair_grid
        >>> n = np.arange(5)
        >>> grid = pair_grid(natural_basis(5, 2), (n[:, None] + n) % 5)
        >>> wave = np.cos(2 * np.pi * 2 * (grid.sums[:, None] - n) / 5)
        >>> (logit_attribution(SumLogits(3 * wave, grid)).round(3) + 0).tolist()
        [0.0, 3.0]

    Source: the paper's direct logit attribution (Nanda et al. 2023, Sec. 4.1) taken frequency by frequency.
    """
    rows = np.flatnonzero(logits.grid.targets >= 0)
    sums, targets = logits.grid.sums[rows], logits.grid.targets[rows]
    attributions = []
    for k in logits.grid.frequencies:
        part = logits.part([k])
        attributions.append(float((part - part.mean(axis=1, keepdims=True))[sums, targets].mean()))
    return np.array(attributions)


def correct_class_logit(logits: SumLogits) -> float:
    """Return the mean over pairs of the correct-class logit above the mean of all logits."""
    rows = np.flatnonzero(logits.grid.targets >= 0)
    selected = logits.logits[rows]
    return float((selected[np.arange(len(rows)), logits.grid.targets[rows]] - selected.mean(axis=1)).mean())
