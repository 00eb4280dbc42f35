"""What each frequency does for a network of two operands: by its loss, its logits and its neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from .key_frequencies import ablation_loss_increase, key_frequencies, neuron_key_frequencies
from .logit_attribution import logit_attribution
from .logit_parts import SumLogits
from .neuron_frequencies import EXPLAINED


def frequency_use(logits: SumLogits, shares: np.ndarray | None = None) -> dict[str, Any]:
    """Return what has one value for each frequency, for any network of two operands.

    Arguments:
        logits: of all pairs.
        shares: of `frequency_shares`, shape (m, n//2); None for a network without neurons.

    Returns:
        `key_frequencies`, those without which the loss increases; `neuron_frequencies`, those that explain
        most of some neuron; `neurons_of_frequency`, how many neurons each frequency has; `idle_neurons`, how
        many never vary; `loss_rise` and `attribution` of each frequency. Without neurons theirs are None.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.circuit.pair_grid import pair_grid
        >>> n = np.arange(5)
        >>> grid = pair_grid(natural_basis(5, 2), (n[:, None] + n) % 5)
        >>> wave = np.cos(2 * np.pi * 2 * (grid.sums[:, None] - n) / 5)
        >>> use = frequency_use(SumLogits(3 * wave, grid), np.array([[0.0, 0.9], [0.2, 0.3], [0.0, 0.0]]))
        >>> use["key_frequencies"], use["neuron_frequencies"], use["neurons_of_frequency"]
        ([2], [2], [0, 1])

    Source: Furuta et al. 2024, App. E (key frequencies by loss); Nanda et al. 2023, Sec. 4.2 (by neurons).
    """
    increases = ablation_loss_increase(logits)
    of_neurons: dict[str, Any] = dict.fromkeys(("neuron_frequencies", "neurons_of_frequency", "idle_neurons"))
    if shares is not None:
        best, explained = shares.argmax(axis=1) + 1, shares.max(axis=1) > EXPLAINED
        counts = [int((best[explained] == k).sum()) for k in logits.grid.frequencies]
        of_neurons = {
            "neuron_frequencies": neuron_key_frequencies(shares),
            "neurons_of_frequency": counts,
            "idle_neurons": int((shares.max(axis=1) == 0).sum()),
        }
    return {
        "key_frequencies": key_frequencies(increases),
        **of_neurons,
        "loss_rise": increases.tolist(),
        "attribution": logit_attribution(logits).tolist(),
    }
