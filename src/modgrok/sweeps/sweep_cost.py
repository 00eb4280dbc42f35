"""What a sweep will cost, from counts: nothing is run.

Owns: the sum over its ensembles, and the size of the largest run's arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import equinox as eqx
import jax

from ..learners.base.rates import MachineRates
from ..runs import Experiment, precision_of, prepare
from ..runs.preparation import initial_state
from ..tasks import InputError
from .cost import cost_of_member
from .execution.ensemble import Ensemble


@dataclass(frozen=True)
class SweepCost:
    """What a sweep costs at most: as if no run stopped early.

    Arguments:
        runs: seconds of all runs, one after another in one process, without compilations.
        compilations: seconds in which every shape is compiled once.
        longest: seconds in which one shape is compiled, at most.
        bytes: arrays of the largest run while it steps: state, problem and the compiled step's own.
    """

    runs: float
    compilations: float
    longest: float
    bytes: int

    def seconds(self, workers: int) -> float:
        """Return the seconds that so many processes take, each with a core of its own or more.

        Processes compile at the same time, each what it runs.
        """
        return self.runs / workers + max(self.compilations / workers, self.longest)


def cost_of_sweep(ensembles: Sequence[Ensemble], rates: MachineRates) -> SweepCost:
    """Estimate time and memory of a sweep.

    Ensembles that cannot be prepared cost nothing: they will fail.

    Arguments:
        ensembles: one for each shape.
        rates: of a process that runs them.
    """
    runs, compilations, longest, most = 0.0, 0.0, 0.0, 0
    for ensemble in ensembles:
        first = ensemble.members[0]
        try:
            most = max(most, bytes_of_arrays(first.experiment, first.pad_to_fraction))
        except InputError:
            continue
        costs = [cost_of_member(member, rates) for member in ensemble.members]
        runs += sum(cost.without_compilation for cost in costs)
        compilations += costs[0].compilation
        longest = max(longest, costs[0].compilation)
    return SweepCost(runs, compilations, longest, most)


def bytes_of_arrays(experiment: Experiment, pad_to_fraction: float | None = None) -> int:
    """Return the size of a run's arrays while it steps: twice those of its state, learner and problem.

    Raises:
        InputError: the experiment cannot be prepared.
    """
    with precision_of(experiment.learner):
        prepared = prepare(experiment, pad_to_fraction)
        held = eqx.filter((prepared.learner, prepared.problem), eqx.is_array)
        state = eqx.filter_eval_shape(initial_state, prepared)
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(held))
    arrays = [leaf for leaf in jax.tree.leaves(state) if isinstance(leaf, jax.ShapeDtypeStruct)]
    return 2 * (size + sum(leaf.size * leaf.dtype.itemsize for leaf in arrays))
