"""What a sweep says, before it has a format: maps over its axes, times to grok, curves over seeds.

Owns: which axes are shown when none are named, and which panels make up the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..runs import Store
from ..runs.store.database import Series
from ..runs.store.sweep_index import read_listing
from ..sweeps.critical.statistics import milestone_statistics
from ..sweeps.tables.grid_cells import MILESTONES, Coordinate, Row, coordinates, grid_cells, short
from ..sweeps.tables.table import SweepTable, scalar_column, sweep_table
from ..tasks import InputError
from ..tasks.errors import shorten
from .charts.bands import LINES, Band, milestone_bands, milestone_cell, training_bands, training_cell
from .charts.chart import Group, Legend, Panel, single
from .charts.heat_map import heat_map, map_legend, shades_of
from .charts.palette import TEST, TRAIN
from .commands import runs_option
from .panels.critical import critical_panels, searched, varied_axes
from .report import Report

Item = TypeVar("Item")
MOST_GROUPS = 4
"""Small multiples side by side."""
TITLES = {
    "grokked_at": "Step of grokking",
    "memorised_at": "Step of memorising",
    "phase": "Phase",
    "test_accuracy": "Final test accuracy",
    "train_accuracy": "Final training accuracy",
    "ipr": "Inverse participation ratio",
}


@dataclass(frozen=True)
class View:
    """What of a sweep is shown.

    Arguments:
        x, y: axes of the maps; y None if one axis varies.
        multiple: axis of small multiples, or None.
        values: columns shown as maps.
    """

    x: str
    y: str | None
    multiple: str | None
    values: tuple[str, ...]


def sweep_report(
    store: Store, name: str, path: Path, axes: Sequence[str] = (), values: Sequence[str] = ()
) -> Report:
    """Gather the report of a sweep.

    Of a search, critical fractions alone, unless axes or values are named.

    Arguments:
        store: where it is.
        name: of the sweep.
        path: where the report will be written, for the command it carries.
        axes: of the maps, at most three: across, up, small multiples; chosen if empty.
        values: columns shown as maps; chosen if empty.

    Raises:
        InputError: no such sweep, axis or value, or nothing was observed yet.
    """
    table = sweep_table(store, name)
    view = view_of(table, axes, values)
    rows = table.runs
    observed = [row for row in rows if row["status"] not in ("absent", "failed")]
    panels = critical_panels(table)
    alone = bool(panels) and searched(table) and not axes and not values
    if not alone:
        panels = [map_panel(rows, view, value) for value in view.values] + panels
        panels += milestone_panels(rows, view)
        panels += _curve_panels(store, table, observed, view)
    listing = read_listing(store, name)
    return Report(
        f"Sweep {name}: {_tasks(rows)}",
        _summary(rows, observed),
        _facts(table),
        tuple(panels),
        _notes(rows),
        (
            ("to run the sweep", listing.command),
            ("to make this report", _command(store, name, path, None if alone else view)),
        ),
    )


def view_of(table: SweepTable, axes: Sequence[str], values: Sequence[str]) -> View:
    """Choose what is shown: the first axes that vary, other than the seed; moments, accuracy, IPR, phases."""
    rows = table.runs
    if not any(row["status"] not in ("absent", "failed") for row in rows):
        raise InputError(f"sweep: must have runs that were observed, got none in {table.name}")
    names = [column.name for column in table.columns]
    for axis in axes:
        if axis not in names or any(axis not in row for row in rows):
            known = ", ".join(table.axes)
            raise InputError(f"axes: must be among those of the sweep ({known}), got {shorten(axis)}")
    if len(axes) > 3:
        raise InputError(f"axes: must be at most three, got {len(axes)}")
    for value in values:
        if value not in names:
            raise InputError(f"values: must be columns of export, got {shorten(value)}")
    varied = varied_axes(table)
    chosen = list(axes) or varied or list(table.axes[:1]) or ["seed"]
    multiple = chosen[2] if len(chosen) > 2 and len(coordinates(rows, chosen[2])) <= MOST_GROUPS else None
    columns = tuple(values) or _default_values(rows, names)
    return View(chosen[0], chosen[1] if len(chosen) > 1 else None, multiple, columns)


def _default_values(rows: Sequence[Row], names: Sequence[str]) -> tuple[str, ...]:
    milestone = ["grokked_at", "test_accuracy"]
    if len({row.get("corruption") for row in rows}) > 1 or any(row.get("corruption") for row in rows):
        milestone = ["phase", "train_accuracy", "test_accuracy"]
    milestone += [name for name in ("ipr", "circulant_deviation") if name in names]
    return tuple(milestone)


def map_panel(rows: Sequence[Row], view: View, value: str) -> Panel:
    """Draw one value over the axes of a view."""
    groups = []
    parts: list[tuple[str, Sequence[Row]]] = [("", rows)]
    if view.multiple is not None:
        parts = [
            (
                f"{view.multiple.replace('_', ' ')} {short(at)}",
                [row for row in rows if row[view.multiple] == at],
            )
            for at in coordinates(rows, view.multiple)
        ]
    maps = [(label, grid_cells(part, view.x, view.y, value)) for label, part in parts]
    known = [cell.value for _, cells in maps for cell in cells if cell.value is not None]
    words = bool(known) and isinstance(known[0], str)
    shades = None if words else shades_of(value, [v for v in known if isinstance(v, int | float)])
    across = view.x, coordinates(rows, view.x)
    up: tuple[str, list[Coordinate]] = (view.y, coordinates(rows, view.y)) if view.y else ("", [""])
    for label, cells in maps:
        groups.append(Group(label, (heat_map(cells, value, across, up, shades),)))
    caption = _map_caption(value, max(cell.runs for _, cells in maps for cell in cells))
    span = 12 if len(groups) > 1 else 6
    title = TITLES.get(value, value.replace("_", " "))
    legend = map_legend([cell for _, cells in maps for cell in cells], value, shades)
    return Panel(f"map-{value}", title, caption, tuple(groups), span, legend)


def _map_caption(value: str, most: int) -> str:
    runs = f"{most} runs per cell" if most > 1 else "one run per cell"
    if value in MILESTONES:
        word = "test" if value == "grokked_at" else "training"
        return (
            f"First observed step with {word} accuracy of at least 99%: median over {runs}, where runs that "
            f"never get there count as later than all others."
        )
    if value == "phase":
        return (
            f"Most frequent phase of {runs} by the last accuracies (Doshi et al. 2023, Table 2); in "
            f"forgetting, test accuracy was at least 90% before; in confusion, it never was."
        )
    meaning = scalar_column(value).meaning.rstrip(".")
    return f"{meaning[:1].upper()}{meaning[1:]}: median over {runs}, at the last step."


def milestone_panels(rows: Sequence[Row], view: View) -> list[Panel]:
    """Draw the time to grok against a numeric axis, if any cell groks."""
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in coordinates(rows, view.x))
    lines = coordinates(rows, view.y) if view.y else [""]
    if not numeric or len(coordinates(rows, view.x)) < 2 or len(lines) > len(LINES):
        return []
    table = milestone_bands(rows, view.x, view.y, "grokked_at")
    if len({row["x"] for row in table}) < 2:
        return []
    caption = (
        "Median step of grokking with its quartiles over all runs at a point; points at which fewer than "
        "half of the runs grok are left out. A bar that runs off the top has an upper quartile of never."
    )
    cell = milestone_cell(table, view.x, view.y, "step of grokking")
    return [single("times", f"Time to grok against {view.x.replace('_', ' ')}", caption, cell, 6)]


def _curve_panels(store: Store, table: SweepTable, observed: Sequence[Row], view: View) -> list[Panel]:
    """Draw training and test accuracy over the seeds of a few points of the grid."""
    keys = [axis for axis in table.axes if axis != "seed"]
    points: dict[tuple[Coordinate, ...], list[Row]] = {}
    for row in observed:
        points.setdefault(tuple(row[key] for key in keys), []).append(row)
    chosen = _chosen_points(list(points), keys, view)
    end = max(row["step"] for point in chosen for row in points[point])
    if end < 1:
        return []
    bands = (Band("train_accuracy", TRAIN), Band("test_accuracy", TEST))
    groups = []
    for point in chosen:
        names = [band.name for band in bands]
        runs = [_series(store, table, row["run"], names) for row in points[point]]
        rows = training_bands([run for run in runs if len(run.steps)], names, end)
        label = (
            ", ".join(f"{key.replace('_', ' ')} {short(at)}" for key, at in zip(keys, point, strict=True))
            or "all seeds"
        )
        text = (
            f"Training and test accuracy against steps at {label}, medians and quartiles of {len(runs)} runs."
        )
        groups.append(Group(label, (training_cell(rows, bands, end, text),)))
    some = f"{len(chosen)} of {len(points)} points of the grid. " if len(points) > len(chosen) else ""
    caption = (
        f"{some}Training and test accuracy against steps: median and quartiles over seeds. "
        "A run that stopped early keeps its last value."
    )
    legend = Legend((("training", TRAIN), ("test", TEST)))
    return [Panel("curves", "Accuracy over seeds", caption, tuple(groups), 12, legend)]


def _series(store: Store, table: SweepTable, run: str, names: Sequence[str]) -> Series:
    """Read numbers of a run as far as the sweep follows it."""
    series = store.series(store.get(run), names)
    count = int(np.searchsorted(series.steps, table.ends.get(run, np.inf), side="right"))
    return Series(series.steps[:count], {name: values[:count] for name, values in series.values.items()})


def _chosen_points(
    points: list[tuple[Coordinate, ...]], keys: Sequence[str], view: View
) -> list[tuple[Coordinate, ...]]:
    """Choose at most `MOST_GROUPS` points of a grid that differ along the axes of a view alone.

    Along one axis, evenly spaced values; along two, two values of each, so that each axis can be compared
    with the other held fixed.
    """
    if len(points) <= MOST_GROUPS:
        return points
    along = [axis for axis in (view.x, view.y) if axis in keys]
    if not along:
        return spaced(points, MOST_GROUPS)
    most = MOST_GROUPS if len(along) < 2 else 2
    for axis in along:
        at = keys.index(axis)
        values = set(spaced(list(dict.fromkeys(point[at] for point in points)), most))
        points = [point for point in points if point[at] in values]
    fixed: dict[tuple[Coordinate, ...], tuple[Coordinate, ...]] = {}
    for point in points:
        fixed.setdefault(tuple(point[keys.index(axis)] for axis in along), point)
    return spaced(list(fixed.values()), MOST_GROUPS)


def spaced(items: list[Item], most: int) -> list[Item]:
    """Take at most so many items, evenly, both ends included.

    Example:
        >>> spaced(list(range(7)), 3)
        [0, 3, 6]
    """
    if len(items) <= most:
        return items
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _tasks(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(str(row.get("expression")) for row in rows if row.get("expression")))
    moduli = coordinates([row for row in rows if row.get("p") is not None], "p")
    task = names[0] if len(names) == 1 else f"{len(names)} tasks"
    return f"{task} mod {', '.join(short(p) for p in moduli[:8])}"


def _summary(rows: Sequence[Row], observed: Sequence[Row]) -> str:
    parts = []
    for word, column in (("memorise", "memorised_at"), ("grok", "grokked_at")):
        milestone = milestone_statistics([row.get(column) for row in observed])
        low, high = (f"{100 * end:.0f}%" for end in milestone.interval)
        median = "" if milestone.quartiles[1] is None else f", median step {milestone.quartiles[1]:,}"
        parts.append(
            f"{milestone.count} of {milestone.of} runs {word} (95% interval {low} to {high}{median})"
        )
    return "; ".join(parts) + "."


def _axis_words(rows: Sequence[Row], group: Sequence[str]) -> str:
    """Say which values an axis takes, or those that advance together; empty for none.

    Example:
        >>> rows = [{"optimiser": "gd", "lr": 10.0}, {"optimiser": "adamw", "lr": 0.5}]
        >>> _axis_words(rows, ["lr"]), _axis_words(rows, ["optimiser", "lr"])
        ('lr 0.5 to 10 (2)', 'optimiser with lr: gd 10, adamw 0.5')
    """
    values = coordinates([row for row in rows if group[0] in row], group[0])
    name = " with ".join(axis.replace("_", " ") for axis in group)
    if not values:
        return ""
    if len(group) == 1 and not isinstance(values[0], str):
        return f"{name} {short(values[0])} to {short(values[-1])} ({len(values)})"
    points = dict.fromkeys(tuple(row[axis] for axis in group) for row in rows if group[0] in row)
    joint = [" ".join(short(value) for value in point) for point in points]
    in_words = ", ".join(joint) if len(joint) <= MOST_GROUPS else f"{len(joint)} values"
    return f"{name}{':' if len(group) > 1 else ''} {in_words}"


def _facts(table: SweepTable) -> tuple[tuple[str, str], ...]:
    rows = table.runs
    axes = [words for group in table.axis_groups if (words := _axis_words(rows, group))]
    fixed = []
    for column in table.columns:
        if column.name not in FIXED or column.axis:
            continue
        held = {row.get(column.name) for row in rows if row["status"] != "absent"}
        if len(held) == 1:
            (value,) = held
            fixed += [f"{column.name.replace('_', ' ')} {short(value)}"] if value not in (None, "") else []
    return (("Axes", ", ".join(axes) or "none"), ("In common", ", ".join(fixed)))


FIXED = (
    "learner", "budget", "fraction", "corruption", "width", "parametrisation", "activation", "loss",
    "optimiser", "lr", "weight_decay", "batch_size", "kernel", "ridge", "train_inputs",
)  # fmt: skip


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    counts = {
        status: sum(row["status"] == status for row in rows)
        for status in ("absent", "failed", "interrupted", "running", "diverged")
    }
    summary = [f"{count} {status}" for status, count in counts.items() if count]
    return (f"Of {len(rows)} runs, {', '.join(summary)}.",) if summary else ()


def _command(store: Store, name: str, path: Path, view: View | None) -> str:
    where = runs_option(store.folder)
    if view is None:
        return f"modgrok report {name} -o {path.name}{where}"
    axes = [axis for axis in (view.x, view.y, view.multiple) if axis]
    options = f"--axes {','.join(axes)} --values {','.join(view.values)}"
    return f"modgrok report {name} -o {path.name} {options}{where}"
