"""What became of a stored run: whether its grokking held, and the phase in which it ended.

Owns: what follows from all records of a run, and is no column of its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..measures.corruption.corruption_phase import HIGH, Phase, corruption_phase
from .schedule import GROKKED, MEMORISED, held_since, stop_of_curve, stop_step
from .store.database import Database, Record, RunRow


def held_at(store: Database, row: RunRow) -> int | None:
    """Return the step since which a run holds a test accuracy of at least 99%; None if it does not."""
    return held_since(_curve(store, row))


def _curve(store: Database, row: RunRow) -> list[tuple[int, float]]:
    series = store.series(row, ["test_accuracy"])
    return list(zip(series.steps.tolist(), series.values["test_accuracy"].tolist(), strict=True))


def has_ended(store: Database, row: RunRow, steps: int, stops_early: bool) -> bool:
    """Say whether a stored run has nothing left to do when it is asked for so many steps.

    Arguments:
        store: where it is.
        row: of the run.
        steps: budget, >= 0.
        stops_early: whether it may end some time after it grokked.
    """
    if row.step > steps:  # others have gone on
        return True
    if row.status != "finished" or row.step == steps:
        return row.status in ("finished", "diverged")
    if row.grokked_at is None or not stops_early:
        return False
    return row.step >= stop_step(held_at(store, row), steps, stops_early)


def lacks_observation(store: Database, row: RunRow, steps: int, stops_early: bool) -> bool:
    """Say whether a stored run went past the end of one of so many steps, and was not observed there.

    Arguments:
        store, row, steps, stops_early: as for `has_ended`.
    """
    if row.step <= steps:
        return False
    curve = _curve(store, row)
    observed = any(step == steps for step, _ in curve)
    return not observed and stop_of_curve(curve, steps, stops_early) == steps


def task_outcomes(records: Sequence[Record], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what became of each task of a mixture: its milestones, and its last accuracies.

    Arguments:
        records: of the run, by step; none give no rows.
        names: of the tasks, in order; empty for a single task.

    Example:
        >>> numbers = {"train_1_accuracy": 1.0, "test_1_accuracy": 0.4}
        >>> task_outcomes([Record(7, 0.0, numbers, {})], ["x + y"])[0]["memorised_at"]
        7
    """
    rows = []
    for order, name in enumerate(names if records else (), start=1):
        train, test = f"train_{order}_accuracy", f"test_{order}_accuracy"
        last = records[-1].scalars
        rows.append(
            {
                "expression": name,
                "memorised_at": _first(records, train, MEMORISED),
                "grokked_at": _first(records, test, GROKKED),
                "train_accuracy": last[train],
                "test_accuracy": last[test],
            }
        )
    return rows


def _first(records: Sequence[Record], name: str, least: float) -> int | None:
    return next((record.step for record in records if record.scalars[name] >= least), None)


def phase_of_records(records: Sequence[Record], corruption: float) -> Phase | None:
    """Name the phase that a run ended in, by its last accuracies; see `corruption_phase`.

    Arguments:
        records: of the run, by step.
        corruption: share of its training labels that were redrawn.

    Returns:
        The phase; None without corrupted labels, or without records.

    Example:
        >>> curve = [{"train_accuracy": a, "test_accuracy": b} for a, b in ((0.2, 0.1), (0.7, 1.0))]
        >>> phase_of_records([Record(t, 0.0, numbers, {}) for t, numbers in enumerate(curve)], 0.3)
        'full inversion'
    """
    if not records or corruption <= 0:
        return None
    train, test = (records[-1].scalars[name] for name in ("train_accuracy", "test_accuracy"))
    generalised = any(record.scalars["test_accuracy"] >= HIGH for record in records)
    return corruption_phase(train, test, corruption, generalised=generalised)


def phase_of(store: Database, row: RunRow, last: Record, corruption: float) -> Phase:
    """Name the phase as `phase_of_records` does, without reading all records.

    Arguments:
        store: where it is.
        row: of the run, as far as it is followed.
        last: its last record.
        corruption: share of its training labels that were redrawn.
    """
    train, test = last.scalars["train_accuracy"], last.scalars["test_accuracy"]
    low = train < HIGH and test < HIGH  # only then does the phase depend on what had been before
    generalised = low and (
        row.grokked_at is not None or store.has_reached(row, "test_accuracy", HIGH, last.step)
    )
    return corruption_phase(train, test, corruption, generalised=generalised)
