"""Loss and accuracy over sets of inputs: counted, never sampled."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..training.losses import Loss
from ..training.problem import Problem

CHUNK = 16_384
"""Inputs evaluated at once: bounds memory at about CHUNK * (width + classes) numbers."""


class Tally(eqx.Module):
    """Counts over `training.problem.GROUPS`.

    Arguments:
        correct: number of inputs whose greatest logit is their label, int32, shape (g,).
        size: number of inputs of the group, int32, shape (g,).
        loss: mean loss, shape (g,); nan for an empty group.
    """

    correct: Int[Array, " g"]
    size: Int[Array, " g"]
    loss: Float[Array, " g"]


def tally(logits: Callable[[Array], Array], loss: Loss, problem: Problem) -> Tally:
    """Evaluate every input of the domain once and count by group.

    Arguments:
        logits: inputs (n, k) -> logits (n, c).
        loss: logits and labels -> loss of each example.
        problem: inputs, labels and groups.
    """
    m = len(problem.all_inputs)
    size = problem.groups.sum(-1, dtype=jnp.int32)
    if m <= CHUNK:
        correct, losses = _count(logits, loss, problem.all_inputs, problem.all_labels, problem.groups)
        return Tally(correct, size, losses / size)
    chunk = CHUNK
    pad = -m % chunk
    inputs = jnp.pad(problem.all_inputs, ((0, pad), (0, 0)))
    labels = jnp.pad(problem.all_labels, (0, pad))
    groups = jnp.pad(problem.groups, ((0, 0), (0, pad)))

    parts = (
        inputs.reshape(-1, chunk, inputs.shape[1]),
        labels.reshape(-1, chunk),
        groups.reshape(len(groups), -1, chunk).swapaxes(0, 1),
    )
    correct, losses = jax.lax.map(lambda part: _count(logits, loss, *part), parts)
    return Tally(correct.sum(0), size, losses.sum(0) / size)


@eqx.filter_jit
def tally_of_logits(logits: Float[Array, "m c"], loss: Loss, problem: Problem) -> Tally:
    """Count by group the logits of every input of the domain, as `tally` does.

    Arguments:
        logits: in the order of the domain.
        loss: logits and labels -> loss of each example.
        problem: labels and groups.
    """
    size = problem.groups.sum(-1, dtype=jnp.int32)
    correct, losses = _count(
        lambda inputs: logits, loss, problem.all_inputs, problem.all_labels, problem.groups
    )
    return Tally(correct, size, losses / size)


def label_is_greatest(logits: Float[Array, "m c"], labels: Int[Array, " m"]) -> Bool[Array, " m"]:
    """Say for each row whether its label is its greatest logit, of equal ones the first, as `argmax` does.

    XLA reduces values and places together one after another on a CPU; comparing with the greatest value takes
    a sixth of the time.

    Arguments:
        logits: a row that holds nan answers nothing.
        labels: in 0..c - 1.
    """
    own = jnp.take_along_axis(logits, labels[:, None], axis=1)
    equal_before = (logits == own) & (jnp.arange(logits.shape[1]) < labels[:, None])
    return (own[:, 0] == logits.max(axis=1)) & ~equal_before.any(axis=1)


def _count(
    logits: Callable[[Array], Array], loss: Loss, inputs: Array, labels: Array, groups: Array
) -> tuple[Array, Array]:
    """Return how many of each group are right, and the sum of their losses."""
    z = logits(inputs)
    right = groups & label_is_greatest(z, labels)
    losses = loss(z, labels)
    return right.sum(-1, dtype=jnp.int32), jnp.where(groups, losses, 0).sum(-1)
