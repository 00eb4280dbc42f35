"""A network seen through the basis of its task, as plain arrays.

Owns: every quantity of the weights that panels draw. A view does not know where its network comes
from: initialisation, training or closed form look alike from here on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...algebra import Basis
from ...algebra.logs import logarithm_table
from ...measures import (
    FourierFrames,
    Spectra,
    coherence_of,
    ipr_of_neurons,
    mean_ipr,
    phase_histogram,
    spectra,
)
from ...measures.fourier.lens import shared_frames
from ...measures.logits.rows import even_chunk
from ...models import MLP, activation
from ...models.mlp import one_logit
from ...models.on_device import on_device

CHUNK = 8_192
LARGEST_GRID = 512
"""Most values of an operand drawn in a map; of more, evenly spaced ones are."""


@dataclass(frozen=True, eq=False)
class OperandAxis:
    """The order in which a weight vector's entries are drawn.

    Arguments:
        order: indices of the entries, in drawing order; those that take no part are left out.
        labels: their group labels, ascending.
        title: what the axis shows.
        one_to_one: every label occurs exactly once.
    """

    order: np.ndarray
    labels: np.ndarray
    title: str
    one_to_one: bool


def operand_axis(basis: Basis, operand: int, name: str) -> OperandAxis:
    """Order an operand's values by their labels in the basis.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> axis = operand_axis(natural_basis(5, 2), 0, "x")
        >>> axis.order.tolist(), axis.title
        ([0, 1, 2, 3, 4], 'x')
    """
    labels = basis.operands[operand]
    in_domain = np.flatnonzero(labels >= 0)
    order = in_domain[np.argsort(labels[in_domain], kind="stable")]
    sorted_labels = labels[order]
    exact = len(order) == basis.order and bool((sorted_labels == np.arange(basis.order)).all())
    identity = bool((order == sorted_labels).all()) if exact else False
    logarithms = basis.name == "multiplicative"
    if logarithms and (labels == logarithm_table(len(labels))).all():
        return OperandAxis(order, sorted_labels, f"log {name}", exact)
    relabelled = f"log g({name})" if logarithms else f"g({name})"
    title = name if identity else relabelled if exact else f"{name}, sorted by {relabelled}"
    return OperandAxis(order, sorted_labels, title, exact)


@dataclass(frozen=True, eq=False)
class MLPView:
    """A network, the basis of its task, and a label for the reader.

    Arguments:
        label: source of the weights in words.
        net: the weights.
        basis: of the task.
        operands: names of the operands.
    """

    label: str
    net: MLP
    basis: Basis
    operands: tuple[str, ...]

    @cached_property
    def frames(self) -> FourierFrames:
        """The basis on the device."""
        return shared_frames(self.basis)

    @cached_property
    def spectra(self) -> Spectra:
        """Waves of all weight vectors."""
        return spectra(self.net, self.frames)

    @cached_property
    def power(self) -> np.ndarray:
        """Share of each frequency in each vector, shape (k + 1, h, f)."""
        return np.nan_to_num(np.asarray(self.spectra.power))

    @cached_property
    def dominant(self) -> np.ndarray:
        """Dominant frequency of each neuron, shape (h,)."""
        return np.asarray(self.spectra.dominant)

    @cached_property
    def neuron_ipr(self) -> np.ndarray:
        """IPR of each neuron, shape (h,)."""
        return np.nan_to_num(np.asarray(ipr_of_neurons(self.spectra)))

    @property
    def ipr(self) -> float:
        """Mean IPR."""
        return float(mean_ipr(self.spectra))

    @cached_property
    def phase_counts(self) -> np.ndarray:
        """Neurons by phase sum, in equal bins over [-pi, pi)."""
        return np.asarray(phase_histogram(self.spectra))

    @property
    def coherence(self) -> float:
        """Mean cosine of the phase sums."""
        return float(coherence_of(self.spectra))

    @cached_property
    def axes(self) -> tuple[OperandAxis, ...]:
        """Drawing order of each operand."""
        return tuple(operand_axis(self.basis, s, name) for s, name in enumerate(self.operands))

    def vector(self, unit: int, block: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (labels, weights) of one vector of a neuron in basis order.

        Where several values share a label, the weight is their mean. Block k is the readout.
        """
        if block == len(self.operands):
            readout = np.asarray(self.net.readout)[self.basis.outputs, unit]
            return np.arange(self.basis.order), readout
        axis = self.axes[block]
        weights = np.asarray(self.net.embedding)[block, axis.order, unit]
        labels, inverse, counts = np.unique(axis.labels, return_inverse=True, return_counts=True)
        return labels, np.bincount(inverse, weights) / counts

    def vector_name(self, block: int) -> str:
        """Name a vector of a neuron: its operand, or the output."""
        return self.operands[block] if block < len(self.operands) else "out"

    def _rows(self, operand: int) -> np.ndarray:
        order = self.axes[operand].order
        pace = -(-len(order) // LARGEST_GRID)
        return order[::pace]

    def preactivation(self, unit: int) -> np.ndarray:
        """Return a * (U[0, x] + U[1, y] + ...) of one unit over (x, y) in basis order; others at value 0."""
        embedding = np.asarray(self.net.embedding)[:, :, unit].astype(float)
        rest = embedding[2:, 0].sum()
        first, second = embedding[0, self._rows(0)], embedding[1, self._rows(1)]
        return self.net.input_scale * (first[:, None] + second[None, :] + rest)

    def logit(self, output: int) -> np.ndarray:
        """Return one logit over (x, y) in basis order; other operands at value 0."""
        first, second = self._rows(0), self._rows(1)
        pairs = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)
        inputs = np.zeros((len(pairs), len(self.operands)), np.int32)
        inputs[:, :2] = pairs
        size = even_chunk(len(inputs), CHUNK)  # of one size, for which one function is compiled
        filled = np.pad(inputs, ((0, -len(inputs) % size), (0, 0)), mode="edge")
        parts = [
            np.asarray(one_logit(self.net, filled[start : start + size], np.asarray(output, np.int32)))
            for start in range(0, len(filled), size)
        ]
        logits = np.concatenate(parts, dtype=float)[: len(inputs)]
        return logits.reshape(len(first), len(second))


