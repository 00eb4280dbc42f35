"""What a sweep will cost, measured on a few steps of it.

Owns: the prediction of time and memory. Nothing is stored.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp

from ..runs import Experiment, precision_of, prepare
from ..runs.loop import advance
from ..runs.preparation import initial_state
from ..tasks import InputError
from .execution.ensemble import Ensemble

MOST_SHAPES = 8
"""Ensembles that are measured; the others are taken to cost as the measured one before them."""
MEASURED_SECONDS = 0.2
"""Seconds of steps after which a measurement ends."""


@dataclass(frozen=True)
class Cost:
    """What a run costs.

    Arguments:
        seconds_per_step: of one process with all threads, observation excluded.
        bytes: arrays of one process while it steps: state, problem and the compiled step's own.
    """

    seconds_per_step: float
    bytes: int


@dataclass(frozen=True)
class Forecast:
    """What a sweep costs at most: as if no run stopped early.

    Arguments:
        seconds: of all steps, in one process.
        bytes: of the largest run.
        measured: ensembles that were measured.
    """

    seconds: float
    bytes: int
    measured: int


def forecast(ensembles: Sequence[Ensemble]) -> Forecast:
    """Predict time and memory from a few steps of up to `MOST_SHAPES` ensembles.

    Ensembles that cannot be prepared cost nothing: they will fail.
    """
    stride = max(1, -(-len(ensembles) // MOST_SHAPES))
    seconds, most, measured = 0.0, 0, 0
    cost = Cost(0.0, 0)
    for place, ensemble in enumerate(ensembles):
        if place % stride == 0:
            try:
                cost = measure_cost(ensemble.members[0].experiment, ensemble.members[0].pad_to_fraction)
                measured += 1
            except InputError:
                cost = Cost(0.0, 0)
        seconds += cost.seconds_per_step * sum(member.steps for member in ensemble.members)
        most = max(most, cost.bytes)
    return Forecast(seconds, most, measured)


def measure_cost(experiment: Experiment, pad_to_fraction: float | None = None) -> Cost:
    """Compile the step of an experiment and make a few.

    Raises:
        InputError: the experiment cannot be prepared.
    """
    with precision_of(experiment.learner):
        prepared = prepare(experiment, pad_to_fraction)
        state = initial_state(prepared)
        held = (prepared.learner, prepared.problem, state)
        size = sum(leaf.nbytes for leaf in jax.tree.leaves(held) if eqx.is_array(leaf))
        state, _ = advance(prepared.learner, state, prepared.problem, jnp.asarray(0))
        jax.block_until_ready(eqx.filter(state, eqx.is_array))
        began = time.perf_counter()
        steps_done = 0
        while steps_done == 0 or (time.perf_counter() - began < MEASURED_SECONDS and steps_done < 10_000):
            target = max(2 * steps_done, 1)
            state, finite = advance(prepared.learner, state, prepared.problem, jnp.asarray(target))
            steps_done = int(state.step)
            if not bool(finite):
                break
        return Cost((time.perf_counter() - began) / max(steps_done, 1), 2 * size)
