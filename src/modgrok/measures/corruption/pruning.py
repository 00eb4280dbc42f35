"""Accuracy as neurons are removed one after another, in the order of their inverse participation ratio.

Owns: the curve, counted on the whole table. The ratio itself is in `ipr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import jax.numpy as jnp
import numpy as np

from ...models import MLP
from ...training.problem import Problem
from ..fourier.ipr import ipr_of_neurons
from ..fourier.lens import FourierFrames, spectra

Direction = Literal["low-first", "high-first"]
DIRECTIONS: tuple[Direction, ...] = ("low-first", "high-first")
BLOCK = 2**22
"""Numbers of a block of hidden layers: bounds memory."""


@dataclass(frozen=True, eq=False)
class Pruning:
    """How accuracy falls as neurons go.

    Arguments:
        stops: numbers of neurons removed at which was counted, ascending; shape (s,), in 0..h.
        correct: how many inputs of each group of the problem are right there, int64, shape (s, g).
        size: inputs of each group, int64, shape (g,).
        names: of the groups.
    """

    stops: np.ndarray
    correct: np.ndarray
    size: np.ndarray
    names: tuple[str, ...]

    def accuracies(self) -> dict[str, np.ndarray]:
        """Return the accuracy of every group that has inputs, shape (s,) each."""
        return {
            name: self.correct[:, place] / self.size[place]
            for place, name in enumerate(self.names)
            if self.size[place]
        }


def neuron_order(net: MLP, frames: FourierFrames, direction: Direction) -> np.ndarray:
    """Order neurons by IPR, the first to be removed first; equal ones by their number.

    Returns:
        int64, shape (h,).
    """
    ratios = np.asarray(ipr_of_neurons(spectra(net, frames)))
    return np.argsort(ratios if direction == "low-first" else -ratios, kind="stable")


def pruned(net: MLP, problem: Problem, order: np.ndarray, stops: Sequence[int] | None = None) -> Pruning:
    """Count correct answers after removing the first neurons of an order: their U and W are zero.

    The logits are a sum over neurons, z = c + b sum_k phi_k W_k, so that a removal is an update of rank one
    on the grid of inputs and classes. The sum is grown from the neuron that stays longest, in float64:
    nothing is ever subtracted. Without any neuron all logits are the bias c, or exactly 0 and class 0 is the
    answer. All inputs are counted. s stops cost (h + s) updates of the grid instead of s forward passes of h
    each.

    Arguments:
        net: a two-layer network of the problem's task.
        problem: inputs, labels (corrupted ones where it trains) and groups.
        order: neurons, the first to be removed first, shape (h,).
        stops: numbers of removed neurons at which to count, in 0..h; default every one.

    Example:
        >>> import jax
        >>> from modgrok.learners import make_problem
        >>> from modgrok.tasks import split_task, task_from_expression
        >>> task = task_from_expression("x + y", 5)
        >>> problem = make_problem(task, split_task(task, 0.6, np.random.PCG64(0)))
        >>> net = MLP(jax.random.normal(jax.random.key(0), (2, 5, 8)), jnp.ones((5, 8)))
        >>> result = pruned(net, problem, np.arange(8), (0, 8))
        >>> result.correct.shape, result.accuracies()["train"].round(2).tolist()
        ((2, 5), [0.27, 0.27])

    Source: Doshi et al. 2023 (arXiv 2310.13061), Sec. 4 and Fig. 6.
    """
    h = net.width
    at = np.arange(h + 1) if stops is None else np.unique(np.asarray(stops, dtype=np.int64))
    inputs, labels, groups = (
        np.asarray(part) for part in (problem.all_inputs, problem.all_labels, problem.groups)
    )
    readout = net.output_scale * np.asarray(net.readout, dtype=np.float64).T[order]
    bias = np.zeros(net.classes) if net.readout_bias is None else np.asarray(net.readout_bias, np.float64)
    correct = np.zeros((len(at), len(groups)), dtype=np.int64)
    rows = max(1, BLOCK // h)
    for first in range(0, len(inputs), rows):
        part = slice(first, first + rows)
        features = np.asarray(net.features(jnp.asarray(inputs[part])), dtype=np.float64)[:, order]
        logits = np.tile(bias, (len(features), 1))
        for place, (low, high) in reversed(list(enumerate(pairwise([*at.tolist(), h])))):
            if high > low:
                logits += features[:, low:high] @ readout[low:high]
            right = np.argmax(logits, axis=1) == labels[part]
            correct[place] += np.count_nonzero(groups[:, part] & right, axis=1)
    return Pruning(at, correct, groups.sum(1, dtype=np.int64), problem.group_names)


def pruning_curves(
    net: MLP, frames: FourierFrames, problem: Problem, stops: Sequence[int] | None = None
) -> dict[Direction, Pruning]:
    """Remove neurons by IPR, from the lowest on and from the highest on.

    Networks that generalise while they memorise corrupted labels hold both in neurons of their own: without
    those of low IPR they forget the corrupted labels and still generalise; without those of high IPR they
    no longer generalise and still know the labels.

    Arguments:
        net, problem, stops: as in `pruned`.
        frames: of the basis of the task.
    """
    return {name: pruned(net, problem, neuron_order(net, frames, name), stops) for name in DIRECTIONS}
