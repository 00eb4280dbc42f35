"""Reports of several tasks at once: each has its own curves and milestones; any number of panels has
letters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modgrok.reports import run_report
from modgrok.reports.charts.chart import Cell, Group, Panel, single
from modgrok.reports.charts.timeline import CurveStyle, Frame, Vertical, timeline
from modgrok.reports.formats.letters import panel_letter
from modgrok.reports.formats.svg import figure_svg, panels_svg, text_width
from modgrok.reports.panels.task_curves import task_panels
from modgrok.reports.report import Report
from modgrok.runs import Experiment, Record, RunRow, Store, run


@pytest.fixture(scope="module")
def mixture(store: Store) -> RunRow:
    """Four tasks of a kernel machine: more panels than letters, if it were a transformer."""
    return run(
        Experiment.of("x + y; x - y; x*y; x + 2*y", p=5, fraction=0.8, learner="rfm"), store=store, steps=3
    ).row


def test_each_task_has_its_curves_and_milestones(store: Store, mixture: RunRow) -> None:
    report = run_report(store, mixture.id, Path("a.svg"))
    records = store.records(mixture.id)
    panels = {panel.key: panel for panel in report.panels}
    for quantity in ("accuracy", "loss"):
        groups = [g for row in (1, 2) for g in panels[f"tasks_{quantity}_{row}"].groups]
        assert [group.label for group in groups] == ["x + y", "x - y", "x·y", "x + 2·y"]
        for order, group in enumerate(groups, start=1):
            spec = group.cells[0].spec(400)
            rows = [row for rows in spec["datasets"].values() for row in rows]
            name = f"test_{order}_{quantity}"
            curve_values = [row["value"] for row in rows if row.get("name") == name]
            assert set(curve_values) <= {record.scalars[name] for record in records}
            assert curve_values
    facts = dict(report.facts)
    assert facts["Each task"].count("memorised") == 4
    assert panels["accuracy"].title == "Accuracy over all tasks"


def test_a_single_task_has_none_of_this() -> None:
    record = Record(0, 0.0, {"train_accuracy": 0.1, "test_accuracy": 0.1}, {})
    assert task_panels(Frame(1, []), [record], {"train": 3, "test": 2}) == []


def _panels(count: int) -> list[Panel]:
    rows = [{"step": step, "name": "a", "value": step / 4} for step in range(5)]
    series = [CurveStyle("a", "a", "#000000")]
    cell: Cell = timeline(Frame(4, [], linear=True), rows, series, Vertical(0, 1), "It rises.")
    return [single(f"p{i}", f"Panel {i}", "A caption.", cell, 6) for i in range(count)]


def test_letters_go_on_after_z() -> None:
    assert [panel_letter(i) for i in (0, 25, 26, 51, 52)] == ["a", "z", "aa", "az", "ba"]
    assert len({panel_letter(i) for i in range(1000)}) == 1000


@pytest.mark.long
@pytest.mark.parametrize("alone", [True, False])
def test_more_panels_than_letters_are_drawn(alone: bool) -> None:
    panels = _panels(28)
    svg = panels_svg(panels) if alone else figure_svg(Report("Many", "", (), tuple(panels)))
    assert ">aa<" in svg
    assert ">ab<" in svg


def test_long_labels_of_groups_stay_within_their_columns() -> None:
    label = "fraction 0.5, optimiser adamw, weight decay 0.5, learning rate 0.01, batch size 16"
    (cell,) = _panels(1)[0].groups[0].cells
    svg = panels_svg([Panel("p", "Panel", "", (Group(label, (cell,)),) * 4)], width=760)
    lines = re.findall(r'<text x="([0-9.]+)" y="([0-9.]+)" font-size="11.5"[^>]*>([^<]*)</text>', svg)
    assert len({x for x, _, _ in lines}) == 4
    assert " ".join(words for x, _, words in lines if x == "0") == label
    assert all(text_width(words, 11.5) <= (760 - 3 * 24) / 4 for _, _, words in lines)
    charts = [float(y) for y in re.findall(r'<g transform="translate\([0-9.]+,([0-9.]+)\)" role="img"', svg)]
    assert min(charts) > max(float(y) for _, y, _ in lines)
