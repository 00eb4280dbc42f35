"""Draw the pictures of docs/atlas.md from the tables in `atlas/tables`, without training anything.

    uv run --with pillow python tools/make_atlas_pictures.py

A picture has those panels of `modgrok report SWEEP` that its table is enough for: maps, critical fractions
and times to grok. Curves over training need the store of the sweep.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from make_report_picture import small_png

from modgrok.reports.charts.chart import single
from modgrok.reports.formats.svg import figure_svg
from modgrok.reports.panels.critical import CRITICAL_CAPTION, critical_cell, critical_panels
from modgrok.reports.report import Report
from modgrok.reports.sweep_report import View, map_panel, milestone_panels
from modgrok.sweeps import Sweep, read_sweep
from modgrok.sweeps.critical.statistics import milestone_statistics
from modgrok.sweeps.tables.table import SweepTable

ROOT = Path(__file__).parents[1]
PICTURES = {
    "atlas_gd.png": ("gd_p31", View("fraction", "lr", None, ("grokked_at", "test_accuracy"))),
    "atlas_critical_adamw.png": ("critical_adamw", None),
    "atlas_critical_rfm.png": ("critical_rfm", None),
    "atlas_corruption.png": (
        "corruption",
        View("fraction", "corruption", "weight_decay", ("phase", "train_accuracy")),
    ),
}
"""File -> sweep, and what of it is shown; None for the critical fractions of a search."""


def number_or_word(text: str) -> int | float | str | None:
    """Read a field of a table; an empty one is None."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text or None


def read_table(name: str) -> list[dict[str, Any]]:
    """Read `atlas/tables/<name>.csv`."""
    with (ROOT / "atlas" / "tables" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return [{key: number_or_word(text) for key, text in row.items()} for row in csv.DictReader(file)]


def runs_of_point(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List runs with the counts, quartiles and medians of a row, of at most three seeds.

    Raises:
        ValueError: no runs have these quartiles.
    """
    quartiles = [row[f"grokked_{name}"] for name in ("first_quartile", "median", "third_quartile")]
    steps = {1: quartiles[1:2], 2: quartiles[1:], 3: quartiles}[row["runs"]]
    statistics = milestone_statistics(steps)
    if (statistics.count, list(statistics.quartiles)) != (row["grokked"], quartiles):
        raise ValueError(f"quartiles: must be those of {row['runs']} runs, got {quartiles}")
    return [
        {
            **row,
            "grokked_at": step,
            "memorised_at": row["memorised_median"],
            "seed": seed,
            "status": "finished",
        }
        for seed, step in enumerate(steps)
    ]


def grid_report(sweep: Sweep, rows: list[dict[str, Any]], view: View, facts: Mapping[str, str]) -> Report:
    """Gather maps, critical fractions and times to grok of a grid."""
    runs = tuple(run for row in rows for run in runs_of_point(row))
    panels = [map_panel(runs, view, value) for value in view.values]
    table = SweepTable(sweep.name, sweep.axis_names, (), runs, (), None)  # type: ignore[arg-type]
    panels += [*critical_panels(table), *milestone_panels(runs, view)]
    counts = {
        word: sum(row[name] for row in rows)
        for word, name in (("memorise", "memorised"), ("grok", "grokked"))
    }
    summary = "; ".join(f"{count} of {len(runs)} runs {word}" for word, count in counts.items()) + "."
    return Report(f"Sweep {sweep.name}: {facts['Task']}", summary, tuple(facts.items()), tuple(panels))


def search_report(sweep: Sweep, rows: list[dict[str, Any]], facts: Mapping[str, str]) -> Report:
    """Gather the critical fractions of a search against p."""
    assert sweep.search is not None
    ends = {"below": sweep.search.within.low, "above": sweep.search.within.high}
    points = []
    for row in rows:
        middle = row["critical_fraction"] or ends[row["place"]]
        low, high = (row[end] if row["place"] == "inside" else middle for end in ("low", "high"))
        points.append(
            {
                "x": row["p"],
                "line": "",
                "of": "",
                "place": row["place"],
                "middle": middle,
                "low": low,
                "high": high,
            }
            | {"sure_low": row["sure_low"] or ends["below"], "sure_high": row["sure_high"] or ends["above"]}
        )
    cell = critical_cell(points, ["p"])
    panel = single("critical", "Critical fraction against p", CRITICAL_CAPTION, cell, 12)
    inside = [row for row in rows if row["place"] == "inside"]
    brackets = ", ".join(f"{row['low']:g} to {row['high']:g} at p = {row['p']}" for row in inside)
    summary = f"Half of {rows[0]['seeds']} seeds begin to grok at a training fraction of {brackets}."
    return Report(f"Sweep {sweep.name}: {facts['Task']}", summary, tuple(facts.items()), (panel,))


def atlas_report(name: str, view: View | None) -> Report:
    """Gather the report of one sweep of the atlas from its table."""
    sweep = read_sweep(ROOT / "atlas" / f"{name}.toml")
    rows = read_table(name)
    axes = {axis: [member.point[axis] for member in sweep.members] for axis in sweep.axis_names}
    spans = [
        f"{axis.replace('_', ' ')} {min(values):g} to {max(values):g} ({len(set(values))})"  # type: ignore[type-var, str-format]
        for axis, values in axes.items()
    ]
    moduli = {member.experiment.task.p for member in sweep.members}
    title = f"{sweep.members[0].experiment.name} mod {', '.join(map(str, sorted(moduli)))}"
    facts = {"Task": title, "Axes": ", ".join(spans)}
    return search_report(sweep, rows, facts) if view is None else grid_report(sweep, rows, view, facts)


def main() -> None:
    """Write all pictures, or those that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(PICTURES), help="files to write")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "images")
    arguments = parser.parse_args()
    for name in arguments.names:
        (arguments.output / name).write_bytes(small_png(figure_svg(atlas_report(*PICTURES[name]))))


if __name__ == "__main__":
    main()
