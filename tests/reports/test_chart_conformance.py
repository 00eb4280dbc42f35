"""What every chart of curves does: labels inside its cell, ordered colours, an answer to the pointer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import vl_convert

from modgrok.reports.charts.bands import Band, milestone_cell, training_cell
from modgrok.reports.charts.chart import Cell
from modgrok.reports.charts.palette import TEST, TRAIN
from modgrok.reports.charts.timeline import CurveStyle, Frame, Reference, Vertical, timeline
from modgrok.reports.panels.critical import critical_cell, share_cell
from modgrok.sweeps.critical.estimate import Probe
from modgrok.sweeps.critical.probes import Probed

MODULI = (11, 23, 97)


def probed(p: int) -> Probed:
    probes = (Probe(0.2, 0, 4), Probe(0.4, 2, 4), Probe(0.6, 4, 4))
    return Probed({"p": p}, {probe.fraction: probe for probe in probes})


def times() -> Cell:
    rows = [
        {"x": x, "line": str(p), "low": 90, "middle": 100 * p, "high": 200 * p, "open": False}
        for p in MODULI
        for x in (0.4, 0.6)
    ]
    return milestone_cell(rows, "fraction", "p", "step of grokking")


def training() -> Cell:
    rows = [
        {"step": step, "name": name, "low": 0.1, "middle": 0.5, "high": 0.9}
        for name in ("train_accuracy", "test_accuracy")
        for step in (0, 9, 99)
    ]
    return training_cell(rows, (Band("train_accuracy", TRAIN), Band("test_accuracy", TEST)), 99, "Accuracy.")


def over_steps() -> Cell:
    rows = [{"step": step, "name": "test", "value": step / 100} for step in (0, 50, 100)]
    vertical = Vertical(0, 1, format=".0%")
    return timeline(Frame(100, []), rows, [CurveStyle("test", "test", TEST)], vertical, "Accuracy.")


CELLS = {"times": times, "training": training, "over steps": over_steps}
SHARES = {"training": "50%", "over steps": "50%"}


@pytest.mark.parametrize("name", CELLS)
def test_the_nearest_point_answers_with_its_curve_and_in_the_unit_of_its_axis(name: str) -> None:
    cell = CELLS[name]()
    assert cell.hover is not None
    spec: dict[str, Any] = cell.hover.to_dict()
    (params,) = spec["params"]
    assert params["select"]["nearest"] is True
    marks = vl_convert.vegalite_to_vega(cell.hover.to_dict())["marks"]
    (region,) = [mark for mark in marks if mark["name"] == "points_voronoi"]
    text = region["encode"]["update"]["tooltip"]["signal"]
    for column in ("curve", "along_text", "value_text"):
        assert f'(datum.datum || datum)["{column}"]' in text
    points = [row for rows in spec["datasets"].values() for row in rows]
    assert all(row["curve"] and row["along_text"] for row in points)
    if name in SHARES:
        assert SHARES[name] in {row["value_text"].split(" ")[0] for row in points}
    assert "nearest" not in json.dumps(cell.spec(300))


def scale_colours(cell: Cell) -> list[str]:
    """Return the range of the first colour scale of a chart."""

    def search(node: Any) -> list[str] | None:
        if isinstance(node, dict):
            colour = node.get("color")
            if isinstance(colour, dict) and isinstance(colour.get("scale"), dict):
                return list(colour["scale"]["range"])
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        return next((expression for child in children if (expression := search(child)) is not None), None)

    expression = search(cell.chart.to_dict())
    assert expression is not None
    return expression


def lightness(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_ordered_moduli_have_ordered_colours() -> None:
    cells = [times(), share_cell([probed(p) for p in MODULI], ["p"])]
    for cell in cells:
        shades = [lightness(colour) for colour in scale_colours(cell)]
        assert shades == sorted(shades, reverse=True)
        assert len(set(shades)) == len(MODULI)
        assert cell.hover is not None


def test_a_critical_fraction_answers_the_pointer_with_its_bracket() -> None:
    rows = [
        {"x": p, "line": "", "of": "", "place": "inside", "middle": 0.4}
        | {"low": 0.35, "high": 0.45, "sure_low": 0.3, "sure_high": 0.5}
        for p in MODULI
    ]
    hover = critical_cell(rows, ["p"]).hover
    assert hover is not None
    points = [row for part in hover.to_dict()["datasets"].values() for row in part]
    assert {row["value_text"] for row in points} == {"inside 0.35 to 0.45"}


@pytest.mark.parametrize("label", ["1/p 7.7%", "majority 14.8% of inputs"])
def test_labels_in_the_margin_are_inside_the_cell(label: str) -> None:
    rows = [{"step": step, "name": "a", "value": 0.5} for step in (0, 50, 100)]
    style = [CurveStyle("a", "test", TEST)]
    frame, vertical = Frame(100, []), Vertical(0, 1)
    cell = timeline(frame, rows, style, vertical, "", references=(Reference(0.9, label),))
    assert cell.margins.right >= max(70, 5.4 * len(label) + 5)
    assert np.isclose(cell.plot_size(400)[0] + cell.margins.left + cell.margins.right, 400)
