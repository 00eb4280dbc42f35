"""What a transformer of two operands does with its inputs, in numbers: losses of parts, neurons, symmetries.

Owns: the record that reads every pair once, and the names under which commands and reports show its measures.
Measures of the weights alone are in `measures.fourier`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np

from ...former_names import former_field
from ...models.transformer import Transformer
from ..measure import Measure
from .distance_irrelevance import distance_irrelevance
from .gradient_symmetricity import gradient_symmetricity, random_triples
from .key_frequencies import ablation_loss_increase, key_frequencies, neuron_key_frequencies
from .logit_attribution import logit_attribution
from .logit_parts import SumLogits
from .neuron_frequencies import frequency_shares, single_frequency_share
from .pair_grid import PairGrid
from .pair_reading import PairActivations, read_pairs
from .restricted_loss import COMBINATIONS, combination_losses, mean_loss

_PARTS = {"key": "key waves", "nonkey": "other waves", "residual": "residual"}
_TITLES: tuple[tuple[str, str], ...] = (
    *(
        (
            name,
            "mean cross-entropy over all pairs of the logits' constant, "
            + ", ".join(_PARTS[part] for part in parts),
        )
        for name, parts in COMBINATIONS
    ),
    ("excluded_loss_train", "excluded loss over the training set alone"),
    ("single_frequency_share", "share of neurons of which one frequency explains over 85% of the variance"),
    ("gradient_symmetricity", "mean cosine of a logit's gradients by both operands' embeddings"),
    (
        "distance_irrelevance",
        "spread of the correct-class logit at a given x - y, over its whole spread",
    ),
)


def _measure(name: str, title: str) -> Measure:
    loss = name.endswith(("_loss", "_train"))
    return Measure(
        name=name,
        title=title,
        function=lambda numbers, frame: numbers[name],
        reads="circuit",
        range=lambda p: (0.0, float("inf")) if loss else (-1.0, 1.0),
    )


CIRCUIT_MEASURES: tuple[Measure, ...] = tuple(_measure(name, title) for name, title in _TITLES)
"""Every number of a circuit, in the order shown; they read what `circuit_numbers` returns."""


@dataclass(frozen=True, eq=False)
class Circuit:
    """A transformer read at every pair of its operands.

    Arguments:
        net: the weights.
        grid: the pairs, in the basis of the task.
        reading: what the network computes for them.
        task: which task of a mixture; None where there is one task.
    """

    net: Transformer
    grid: PairGrid
    reading: PairActivations
    task: int | None = None

    rises = former_field("loss_increases")

    @cached_property
    def logits(self) -> SumLogits:
        """The logits with their means over equal sums."""
        return SumLogits(self.reading.logits, self.grid)

    @cached_property
    def shares(self) -> np.ndarray:
        """Share of each neuron's variance that each frequency explains, shape (m, n//2)."""
        return frequency_shares(self.reading.neurons, self.grid)

    @cached_property
    def loss_increases(self) -> np.ndarray:
        """What taking out each frequency adds to the loss, shape (n//2,)."""
        return ablation_loss_increase(self.logits)

    @cached_property
    def key(self) -> list[int]:
        """Key frequencies by their effect on the loss."""
        return key_frequencies(self.loss_increases)

    @cached_property
    def neuron_key(self) -> list[int]:
        """Key frequencies by the neurons they explain."""
        return neuron_key_frequencies(self.shares)

    @cached_property
    def attribution(self) -> np.ndarray:
        """What each frequency adds to the correct-class logit, shape (n//2,)."""
        return logit_attribution(self.logits)


def circuit_of(net: Transformer, grid: PairGrid, task: int | None = None) -> Circuit:
    """Read a transformer at every pair.

    Arguments:
        net: k = 2.
        grid: of its task.
        task: which task of a mixture.
    """
    inputs = grid.inputs
    if task is not None:
        inputs = np.column_stack([inputs, np.full(len(inputs), task, np.int32)])
    return Circuit(net, grid, read_pairs(net, inputs), task)


def circuit_numbers(
    circuit: Circuit, key: Sequence[int], train: np.ndarray | None = None
) -> dict[str, float]:
    """Return the numbers of a circuit by the names in `CIRCUIT_MEASURES`.

    Arguments:
        circuit: the network read at every pair.
        key: key frequencies; along a run those of its last network (Nanda et al. 2023, Sec. 5.1).
        train: bool, shape (r s,): the training set; None leaves `excluded_loss_train` out.
    """
    losses = combination_losses(circuit.logits, key)
    answered = circuit.grid.targets >= 0
    numbers = {name: mean_loss(values, answered) for name, values in losses.items()}
    if train is not None:
        numbers["excluded_loss_train"] = mean_loss(losses["excluded_loss"], answered & train)
    triples = jnp.asarray(random_triples(circuit.net.classes))
    numbers["single_frequency_share"] = single_frequency_share(circuit.shares)
    numbers["gradient_symmetricity"] = float(gradient_symmetricity(circuit.net, triples, circuit.task))
    numbers["distance_irrelevance"] = distance_irrelevance(circuit.reading.logits, circuit.grid)
    return numbers


def attention_maps(circuit: Circuit) -> np.ndarray:
    """Return the attention of the last position to each place, over all pairs.

    Returns:
        Shape (layers, heads, places, r, s), values in [0, 1] that sum to 1 over places; pairs in the
        ascending order of their values.
    """
    pattern = circuit.reading.pattern
    return np.moveaxis(pattern.reshape(*circuit.grid.shape, *pattern.shape[1:]), (0, 1), (-2, -1))
