"""How an ensemble of seeds went, in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...display import percent
from ...io.whole_numbers import MOST_SEED
from ...runs import Experiment, Run
from ...sweeps.critical.statistics import MilestoneStatistics, milestone_statistics
from ...tasks import InputError
from ..shared.output import say
from .advice import advice
from .outcome import summary

MOST_SEEDS = 10_000


def seeded(experiment: Experiment, seeds: int) -> list[Experiment]:
    """Return an experiment with `seeds` consecutive seeds, its own first.

    Raises:
        InputError: no seed, or too many.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError(f"seeds: must be at least 1 and at most {MOST_SEEDS:,}, got {seeds}")
    last = experiment.seed + seeds - 1
    if last > MOST_SEED:
        raise InputError(f"seeds: must end below 2^63, got a last seed of {last}")
    return [experiment.model_copy(update={"seed": experiment.seed + i}) for i in range(seeds)]


def print_seeds(results: Sequence[Run], count: int, runs: Path) -> None:
    """Say how many seeds memorised and grokked, and when."""
    first = results[0]
    task = f"{first.row.expression} mod {first.row.p}"
    seeds = f"seeds {first.experiment.seed} to {first.experiment.seed + count - 1}"
    say(f"{task}  ·  {first.row.learner}  ·  {len(results)} of {count} runs, {seeds}")
    for word, statistics in milestones(results).items():
        say(f"  {word:<10} {_words(statistics)}")
    for result in results:
        row, last = result.row, result.records[-1].scalars
        grokked = "never" if row.grokked_at is None else f"at {row.grokked_at:,}"
        say(
            f"  seed {result.experiment.seed:<6} run {row.id}  {row.status:<11}  grokked {grokked:<10}"
            f"  train {percent(last['train_accuracy']):>7}  test {percent(last['test_accuracy']):>7}"
        )
    slowest = next((result for result in results if result.row.memorised_at is None), first)
    none_grokked = all(result.row.grokked_at is None for result in results)
    hint = advice(slowest.experiment, slowest.row) if none_grokked else None
    if hint is not None:
        say(f"  advice: {hint}")
    if results[-1].row.status == "interrupted":
        say("  interrupted: repeating the command goes on from there")
    say(f"  stored in {Path(runs).absolute()}")


def milestones(results: Sequence[Run]) -> dict[str, MilestoneStatistics]:
    """Summarise when the runs memorised and grokked."""
    return {
        "memorised": milestone_statistics([result.row.memorised_at for result in results]),
        "grokked": milestone_statistics([result.row.grokked_at for result in results]),
    }


def seeds_summary(results: Sequence[Run], runs: Path) -> dict[str, Any]:
    """The JSON object of an ensemble: each run as `train` tells of it, and the summary of all."""
    first = results[0].row
    return {
        "expression": first.expression,
        "p": first.p,
        "learner": first.learner,
        "seeds": [summary(result, runs) for result in results],
        "summary": {
            "runs": len(results),
            **{n: asdict(statistics) for n, statistics in milestones(results).items()},
        },
        "seconds": sum(result.row.seconds for result in results),
    }


def _words(statistics: MilestoneStatistics) -> str:
    low, high = (f"{100 * end:.0f}%" for end in statistics.interval)
    count = f"{statistics.count} of {statistics.of} (95% interval of the share {low} to {high})"
    if not statistics.count:
        return count
    lower, median, upper = ("never" if step is None else f"{step:,}" for step in statistics.quartiles)
    return f"{count}, median step {median}, quartiles {lower} and {upper}"
