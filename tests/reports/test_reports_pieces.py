"""The pieces of reports: tables, axes, images, labels, words."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import altair as alt
import jax.numpy as jnp
import numpy as np
import pytest
from png_pixels import decoded, encoded

from modgrok.algebra import natural_basis
from modgrok.models import MLP
from modgrok.reports import run_report
from modgrok.reports.charts.label_placement import best_spot, box_of
from modgrok.reports.charts.png import encode, stacked
from modgrok.reports.charts.ramp import DIVERGING, colours, indices
from modgrok.reports.charts.steps import position, ticks
from modgrok.reports.charts.timeline import spread
from modgrok.reports.formats.svg import text_width, wrap
from modgrok.reports.panels.grids import peaks
from modgrok.reports.panels.phases import phase_table
from modgrok.reports.views.mlp_view import MLPView, operand_axis, spread_units
from modgrok.reports.views.tables import curve_table, histogram_at, milestone_table, stages
from modgrok.runs import RunRow, Store


def rows_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Collect every inline row of a specification."""
    return [row for rows in spec["datasets"].values() for row in rows]


def test_tables_hold_the_stores_numbers(store: Store, grokked: RunRow) -> None:
    records = store.records(grokked.id)
    names = ["train_accuracy", "test_loss", "ipr"]
    table = curve_table(records, names)
    assert len(table) == len(names) * len(records)
    for row in table:
        record = next(r for r in records if r.step == row["step"])
        assert row["value"] == record.scalars[row["name"]]
    assert milestone_table(grokked) == [
        {"step": grokked.memorised_at, "name": "memorised"},
        {"step": grokked.grokked_at, "name": "grokked"},
    ]
    assert [stage.step for stage in stages(grokked)] == [0, grokked.memorised_at, grokked.step]
    counts = histogram_at(records, grokked.step, "phase_sum")
    assert counts is not None
    rows = phase_table(counts)
    assert sum(row["count"] for row in rows) == 128
    assert (rows[0]["low"], rows[-1]["high"]) == (-np.pi, np.pi)


def test_charts_hold_the_tables_and_markers(store: Store, grokked: RunRow) -> None:
    records = store.records(grokked.id)
    panel = run_report(store, grokked.id, Path("a.svg")).panels[0]
    rows = rows_of(panel.groups[0].cells[0].spec(300))
    points = {(row["step"], row["value"]) for row in rows if row.get("name") == "test_accuracy"}
    assert {(r.step, r.scalars["test_accuracy"]) for r in records} <= points
    labels = {row["label"] for row in rows if "label" in row}
    assert {f"memorised {grokked.memorised_at}", f"grokked {grokked.grokked_at}", "chance 7.7%"} <= labels


def test_portrait_agrees_with_the_recorded_measures(store: Store, grokked: RunRow) -> None:
    record = store.records(grokked.id)[-1]
    net = store.checkpoints(grokked.id)[-1].load()
    assert isinstance(net, MLP)
    view = MLPView("end", net, natural_basis(13, 2), ("x", "y"))
    assert view.ipr == pytest.approx(record.scalars["ipr"], rel=1e-5)
    assert view.phase_counts.tolist() == record.histograms["phase_sum"].tolist()
    unit = spread_units(view)[0]
    assert view.neuron_ipr[unit] == pytest.approx(view.neuron_ipr.max(), abs=1e-3)
    inputs = jnp.array([[3, 5]])
    assert view.preactivation(unit)[3, 5] == pytest.approx(
        float(net.preactivations(inputs)[0, unit]), rel=1e-5
    )
    assert view.logit(6)[3, 5] == pytest.approx(float(net(inputs)[0, 6]), rel=1e-3, abs=1e-5)


