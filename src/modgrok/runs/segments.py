"""Compiled segments: the steps between two observations, in one call.

Owns: the while-loops of steps, and whether a segment measures the state that it reaches. Its length is an
argument, so a run compiles its step once whatever the lengths, and a resumed run repeats the undisturbed one
bit for bit. When a run is observed is decided by the loop.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..learners.base.contract import DescentLearner
from ..learners.base.observation import MeasureObserver, Observed, measured_state
from ..models.program import Packed, Program, pack_arrays, unpack_arrays
from ..training.descent import LossGradient
from ..training.problem import Problem
from .preparation import PreparedRun


def advance(learner: Any, state: Any, problem: Problem, stop: Array | np.int32) -> tuple[Any, Array]:
    """Step until `stop`, or until an update is not finite.

    Returns:
        (the last finite state, whether all updates were finite).
    """
    result: tuple[Any, Array] = ADVANCE.bind(learner, problem)(state, stop)
    return result


def _advance(learner: Any, problem: Problem, state: Any, stop: Array) -> tuple[Any, Array]:
    dynamic, static = eqx.partition(state, eqx.is_array)

    def going(carry: tuple[Any, Array]) -> Array:
        arrays, finite = carry
        return finite & (arrays.step < stop)

    def body(carry: tuple[Any, Array]) -> tuple[Any, Array]:
        old = carry[0]
        state, finite = learner.step(eqx.combine(old, static), problem)
        new = eqx.filter(state, eqx.is_array)
        return _chosen(finite, new, old), finite

    arrays, finite = jax.lax.while_loop(going, body, (dynamic, jnp.array(True)))
    return eqx.combine(arrays, static), finite


ADVANCE = Program(_advance)
"""The compiled steps of runs whose observations compute what they measure by themselves."""


def _segment(
    learner: DescentLearner,
    problem: Problem,
    frames: dict[str, Any],
    request: tuple[Any, ...],
    state: Any,
    here: LossGradient,
    known: Array,
    stop: Array,
) -> tuple[Any, LossGradient, Packed]:
    """Step as `_advance` does, and measure the state that is reached with the gradient of the next step.

    Each turn of the loop makes the update of the gradient at hand and computes the next gradient. Where none
    is known yet the first turn does only that, with the instructions of every turn: numbers depend neither on
    when a run is observed nor on where it was resumed.

    Arguments:
        learner, problem, frames, request: `MeasureObserver.traced`.
        state: from which training goes on.
        here: loss and gradient there.
        known: whether they have been computed.
        stop: the step to reach.

    Returns:
        (the last finite state, loss and gradient there, whether all updates were finite and its measures).
    """
    dynamic, static = eqx.partition(state, eqx.is_array)

    def going(carry: tuple[Any, LossGradient, Array, Array]) -> Array:
        arrays, _, known, finite = carry
        return finite & (~known | (arrays.step < stop))

    def body(carry: tuple[Any, LossGradient, Array, Array]) -> tuple[Any, LossGradient, Array, Array]:
        old, here, known, _ = carry
        state, finite = learner.update(eqx.combine(old, static), here)
        arrays = _chosen(known & finite, eqx.filter(state, eqx.is_array), old)
        loss, gradient = learner.loss_gradient(eqx.combine(arrays, static), problem)
        here = LossGradient(loss.astype(here.loss.dtype), gradient)
        return arrays, here, jnp.array(True), finite | ~known

    arrays, here, _, finite = jax.lax.while_loop(going, body, (dynamic, here, known, jnp.array(True)))
    state = eqx.combine(arrays, static)
    measured = measured_state(learner, problem, frames, request, state, here.gradient)
    return state, here, pack_arrays((finite, measured))


SEGMENT = Program(_segment)
"""The compiled steps of runs whose observations measure the gradient that the next step takes."""


def _chosen(condition: Array, one: Any, other: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)


class Descent:
    """Segments of a run whose observations measure the gradient that the next step takes.

    Arguments:
        prepared: the run.
        state: where it stands.
    """

    def __init__(self, prepared: PreparedRun, state: Any) -> None:
        assert isinstance(prepared.observer, MeasureObserver)
        self._observer = prepared.observer
        self._program = SEGMENT.bind(*self._observer.traced)  # learner and problem are the run's own
        gradient = jax.tree.map(jnp.zeros_like, eqx.filter(state.trained, eqx.is_array))
        self._here = LossGradient(jnp.zeros(()), gradient)
        self._known: np.bool_ = np.bool_(False)

    def advance(self, state: Any, stop: np.int32) -> tuple[Any, bool, Observed]:
        """Step until `stop`; return the state there, whether all updates were finite, and its measures."""
        state, self._here, packed = self._program(state, self._here, self._known, stop)
        self._known = np.bool_(True)
        finite, measured = unpack_arrays(packed)
        return state, bool(finite), self._observer.read(measured)


def shares_gradient(prepared: PreparedRun) -> bool:
    """Say whether observations can measure the very gradient that the next step takes.

    Not where a subclass has a step, or a way to observe, of its own, which would be passed over.
    """
    learner, observer = prepared.learner, prepared.observer
    if not (isinstance(learner, DescentLearner) and learner.takes_full_gradient):
        return False
    if not (isinstance(observer, MeasureObserver) and observer.reads_gradient):
        return False
    return (
        issubclass(_definer(learner, "takes_full_gradient"), _definer(learner, "step"))
        and _definer(observer, "__call__") is MeasureObserver
        and observer.learner is learner
        and observer.problem is prepared.problem
    )


def _definer(instance: object, name: str) -> type:
    """Return the class by which an attribute of an object is defined."""
    return next(each for each in type(instance).__mro__ if name in vars(each))
