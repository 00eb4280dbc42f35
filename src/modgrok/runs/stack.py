"""A stack: the states of several runs as one tree of arrays, advanced by one compiled step.

Owns: which arrays are stacked and which are shared, the compiled segment, taking members out. Runs, stopping
and observation are the loop's. The numbers of a member are those of the run alone to rounding: products of a
whole stack are summed in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..models.on_device import on_device
from ..models.program import Program
from .preparation import PreparedRun

MEMORY_SHARE = 0.8
"""Share of the available memory that the members of a stack may take by their estimate."""


def members_that_fit(need: int | None, available: int | None, most: int) -> int:
    """Return how many members a stack may have.

    Arguments:
        need: bytes of one member at its peak, estimated; None if not known.
        available: bytes where arrays live; None if not known.
        most: members at most, at least 1.

    Returns:
        At least 1: whether a single member fits is checked when it is prepared.

    Example:
        >>> members_that_fit(2**30, 10 * 2**30, 256), members_that_fit(None, 2**30, 256)
        (8, 256)
    """
    if need is None or available is None:
        return most
    return max(1, min(most, int(MEMORY_SHARE * available) // max(need, 1)))


class Stack:
    """Members of equal shapes.

    Arguments:
        runs: of the members, inside their precision; not empty.
        states: theirs. Those at later steps wait until the others have reached them.

    Attributes:
        step: to which the stack has been advanced.
    """

    def __init__(self, runs: Sequence[PreparedRun], states: Sequence[Any]) -> None:
        self._steps = np.array([int(state.step) for state in states], np.int32)  # of each row
        self.step = int(self._steps.min())
        self._shared, self._own = stack_trees([stepped_by(run) for run in runs])
        arrays = [eqx.partition(_without_step(state), eqx.is_array) for state in states]
        self._outline = arrays[0][1]
        self._arrays = stack_trees([own for own, _ in arrays], share=False)[1]
        self._members = list(range(len(states)))  # of each row
        self._going = np.ones(len(states), bool)

    @property
    def rows(self) -> int:
        """Number of rows that the compiled step computes, those of members that ended included."""
        return len(self._members)

    def advance(self, stop: int) -> None:
        """Step members until `stop`; one whose update is not finite stays at its last finite state."""
        program = _ADVANCE.bind(self._shared, self._own, self._outline)
        on_host = np.int32(self.step), self._steps, self._going, np.int32(stop)
        self._arrays, *numbers = program(self._arrays, *on_host)
        step, self._steps, self._going = (np.array(n) for n in jax.device_get(numbers))
        self.step = int(step) if self._going.any() else stop

    def waits(self, member: int) -> bool:
        """Say whether a member is at a later step than the stack."""
        return bool(self._steps[self._members.index(member)] > self.step)

    def is_finite(self, member: int) -> bool:
        """Say whether all updates of a member have been finite."""
        return bool(self._going[self._members.index(member)])

    def state(self, member: int) -> Any:
        """Return the state of a member: the last finite one."""
        row = self._members.index(member)
        arrays = _row(self._arrays, np.int32(row))
        return _with_step(eqx.combine(arrays, self._outline), on_device(self._steps[row]))

    def remove(self, member: int) -> None:
        """Take a member out. Its row stays, unchanged, until the stack is cut."""
        row = self._members.index(member)
        self._going[row], self._members[row] = False, -1

    def cut(self) -> None:
        """Compile the stack anew for the rows that are left, if these are half of all rows or fewer."""
        left = [row for row, member in enumerate(self._members) if member >= 0]
        if left and 2 * len(left) <= self.rows:
            chosen = np.asarray(left, np.int32)
            self._own, self._arrays = jax.tree.map(
                lambda a: on_device(np.asarray(a)[chosen]), (self._own, self._arrays)
            )
            self._members = [self._members[row] for row in left]
            self._steps, self._going = self._steps[chosen], self._going[chosen]
            self.advance(self.step)  # compile, make no step


def stepped_by(run: PreparedRun) -> tuple[Any, Any]:
    """Return what the step of a member of a stack reads beside the state: learner and problem."""
    return run.definition.common_shape(run.learner, run.problem), run.problem


def stack_trees(trees: Sequence[Any], *, share: bool = True) -> tuple[Any, Any]:
    """Split trees of equal structure into what they share and what is each one's own, stacked.

    Arguments:
        trees: of arrays of equal shapes, and of equal static values; not empty.
        share: whether arrays that are equal in all trees are left as they are.

    Returns:
        (shared, own), each None where the other is not: `equinox.combine` joins them.

    Raises:
        ValueError: structures, shapes or static values differ.

    Example:
        >>> one, two = ({"rate": jnp.float32(r), "labels": jnp.arange(3)} for r in (0.5, 1.0))
        >>> shared, own = stack_trees([one, two])
        >>> shared["rate"], shared["labels"].shape, own["rate"].tolist(), own["labels"]
        (None, (3,), [0.5, 1.0], None)
    """
    structures = {jax.tree.structure(tree) for tree in trees}
    if len(structures) > 1:
        raise ValueError("stack: members must have trees of equal structure")
    shared: list[Any] = []
    own: list[Any] = []
    for leaves in zip(*(jax.tree.leaves(tree) for tree in trees), strict=True):
        common, stacked = _joined(leaves, share=share)
        shared.append(common)
        own.append(stacked)
    (structure,) = structures
    return jax.tree.unflatten(structure, shared), jax.tree.unflatten(structure, own)


def _joined(leaves: Sequence[Any], *, share: bool) -> tuple[Any, Any]:
    """Return (the leaf of all, None), or (None, all leaves stacked)."""
    first = leaves[0]
    if not eqx.is_array(first):
        if any(leaf != first for leaf in leaves):
            raise ValueError("stack: members must have equal static values")
        return first, None
    if len({(leaf.shape, leaf.dtype) for leaf in leaves}) > 1:
        raise ValueError("stack: members must have arrays of equal shapes")
    values = jax.device_get(leaves)
    if share and all(np.array_equal(values[0], value) for value in values[1:]):
        return first, None
    return None, on_device(np.stack(values))  # on the host: nothing is compiled for so many operands


def _without_step(state: Any) -> Any:
    return eqx.tree_at(lambda s: s.step, state, None)


def _with_step(state: Any, step: Any) -> Any:
    return eqx.tree_at(lambda s: s.step, state, step, is_leaf=lambda leaf: leaf is None)


def _advance(
    shared: Any, own: Any, outline: Any, arrays: Any, step: Array, steps: Array, going: Array, stop: Array
) -> tuple[Any, Array, Array, Array]:
    """Step all rows until `stop`, or until no row is going.

    The step's number is one number for all rows, so that what a learner does at some steps only, such as to
    shuffle its examples, is done at these steps only.
    """

    def more(carry: tuple[Any, Array, Array, Array]) -> Array:
        _, step, _, going = carry
        return going.any() & (step < stop)

    def body(carry: tuple[Any, Array, Array, Array]) -> tuple[Any, Array, Array, Array]:
        old, step, steps, going = carry

        def one(own: Any, arrays: Any) -> tuple[Any, Array]:
            learner, problem = eqx.combine(own, shared)
            state = _with_step(eqx.combine(arrays, outline), step)
            state, finite = learner.step(state, problem)
            return eqx.filter(_without_step(state), eqx.is_array), finite

        new, finite = jax.vmap(one)(own, old)
        waiting = steps > step
        going = going & (finite | waiting)
        moved = going & ~waiting

        def chosen(a: Array, b: Array) -> Array:
            return jnp.where(moved.reshape(-1, *(1,) * (a.ndim - 1)), a, b)

        return jax.tree.map(chosen, new, old), step + 1, jnp.where(moved, step + 1, steps), going

    return jax.lax.while_loop(more, body, (arrays, step, steps, going))


_ADVANCE = Program(_advance)


@jax.jit
def _row(arrays: Any, row: Array) -> Any:
    return jax.tree.map(lambda a: a[row], arrays)
