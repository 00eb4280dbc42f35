"""Which frequencies a network uses: by what their loss costs, or by its neurons."""

from __future__ import annotations

import numpy as np

from .logit_parts import SumLogits
from .neuron_frequencies import EXPLAINED
from .restricted_loss import changed_losses

LEAST_INCREASE = 1e-9
"""Rise of the loss above which a frequency is key; Furuta et al. 2024, App. E."""


def ablation_loss_increase(logits: SumLogits) -> np.ndarray:
    """Return how much the mean loss over all pairs rises when one frequency is taken out of the logits.

        dL_k = L(logits - part(k)) - L(logits),   k = 1..n//2

    Returns:
        float64, shape (n//2,); may be below 0; 0 where part(k) is nowhere larger than the rounding of float32
        logits, whose effect on the loss can exceed `LEAST_INCREASE` and differs between processors.
    """
    rows = np.flatnonzero(logits.grid.targets >= 0)
    targets, sums = logits.grid.targets[rows], logits.grid.sums[rows]
    changes = [-logits.part([k]) for k in logits.grid.frequencies]
    rounding = np.finfo(np.float32).eps * np.abs(logits.logits).max(initial=0)
    used = np.array([np.abs(change).max(initial=0) > rounding for change in changes])
    full, *ablated = changed_losses(
        logits.logits[rows], targets, sums, [np.zeros_like(logits.means), *changes]
    ).mean(axis=1)
    return np.where(used, np.array(ablated) - full, 0.0)


def key_frequencies(loss_increases: np.ndarray, least: float = LEAST_INCREASE) -> list[int]:
    """Return the frequencies without which the loss rises by more than `least`.

    Arguments:
        loss_increases: of `ablation_loss_increase`.
        least: what an increase must exceed.

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
