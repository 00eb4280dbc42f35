"""The cost of runs: one estimate from counts, which grows with everything that takes time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modgrok.learners.base.rates import NOMINAL
from modgrok.runs import Experiment
from modgrok.sweeps import ensembles_of, make_sweep
from modgrok.sweeps.cost import cost_of_member, cost_of_run
from modgrok.sweeps.execution.driver import plan_sweep
from modgrok.sweeps.execution.executor import Event
from modgrok.sweeps.sweep_cost import cost_of_sweep

BASE = {"expression": "x + y", "p": 5, "steps": 40, "early_stop": False}


def test_parts_of_a_cost_follow_steps_and_observations() -> None:
    experiment = Experiment.of("x + y", p=31, width=64)
    short, long = (cost_of_run(experiment, steps, NOMINAL, observe_every=10) for steps in (1000, 2000))
    assert long.steps == pytest.approx(2 * short.steps)
    assert long.observations == pytest.approx(short.observations * 201 / 101)
    assert long.compilation == short.compilation
    rare = cost_of_run(experiment, 1000, NOMINAL)
    assert rare.observations < 0.4 * rare.steps
    assert rare.observations < cost_of_run(experiment, 1000, NOMINAL, schedule="dense").observations
    twice = replace(NOMINAL, **{name: 2 * rate for name, rate in vars(NOMINAL).items()})
    assert cost_of_run(experiment, 1000, twice).total == pytest.approx(2 * rare.total)


def test_a_sweep_costs_its_runs_with_every_shape_compiled_once() -> None:
    members = make_sweep({"name": "s", "base": BASE, "axes": {"seed": [0, 1, 2], "width": [8, 16]}}).members
    result = cost_of_sweep(ensembles_of(members), NOMINAL)
    costs = [cost_of_member(member, NOMINAL) for member in members]
    assert result.runs == pytest.approx(sum(cost.without_compilation for cost in costs))
    assert result.compilations == pytest.approx(2 * costs[0].compilation)
    assert result.seconds(1) == pytest.approx(result.runs + result.compilations)
    assert result.seconds(2) < result.seconds(1)
    assert result.bytes > 2 * 4 * 16 * 15


def test_a_sweep_weighs_its_members_by_what_they_cost() -> None:
    """Half of the members are done, at p = 5, and nearly all of the work at p = 61 is left."""
    base = {"expression": "x + y", "width": 64, "steps": 1_000}
    sweep = make_sweep({"name": "moduli", "base": base, "axes": {"p": [5, 61], "seed": [0, 1]}})
    tally = plan_sweep(sweep, None).tally
    small, large = sweep.members[:2], sweep.members[2:]
    for member in small:
        tally.latest[member.experiment.id] = Event(member.experiment.id, 1_000, 1_000, "finished")
    assert tally.share < 0.1
    tally.latest[large[0].experiment.id] = Event(large[0].experiment.id, 500, 1_000, "running")
    assert 0.2 < tally.share < 0.35
