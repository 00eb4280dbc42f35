"""A sweep in two small tables: what the seeds did at each point, and critical fractions.

Owns: their columns. Both are read from the table of runs, and written beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from ..critical.probes import ENDED, count_probes, outcomes_of
from ..critical.statistics import milestone_statistics
from .table import Column, Kind, Row, SweepTable

POINT: tuple[tuple[str, Kind, str], ...] = (
    ("runs", "integer", "Runs that have ended: one per seed."),
    ("memorised", "integer", "Number of them that memorised."),
    ("memorised_median", "integer", "Median step of memorising; missing where fewer than half do."),
    ("grokked", "integer", "Number of them that grokked."),
    ("grokked_low", "number", "Lower end of Wilson's 95% interval of the share that groks."),
    ("grokked_high", "number", "Upper end of that interval."),
    ("grokked_first_quartile", "integer", "Step by which a quarter of the runs had grokked."),
    ("grokked_median", "integer", "Step by which half of the runs had grokked."),
    ("grokked_third_quartile", "integer", "Step by which three quarters of the runs had grokked."),
    ("train_accuracy", "number", "Median of the last training accuracies."),
    ("test_accuracy", "number", "Median of the last test accuracies."),
    ("phase", "text", "Most frequent phase at the end."),
)
CRITICAL: tuple[tuple[str, Kind, str], ...] = (
    ("place", "text", "Where the critical fraction is: inside, below or above the fractions tried."),
    ("critical_fraction", "number", "Middle of the bracket."),
    ("low", "number", "Last fraction at which fewer than half of the seeds grok."),
    ("low_grokked", "integer", "Number of seeds that grok there."),
    ("high", "number", "Next fraction tried, from which on at least half do."),
    ("high_grokked", "integer", "Number of seeds that grok there."),
    ("sure_low", "number", "Last fraction at which Wilson's interval of the share lies below a half."),
    ("sure_high", "number", "First fraction from which on Wilson's intervals lie above a half."),
    ("fractions", "integer", "Fractions tried."),
    ("seeds", "integer", "Smallest number of seeds at any of them."),
)


def summary_columns(table: SweepTable) -> list[Column]:
    """List the columns of `summary_rows`: the axes but the seed, then `POINT`."""
    return [*_axes(table, ("seed",)), *(Column(*entry) for entry in POINT)]


def summary_rows(table: SweepTable) -> list[Row]:
    """Summarise the runs at each point, in the order of the grid; a point where none has ended counts 0."""
    axes = [axis for axis in table.axes if axis != "seed"]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in table.runs:
        groups.setdefault(tuple(row[axis] for axis in axes), []).append(row)
    return [
        {**dict(zip(axes, key, strict=True)), **_point([row for row in rows if row["status"] in ENDED])}
        for key, rows in groups.items()
    ]


def _point(rows: Sequence[Row]) -> Row:
    memorised, grokked = (
        milestone_statistics([row[name] for row in rows]) for name in ("memorised_at", "grokked_at")
    )
    first, middle, third = grokked.quartiles
    phases = Counter(row["phase"] for row in rows).most_common(1)
    return {
        "runs": len(rows),
        "memorised": memorised.count,
        "memorised_median": memorised.quartiles[1],
        "grokked": grokked.count,
        "grokked_low": round(grokked.interval[0], 4),
        "grokked_high": round(grokked.interval[1], 4),
        "grokked_first_quartile": first,
        "grokked_median": middle,
        "grokked_third_quartile": third,
        "train_accuracy": _median(rows, "train_accuracy"),
        "test_accuracy": _median(rows, "test_accuracy"),
        "phase": phases[0][0] if phases else None,
    }


def _median(rows: Sequence[Row], name: str) -> float | None:
    values = [row[name] for row in rows if row.get(name) is not None]
    return round(median(values), 6) if values else None


def critical_columns(table: SweepTable) -> list[Column]:
    """List the columns of `critical_rows`: the axes but fraction and seed, then `CRITICAL`."""
    return [*_axes(table, ("fraction", "seed")), *(Column(*entry) for entry in CRITICAL)]


def critical_rows(table: SweepTable) -> list[Row]:
    """Estimate the critical fraction at each point; empty where fractions do not vary."""
    if "fraction" not in table.axes:
        return []
    summaries = []
    for at in count_probes(outcomes_of(table.runs, table.axes)):
        known = at.critical
        if known is not None:
            low, high = known.bracket
            summaries.append(
                {
                    **at.point,
                    "place": known.place,
                    "critical_fraction": known.estimate,
                    "low": low,
                    "low_grokked": None if low is None else at.probes[low].grokked,
                    "high": high,
                    "high_grokked": None if high is None else at.probes[high].grokked,
                    "sure_low": known.sure[0],
                    "sure_high": known.sure[1],
                    "fractions": len(known.probes),
                    "seeds": min(probe.of for probe in known.probes),
                }
            )
    return summaries


def _axes(table: SweepTable, left_out: Sequence[str]) -> list[Column]:
    return [column for column in table.columns if column.axis and column.name not in left_out]
