"""Which frequencies a network uses: by what their loss costs, or by its neurons."""

from __future__ import annotations

import numpy as np

from .logit_parts import SumLogits
from .neuron_frequencies import EXPLAINED
from .restricted_loss import cross_entropy_of

LEAST_INCREASE = 1e-9
"""Rise of the loss above which a frequency is key; Furuta et al. 2024, App. E."""
LARGEST_EXPONENT = 300.0
"""Differences of logits up to which their exponentials, and products of two of these, are finite."""


def ablation_loss_increase(logits: SumLogits) -> np.ndarray:
    """Return how much the mean loss over all pairs rises when one frequency is taken out of the logits.

        dL_k = L(logits - part(k)) - L(logits),   k = 1..n//2

    Returns:
        float64, shape (n//2,); may be below 0.
    """
    rows = np.flatnonzero(logits.grid.targets >= 0)
    targets, sums = logits.grid.targets[rows], logits.grid.sums[rows]
    whole = logits.logits[rows]
    full = cross_entropy_of(whole.copy(), targets).mean()
    changes = [logits.part([k]) for k in logits.grid.frequencies]
    above = whole - whole[np.arange(len(rows)), targets][:, None]
    if max(np.abs(above).max(), 2 * max(np.abs(change).max() for change in changes)) < LARGEST_EXPONENT:
        return _ablated_together(above, targets, sums, changes) - full
    ablated = [cross_entropy_of(whole - change[sums], targets).mean() for change in changes]
    return np.array(ablated) - full


def _ablated_together(
    above: np.ndarray, targets: np.ndarray, sums: np.ndarray, changes: list[np.ndarray]
) -> np.ndarray:
    """Return the mean losses without each frequency, by one product of matrices for each sum and class.

        loss_k = log(1 + sum_{q != y} exp(z_q - z_y) exp(part_k(y) - part_k(q)))

    The first factor is that of the input, the second one that of its sum and class.

    Arguments:
        above: z_q - z_y, shape (n, c).
        targets: y, shape (n,).
        sums: of the inputs.
        changes: part_k at every sum, shape (m, c).
    """
    others = np.exp(above)
    others[np.arange(len(targets)), targets] = 0
    totals = np.zeros(len(changes))
    of_pair = sums * above.shape[1] + targets
    order = np.argsort(of_pair, kind="stable")
    starts = np.unique(of_pair[order], return_index=True)[1]
    parts = np.stack(changes, axis=-1)
    for chosen in np.split(order, starts[1:]):
        part = parts[sums[chosen[0]]]
        factors = np.exp(part[targets[chosen[0]]] - part)
        totals += np.log1p(others[chosen] @ factors).sum(axis=0)
    return totals / len(targets)


def key_frequencies(loss_increases: np.ndarray, least: float = LEAST_INCREASE) -> list[int]:
    """Return the frequencies without which the loss rises by more than `least`.

    Arguments:
        loss_increases: of `ablation_loss_increase`.

    Example:
        >>> key_frequencies(np.array([2e-9, -1.0, 0.5]))
        [1, 3]

    Source: Furuta et al. 2024, App. E.
    """
    return [int(k) for k in np.flatnonzero(loss_increases > least) + 1]


def neuron_key_frequencies(shares: np.ndarray, explained: float = EXPLAINED) -> list[int]:
    """Return the frequencies that explain some neuron of the last layer.

    Arguments:
        shares: of `frequency_shares`, shape (m, n//2).
        explained: least share of a neuron's variance that its frequency must explain.

    Example:
        >>> neuron_key_frequencies(np.array([[0.9, 0.0, 0.1], [0.2, 0.1, 0.3], [0.0, 0.0, 0.95]]))
        [1, 3]

    Source: Nanda et al. 2023, Sec. 4.2 and its notebook, where the frequency of every neuron counts.
    """
    best = shares.argmax(axis=1) + 1
    return sorted({int(k) for k in best[shares.max(axis=1) > explained]})
