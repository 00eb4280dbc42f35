"""Draw the pictures of the survey: `uv run --with pillow python tools/make_survey_pictures.py`.

    survey_critical.png    critical fractions against p, a line for each learner and task
    survey_times.png       median step of grokking against f/f_c, a panel for each of them, a line for
                           each modulus
    survey_corruption.png  phases with corrupted labels
    survey_forecast.png    forecast and true step of grokking of runs whose modulus was left out

A picture for which there are no runs yet is left out. Nothing is trained.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from make_forecast import families, runs_of, suffices
from make_survey_statistics import estimates, groups, outcome
from make_survey_tables import FOLDER, read_table

from modgrok.reports.charts import vega_lite as vl
from modgrok.reports.charts.chart import Cell, Legend, Margins, Panel, single
from modgrok.reports.charts.line_colours import line_colours
from modgrok.reports.formats.svg import figure_svg
from modgrok.reports.report import Report
from modgrok.reports.sweep_report import View, map_panel
from modgrok.sweeps.forecasting.validation import held_out

ROOT = Path(__file__).parents[1]
TITLE = "Survey"
MOST_LINES = 8
CORRUPTION = ("fraction", "corruption", "weight_decay", "train_accuracy", "test_accuracy")
"""Numbers of the pictures with corrupted labels, the three axes first."""


def log_axis(name: str, title: str) -> vl.Channel:
    """Return a logarithmic axis."""
    return vl.field(f"{name}:Q", title=title, scale=vl.ScaleOptions(type="log", nice=False, zero=False))


def modulus(line: str) -> int | str:
    """Return p of the line `p = 11`, so that lines of moduli have ordered colours; others as they are."""
    return int(line.removeprefix("p = ")) if line.startswith("p = ") else line


def lines_cell(
    rows: list[dict[str, Any]], x: vl.Channel, y: vl.Channel, text: str, *, joined: bool = True
) -> Cell:
    """Draw points by their `line`, joined or not."""
    names = list(dict.fromkeys(row["line"] for row in rows))
    colours = line_colours([modulus(name) for name in names])
    shade = vl.field("line:N", scale=vl.ScaleOptions(domain=names, range=colours), legend=None)
    chart = vl.marks(rows)
    layers = [chart.mark("circle", size=30, opacity=0.7).encode(x=x, y=y, color=shade)]
    if joined:
        layers.append(chart.mark("line", strokeWidth=1.4).encode(x=x, y=y, color=shade))
    if "low" in rows[0]:
        layers.append(chart.mark("rule", strokeWidth=2).encode(x=x, y="low:Q", y2="high:Q", color=shade))
    legend = Legend(tuple(zip(names, colours, strict=True)))
    return Cell(vl.layer(*layers), text, 260, Margins(56, 16, 10, 38), legend=legend)


def critical_picture() -> Iterator[Panel]:
    """Critical fractions against p."""
    rows = []
    for (task, learner), moduli in estimates(groups()).items():
        for p, known in moduli.items():
            if known.fraction is not None:
                low, high = known.low or known.fraction, known.high or known.fraction
                rows.append(
                    {"line": f"{task}, {learner}", "x": p, "step": known.fraction, "low": low, "high": high}
                )
    if rows:
        caption = "Fraction at which half of the seeds grok within the budget; bars: 95% intervals."
        axes = log_axis("x", "p"), log_axis("step", "critical fraction")
        cell = lines_cell(rows, *axes, f"Critical fractions of {len(rows)} moduli against p")
        yield single("critical", "Critical fraction against p", caption, cell, 12)


def times_picture() -> Iterator[Panel]:
    """Times to grok against the distance from the critical fraction, one panel for each learner and task."""
    runs = groups()
    for (task, learner), moduli in estimates(runs).items():
        rows = []
        for p, known in moduli.items():
            if known.fraction is None:
                continue
            steps: dict[float, list[int]] = {}
            for run in map(outcome, runs[task, learner][p]):
                if run.grokked_at:
                    steps.setdefault(run.fraction, []).append(run.grokked_at)
            rows += [
                {"line": f"p = {p}", "x": fraction / known.fraction, "step": median(values)}
                for fraction, values in sorted(steps.items())
            ]
        names = list(dict.fromkeys(row["line"] for row in rows))
        if len(names) < 2:
            continue
        chosen = set(names[:: math.ceil(len(names) / MOST_LINES)]) if names else set()
        rows = [row for row in rows if row["line"] in chosen]
        if rows:
            axes = log_axis("x", "f / critical fraction"), log_axis("step", "step of grokking")
            text = (
                f"Median step of grokking against f over the critical fraction: {', '.join(sorted(chosen))}"
            )
            title, caption = f"{task}, {learner}", "Median step of grokking of the seeds that grok."
            yield single("times", title, caption, lines_cell(rows, *axes, text), 6)


def corruption_picture() -> Iterator[Panel]:
    """Phases with corrupted labels."""
    rows: list[dict[str, Any]] = [
        {**row, **{name: float(row[name]) for name in CORRUPTION}}
        for piece in ("corruption", "corruption_seeds")
        for row in read_table(FOLDER / "tables" / f"{piece}.csv")
    ]
    view = View(*CORRUPTION[:3], ("phase", "train_accuracy"))
    runs = tuple({**row, "status": "finished"} for row in rows)
    if runs:
        yield from (map_panel(runs, view, value) for value in view.values)


def forecast_picture() -> Iterator[Panel]:
    """Forecast and true steps of grokking, one panel for each kind of run."""
    for family in families():
        names, runs = runs_of(family, "later")
        if suffices(runs):
            medians = held_out(names, runs).medians
            rows = [
                {"line": f"p = {p}", "x": int(step), "step": float(forecast)}
                for p, step, forecast in sorted(
                    zip(runs.moduli, runs.steps, medians, strict=True), key=lambda point: point[0]
                )
                if step
            ]
            axes = log_axis("x", "step of grokking"), log_axis("step", "forecast")
            text = f"Forecast against true step of grokking of {len(rows)} runs"
            caption = "Each modulus is forecast by a model that was fitted without it."
            cell = lines_cell(rows, *axes, text, joined=False)
            yield single("forecast", family.name, caption, cell, 6)


PICTURES = {
    "survey_critical.png": critical_picture,
    "survey_times.png": times_picture,
    "survey_corruption.png": corruption_picture,
    "survey_forecast.png": forecast_picture,
}


def report_of(panels: list[Panel]) -> Report:
    """Return a report of these panels alone."""
    return Report(TITLE, "", (), tuple(panels))


def main() -> None:
    """Write all pictures for which there are runs, or those that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(PICTURES), help="files to write")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "images")
    arguments = parser.parse_args()
    from make_report_picture import small_png  # needs Pillow, which the tests do not have

    for name in arguments.names:
        panels = list(PICTURES[name]())
        if panels:
            (arguments.output / name).write_bytes(small_png(figure_svg(report_of(panels))))


if __name__ == "__main__":
    main()