def hidden(net: MLP, inputs: np.ndarray) -> np.ndarray:
    """Return the hidden layer at inputs (n, k); shape (n, h)."""
    rows = [table[inputs[:, s]] for s, table in enumerate(np.asarray(net.embedding))]
    preactivations = on_device(net.input_scale * sum(rows[1:], start=rows[0]))
    return np.asarray(activation(net.activation)(preactivations))


def _times(features: np.ndarray, readout: np.ndarray) -> np.ndarray:
    """Multiply; the overflow of a diverged network is its result, not an accident."""
    with np.errstate(over="ignore", invalid="ignore"):
        return features @ readout


def accuracy_of(net: MLP, inputs: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of inputs whose greatest logit is their label."""
    readout, right = np.asarray(net.readout).T, 0
    for start in range(0, len(inputs), CHUNK):
        logits = _times(hidden(net, inputs[start : start + CHUNK]), readout)
        right += int((logits.argmax(-1) == labels[start : start + CHUNK]).sum())
    return right / max(len(inputs), 1)


def spread_units(view: MLPView, count: int = 4) -> list[int]:
    """Choose neurons at evenly spaced ranks of IPR from the largest down; ties go by nearness to f = 4."""
    ranked = np.lexsort((np.abs(view.dominant - 4), -np.round(view.neuron_ipr, 3)))
    places = [int(i * len(ranked) / count) for i in range(count)]
    return list(dict.fromkeys(int(ranked[place]) for place in places))


def matching_units(view: MLPView, frequencies: Sequence[int]) -> list[int]:
    """Choose for each frequency the neuron of largest IPR that has it; where none has, the next in rank."""
    ranked = np.argsort(-view.neuron_ipr, kind="stable").tolist()
    chosen: list[int] = []
    for frequency in frequencies:
        left = [unit for unit in ranked if unit not in chosen]
        same = [unit for unit in left if view.dominant[unit] == frequency]
        chosen += (same or left)[:1]
    return chosen


def units_of(views: Sequence[MLPView], *, one_network: bool) -> list[list[int]]:
    """Choose the neurons that are drawn, for each view.

    Arguments:
        views: to draw side by side.
        one_network: they are stages of one network, so the same neurons are drawn, chosen in the last;
            otherwise neurons of the frequencies chosen in the first.
    """
    if one_network:
        return [spread_units(views[-1])] * len(views)
    first = spread_units(views[0])
    frequencies = [int(views[0].dominant[unit]) for unit in first]
    return [first, *(matching_units(view, frequencies) for view in views[1:])]