def test_axes_follow_the_basis() -> None:
    from modgrok.measures import basis_of
    from modgrok.tasks import task_from_expression

    product = basis_of(task_from_expression("x*y", 7).table, 7)
    axis = operand_axis(product, 0, "x")
    assert 0 not in axis.order
    assert sorted(axis.order.tolist()) == [1, 2, 3, 4, 5, 6]
    assert axis.one_to_one
    squares = basis_of(task_from_expression("x^2 + y^2", 7).table, 7)
    assert not operand_axis(squares, 0, "x").one_to_one


def test_step_axis_shows_zero_and_ends_at_one() -> None:
    assert position(0, 2250) == 0
    assert position(2250, 2250) == pytest.approx(1)
    assert ticks(30) == [0, *range(1, 11), 20, 30]
    for end in (0, 1, 2, 10**6):
        assert ticks(end)[0] == 0
        assert np.isfinite(position(end, end))


def test_png_round_trip() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    png = encode(pixels, colours(DIVERGING))
    again = stacked([png])
    body = again[again.index(b"IDAT") + 4 :]
    lines = np.frombuffer(zlib.decompressobj().decompress(body), np.uint8).reshape(3, 5)
    assert (np.cumsum(lines[:, 1:], axis=0, dtype=np.uint8) == pixels).all()
    assert colours(DIVERGING).shape == (256, 3)
    assert indices(np.array([np.nan, 2.0, -3.0]), -1, 1).tolist() == [128, 255, 0]


@pytest.mark.parametrize("kind", range(5))
def test_stacked_pictures_keep_their_pixels_under_every_filter(kind: int) -> None:
    pixels = np.random.default_rng(kind).integers(0, 256, (3, 7, 4), np.uint8)
    upper, lower = encoded(pixels, kind), encoded(255 - pixels, kind)
    assert (decoded(encoded(pixels, kind)) == pixels).all()
    assert (decoded(stacked([upper, lower, upper])) == np.concatenate([pixels, 255 - pixels, pixels])).all()


def test_pictures_of_other_widths_are_not_stacked() -> None:
    pixels = np.zeros((2, 3, 4), np.uint8)
    with pytest.raises(ValueError, match="must be alike"):
        stacked([encoded(pixels, 0), encoded(pixels[:, :2], 0)])


def test_peaks_of_one_wave() -> None:
    x = np.arange(11)
    grid = np.cos(2 * np.pi * 3 * (x[:, None] + x[None, :]) / 11) + 5
    assert [(row["fx"], row["fy"]) for row in peaks(grid)] == [(-3, -3), (3, 3)]
    assert peaks(np.ones((4, 4))) == []


def test_labels_keep_apart() -> None:
    assert spread([], 100) == []
    placed = spread([50.0, 50.5, 51.0], 100)
    assert np.diff(placed).min() > 12
    x = np.linspace(0, 190, 50)
    low, high = np.full(50, 120.0), np.full(50, 20.0)
    spot = best_spot("training", (x, high), [(x, low)], [], (190, 132))
    assert spot is not None
    box = box_of(x[spot.point], high[spot.point], 50, spot.align, spot.dx, spot.dy)
    assert box[3] < 20 or box[1] > 20
    assert best_spot("training", (x, high), [(x, high)], [], (190, 132)) is None


def test_every_chart_of_a_run_follows_the_schema(store: Store, grokked: RunRow) -> None:
    """Altair checks them here: it takes longer than drawing them."""
    report = run_report(store, grokked.id, Path("a.html"))
    cells = [cell for panel in report.panels for group in panel.groups for cell in group.cells]
    assert len(cells) > 10
    for cell in cells:
        alt.LayerChart.validate(json.loads(cell.page_json))


@pytest.mark.parametrize("words", ["what a neuron adds to each logit " * 9, "m" * 300, "MOD 97, " * 40, ""])
def test_lines_stay_inside_their_panel(words: str) -> None:
    for width, size in ((310, 10), (60, 13)):
        lines = wrap(words, size, width)
        assert "".join("".join(lines).split()) == "".join(words.split())
        assert all(text_width(line, size) <= width for line in lines)
