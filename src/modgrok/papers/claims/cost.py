"""What claims cost on this machine: seconds measured elsewhere, scaled by a short probe, else an estimate.

Owns: the reference, its scaling, and the count of multiplications that the estimate rests on. Nothing is
compiled here. `reference.json` is written by `tools/make_claim_costs.py` from a store whose runs ended there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from ...learners.catalogue import definition_of
from ...runs import Experiment
from ...sweeps.grid.sweep_file import Member
from ...tasks import Task
from ...tasks.source import TaskSource
from .claim import BudgetName, Claim

PROBE = {"expression": "x + y", "p": 31, "fraction": 0.6, "width": 200}
"""The run whose step was timed where the reference was measured."""
STARTING = 2.0
"""Seconds of the reference machine in which a run that was never timed compiles."""


@dataclass(frozen=True)
class CostReference:
    """Seconds measured on one machine.

    Arguments:
        probe: of `probe_seconds` there, at the time of the runs.
        rates: learner -> seconds a multiplication of `step_products`, over all runs together.
        runs: run id -> seconds.
        claims: claim id at a budget, as `id@budget` -> seconds of what is not in `runs`: the evaluation, and
            runs whose ids are known only once others have ended.
    """

    probe: float
    rates: Mapping[str, float]
    runs: Mapping[str, float]
    claims: Mapping[str, float]


@dataclass(frozen=True)
class Costs:
    """Seconds of claims on this machine.

    Arguments:
        claims: claim id -> seconds, as if it were run alone.
        total: of all together, shared runs counted once.
        estimated: number of runs never timed, among those of `total`.
    """

    claims: Mapping[str, float]
    total: float
    estimated: int


@cache
def read_reference() -> CostReference:
    """Read the seconds that come with the package."""
    text = (resources.files(__package__) / "reference.json").read_text(encoding="utf-8")
    return CostReference(**json.loads(text))


def probe_seconds(repeats: int = 50) -> float:
    """Time the work of the probe's step in NumPy here: its products of matrices, once each way, and a square.

    The least of several: what else the machine does only adds to a time, often a hundredfold, so that of a
    busy machine even the median swings.
    """
    rows, p, width = 577, PROBE["p"], PROBE["width"]
    assert isinstance(p, int)
    assert isinstance(width, int)
    hidden = np.full((rows, width), 0.5, np.float32)
    readout = np.full((width, p), 0.5, np.float32)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        logits = (hidden * hidden) @ readout
        (hidden.T @ logits, logits @ readout.T)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def step_products(experiment: Experiment) -> float:
    """Count the multiplications of a step, to leading order; see each learner's `products_per_step`.

    Arguments:
        experiment: of a task that its expression tabulates.

    Example:
        >>> step_products(Experiment.of("x + y", p=5, width=8, fraction=0.6))
        2520.0
    """
    task = _task(experiment.task)
    n = float(round(experiment.fraction * task.size))
    return definition_of(experiment.learner).products_per_step(experiment.learner, n, task)


@cache
def _task(source: TaskSource) -> Task:
    return source.build(None)


def costs_of(claims: Sequence[Claim], budget: BudgetName) -> Costs:
    """Say what claims cost on this machine if nothing of them is stored.

    A run that the reference holds costs what it did there, times the probe here over the probe there; any
    other `STARTING` seconds and its steps' multiplications at the learner's rate, likewise scaled, as if it
    did not stop early.

    Arguments:
        claims: whose runs and evaluation are counted.
        budget: of their runs.
    """
    reference = read_reference()
    scale = probe_seconds() / reference.probe
    settings = {
        claim.id: _members(claim, budget, f"{claim.id}@{budget}" in reference.claims) for claim in claims
    }
    every = {m.experiment.id: m for members in settings.values() for m in members}
    seconds = {
        run: scale * reference.runs[run] if run in reference.runs else scale * estimate(member, reference)
        for run, member in every.items()
    }
    beside = {claim.id: scale * reference.claims.get(f"{claim.id}@{budget}", 0.0) for claim in claims}
    alone = {
        claim: beside[claim] + sum(seconds[run] for run in {m.experiment.id for m in members})
        for claim, members in settings.items()
    }
    unknown = len(every.keys() - reference.runs.keys())
    return Costs(alone, sum(beside.values()) + sum(seconds.values()), unknown)


def estimate(member: Member, reference: CostReference) -> float:
    """Return seconds of a run on the reference machine, from the count of its multiplications."""
    rate = reference.rates[member.experiment.learner.kind]
    return STARTING + member.steps * step_products(member.experiment) * rate


def _members(claim: Claim, budget: BudgetName, timed: bool) -> list[Member]:
    """List members whose runs are counted: of a timed claim those known before anything has run.

    Others stand for themselves without the parts that they would take from other runs.
    """
    groups = claim.groups(budget).values()
    return [member for group in groups if not (timed and group.needs) for member in group.members()]
