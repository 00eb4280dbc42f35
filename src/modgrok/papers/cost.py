"""What claims cost on this machine: seconds measured elsewhere, scaled by a short probe, else a forecast.

Owns: the reference and its scaling. `reference.json` is written by `tools/make_claim_costs.py` from a store
whose runs ended there; what it does not hold is forecast by a few steps of each shape of run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ..runs import Experiment
from ..sweeps.ensemble import ensembles_of
from ..sweeps.forecast import forecast, measure_cost
from ..sweeps.grid import Member
from .claim import Budget, Claim

PROBE = {"expression": "x + y", "p": 31, "fraction": 0.6, "width": 200}
"""The run whose step is timed on both machines."""


@dataclass(frozen=True)
class Reference:
    """Seconds measured on one machine.

    Arguments:
        probe: of a step of the probe there, at the time of the runs.
        runs: run id -> seconds.
        claims: claim id at a budget, as `id@budget` -> seconds of what is not in `runs`: the evaluation, and
            runs whose ids are known only once others have ended.
    """

    probe: float
    runs: Mapping[str, float]
    claims: Mapping[str, float]


@dataclass(frozen=True)
class Costs:
    """Seconds of claims on this machine.

    Arguments:
        claims: claim id -> seconds, as if it were run alone.
        total: of all together, shared runs counted once.
    """

    claims: Mapping[str, float]
    total: float


@cache
def read_reference() -> Reference:
    """Read the seconds that come with the package."""
    text = (resources.files(__package__) / "reference.json").read_text(encoding="utf-8")
    return Reference(**json.loads(text))


def probe_seconds() -> float:
    """Return the time of a step of the probe here, from a fifth of a second of them."""
    return measure_cost(Experiment.of(**PROBE)).seconds_per_step  # type: ignore[arg-type]


def costs_of(
    claims: Sequence[Claim],
    budget: Budget,
    *,
    on_forecast: Callable[[int], None] = lambda runs: None,
) -> Costs:
    """Say what claims cost on this machine if nothing of them is stored.

    Arguments:
        claims: whose runs and evaluation are counted.
        budget: of their runs.
        on_forecast: called with the number of runs that are forecast, before that begins.
    """
    reference = read_reference()
    scale = probe_seconds() / reference.probe
    wanted = {
        claim.id: _members(claim, budget, f"{claim.id}@{budget}" in reference.claims) for claim in claims
    }
    seconds = {run: scale * known for run, known in reference.runs.items()}
    unknown = {
        m.experiment.id: m for members in wanted.values() for m in members if m.experiment.id not in seconds
    }
    if unknown:
        on_forecast(len(unknown))
        for ensemble in ensembles_of(list(unknown.values()), most=len(unknown)):
            whole = forecast([ensemble]).seconds
            steps = sum(member.steps for member in ensemble.members)
            seconds |= {m.experiment.id: whole * m.steps / steps for m in ensemble.members}
    beside = {claim.id: scale * reference.claims.get(f"{claim.id}@{budget}", 0.0) for claim in claims}
    alone = {
        claim: beside[claim] + sum(seconds[run] for run in {m.experiment.id for m in members})
        for claim, members in wanted.items()
    }
    together = {m.experiment.id for members in wanted.values() for m in members}
    return Costs(alone, sum(beside.values()) + sum(seconds[run] for run in together))


def _members(claim: Claim, budget: Budget, timed: bool) -> list[Member]:
    """List members whose runs are counted: of a timed claim those known before anything has run.

    Others stand for themselves without the parts that they would take from other runs.
    """
    groups = claim.plan(budget).values()
    return [member for group in groups if not (timed and group.needs) for member in group.members()]
