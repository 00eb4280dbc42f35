"""What claims cost on this machine: the estimates of their runs, and how far these were off elsewhere.

Owns: the reference: seconds of runs that ended on another machine, from which follows what an estimate cannot
know, the step at which a run stops early. Nothing is compiled here. `reference.json` is written by
`tools/make_claim_costs.py` from a store whose runs ended there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ...learners.base.operations import Operations
from ...learners.base.rates import NOMINAL, MachineRates
from ...sweeps.cost import cost_of_member
from ...sweeps.grid.sweep_file import Member
from .claim import BudgetName, Claim

EVALUATION = Operations(products=1e6, numbers=3e6, dispatches=1.0, calls=100.0)
"""A mixture of operations, by whose time the evaluation of claims is scaled."""
COMPILING = 0.25
"""Share of the runs of claims that compile something: those of one shape do it once."""


@dataclass(frozen=True)
class CostReference:
    """Seconds measured on one machine.

    Arguments:
        pace: seconds there over seconds by `NOMINAL` rates, in sum over the runs of two seconds or more.
        runs: run id -> seconds.
        claims: claim id at a budget, as `id@budget` -> seconds of what is not in `runs`: the evaluation, and
            runs whose ids are known only once others have ended.
    """

    pace: float
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


def costs_of(claims: Sequence[Claim], budget: BudgetName, rates: MachineRates) -> Costs:
    """Say what claims cost on this machine if nothing of them is stored.

    A run that the reference holds costs what it did there, times its estimate by the rates of this machine
    over that by the rates of the other one; any other what is estimated, as if it did not stop early.

    Arguments:
        claims: whose runs and evaluation are counted.
        budget: of their runs.
        rates: of this machine; see `rates_of_machine`.
    """
    reference = read_reference()
    settings = {
        claim.id: _members(claim, budget, f"{claim.id}@{budget}" in reference.claims) for claim in claims
    }
    every = {m.experiment.id: m for members in settings.values() for m in members}
    seconds = {run: _seconds(member, rates, reference) for run, member in every.items()}
    scale = rates.seconds(EVALUATION) / (reference.pace * NOMINAL.seconds(EVALUATION))
    beside = {claim.id: scale * reference.claims.get(f"{claim.id}@{budget}", 0.0) for claim in claims}
    alone = {
        claim: beside[claim] + sum(seconds[run] for run in {m.experiment.id for m in members})
        for claim, members in settings.items()
    }
    unknown = len(every.keys() - reference.runs.keys())
    return Costs(alone, sum(beside.values()) + sum(seconds.values()), unknown)


def estimate(member: Member, rates: MachineRates) -> float:
    """Return the seconds of a run of a claim that goes to its end, observed as claims are."""
    cost = cost_of_member(member, rates, "dense")
    return cost.without_compilation + COMPILING * cost.compilation


def _seconds(member: Member, rates: MachineRates, reference: CostReference) -> float:
    """Return the seconds of a run here: what it took elsewhere where that is known, for it may stop early."""
    here, known = estimate(member, rates), reference.runs.get(member.experiment.id)
    return here if known is None else known * here / (reference.pace * estimate(member, NOMINAL))


def _members(claim: Claim, budget: BudgetName, timed: bool) -> list[Member]:
    """List members whose runs are counted: of a timed claim those known before anything has run.

    Others stand for themselves without the parts that they would take from other runs.
    """
    groups = claim.groups(budget).values()
    return [member for group in groups if not (timed and group.needs) for member in group.members()]
