"""Going on from committed numbers: which seeds of a claim need no runs, and the result over all its seeds.

Owns: when the numbers of a seed hold, and how they join those of new runs. A clone without a store has none
of the runs behind committed numbers, so that these hold as long as the runs asked for stay the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .claim import BudgetName, Claim, Number
from .result import Result
from .seeds import medians_of_seeds

SeedNumbers = Mapping[int, Mapping[str, Number]]
"""Seed -> number by name."""


@dataclass(frozen=True, eq=False)
class KnownSeeds:
    """What the committed book has of a claim at a budget.

    Arguments:
        numbers: of each seed whose runs are still those asked for.
        runs: ids of all runs behind them.
        seconds: of those runs and their evaluation.
    """

    numbers: SeedNumbers
    runs: tuple[str, ...] = ()
    seconds: float = 0.0


def seed_plan(claim: Claim, budget: BudgetName, seed: int) -> str:
    """Return the digest of the runs of one seed: their ids, their steps, and whose parts they take."""
    plan = {
        name: [
            [
                [m.experiment.id, m.steps, m.observe_every, m.early_stop]
                for m in group.members()
                if m.experiment.seed == seed
            ],
            group.embedding_from,
            group.body_from,
        ]
        for name, group in claim.groups(budget).items()
    }
    return hashlib.sha256(json.dumps(plan).encode()).hexdigest()[:16]


def known_seeds(claim: Claim, budget: BudgetName, entry: Mapping[str, Any] | None) -> KnownSeeds:
    """Find the seeds of a claim whose committed numbers hold.

    Arguments:
        claim: measured seed by seed, as it is at the budget `desktop` alone.
        budget: of the runs.
        entry: of the committed book, with `budget`, `seeds`, `seed_values`, `seed_plans`, `runs` and `hours`;
            None if it has none of the claim.

    Returns:
        none of a seed whose runs are others today or not recorded, or that lacks a number that is expected.
    """
    if entry is None or budget != "desktop" or entry["budget"] != budget:
        return KnownSeeds({})
    values: Mapping[str, Sequence[Number]] = entry["seed_values"]
    if any(expected.name not in values for expected in claim.judged(budget)):
        return KnownSeeds({})
    numbers = {
        seed: {name: each[place] for name, each in values.items()}
        for place, (seed, plan) in enumerate(zip(entry["seeds"], entry["seed_plans"], strict=False))
        if seed in claim.desktop.seeds and plan == seed_plan(claim, budget, seed)
    }
    return KnownSeeds(numbers, tuple(entry["runs"]), 3600 * entry["hours"]) if numbers else KnownSeeds({})


def without_seeds(claim: Claim, seeds: Sequence[int]) -> Claim:
    """Return a claim that asks for the runs of its other seeds at the budget `desktop`."""
    left = tuple(seed for seed in claim.desktop.seeds if seed not in seeds)
    return replace(claim, desktop=replace(claim.desktop, seeds=left))


def joined(claim: Claim, base: Result, known: KnownSeeds) -> Result:
    """Join committed numbers with a result on the other seeds, and judge the medians over all.

    Arguments:
        claim: with all its seeds.
        base: of `without_seeds`; one without seeds if none is left.
        known: the committed numbers.

    Returns:
        the base without a verdict if it could not be tested.
    """
    if base.error is not None:
        return base
    new = {
        seed: {name: each[place] for name, each in base.seed_values.items()}
        for place, seed in enumerate(base.seeds)
    }
    numbers = dict(sorted({**known.numbers, **new}.items()))
    names = [name for name in next(iter(numbers.values())) if all(name in each for each in numbers.values())]
    seed_values = {name: tuple(each[name] for each in numbers.values()) for name in names}
    values = medians_of_seeds(claim, base.budget, seed_values)
    return replace(
        base,
        values=values,
        seed_values=seed_values,
        seeds=tuple(numbers),
        seed_plans=tuple(seed_plan(claim, base.budget, seed) for seed in numbers),
        runs=tuple(dict.fromkeys((*known.runs, *base.runs))),
        seconds=known.seconds + base.seconds,
        shortfalls=claim.shortfalls(base.budget),
        certain=claim.certain,
        deviations=claim.deviations_at(base.budget),
        verdict=claim.verdict(values, base.budget),
    )
