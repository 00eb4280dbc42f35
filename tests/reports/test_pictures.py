"""Pictures: tooltips, legends, captions and colours, on pages and in figures."""

from __future__ import annotations

import json
import re
from typing import Any

import altair as alt
import pytest
import vl_convert
from png_pixels import decoded

from modgrok.io.charts import VEGA_LITE
from modgrok.reports.charts import vega_lite as vl
from modgrok.reports.charts.chart import single
from modgrok.reports.charts.hover import in_unit
from modgrok.reports.charts.line_colours import line_colours
from modgrok.reports.charts.png import stacked
from modgrok.reports.charts.timeline import CurveStyle, Frame, Vertical, timeline
from modgrok.reports.formats.html import page_html
from modgrok.reports.formats.svg import figure_strips, figure_svg
from modgrok.reports.panels.pruning import LINES
from modgrok.reports.report import Report
from modgrok.reports.sweep_report import View, map_panel


def _cell(form: str) -> Any:
    rows = [{"step": step, "name": "test", "value": 0.0055 * step} for step in range(4)]
    return timeline(
        Frame(3, []), rows, [CurveStyle("test", "test", "#123456")], Vertical(0, 1, format=form), "t"
    )


@pytest.mark.parametrize(("form", "label"), [(".0%", "0.55%"), (".4~g", "0.0055")])
def test_the_nearest_point_answers_in_the_unit_of_the_axis(form: str, label: str) -> None:
    cell = _cell(form)
    spec = json.loads(cell.page_json)
    (selection,) = spec["params"]
    assert selection["select"]["nearest"] is True
    rows = [row for rows in spec["datasets"].values() for row in rows if "value_text" in row]
    assert [row["value_text"] for row in rows if row["step"] == 1] == [label]
    assert {row["curve"] for row in rows} == {"test"}
    assert "params" not in cell.spec(300)  # a figure has no pointer
    assert in_unit(0.98765, form) == ("98.77%" if "%" in form else "0.9877")


def test_captions_stand_under_their_panels() -> None:
    panels = tuple(single(f"p{i}", f"Title {i}", f"Caption number {i}.", _cell(".0%"), 12) for i in range(3))
    svg = figure_svg(Report("A report", "", (), panels))
    places = {text: float(y) for y, text in re.findall(r'y="([\d.]+)"[^>]*>([^<]+)</text>', svg)}
    for i in range(3):
        assert places[f"Title {i}"] < places[f"Caption number {i}."]
        if i < 2:
            assert places[f"Caption number {i}."] < places[f"Title {i + 1}"]


def test_strips_of_a_figure_are_its_pixels() -> None:
    panels = tuple(single(f"p{i}", f"Title {i}", f"Caption number {i}.", _cell(".0%"), 12) for i in range(3))
    report = Report("A report", "Its summary.", (("Task", "x + y"),), panels)
    strips = list(figure_strips(report))
    assert len(strips) == 5
    assert [strip.top for strip in strips[1:]] == [strip.top + strip.height for strip in strips[:-1]]
    parts = [bytes(vl_convert.svg_to_png(strip.document(), scale=1, ppi=72)) for strip in strips]
    whole = bytes(vl_convert.svg_to_png(figure_svg(report), scale=1, ppi=72))
    assert (decoded(stacked(parts)) == decoded(whole)).all()


def _rows(value: str, first: Any, second: Any) -> list[dict[str, Any]]:
    return [
        {
            "status": "finished",
            "fraction": f,
            "corruption": c,
            "weight_decay": w,
            value: first if w else second,
        }
        for f in (0.3, 0.5)
        for c in (0.0, 0.2)
        for w in (0, 5)
    ]


@pytest.mark.parametrize(
    ("value", "values", "words"),
    [
        ("phase", ("memorisation", "coexistence"), ("coexistence", "memorisation")),
        ("grokked_at", (120, None), ("never",)),
    ],
)
def test_maps_of_one_panel_share_a_legend(
    value: str, values: tuple[Any, Any], words: tuple[str, ...]
) -> None:
    rows = _rows(value, *values)
    panel = map_panel(rows, View("fraction", "corruption", "weight_decay", (value,)), value)
    assert len(panel.groups) == 2
    assert panel.legend is not None
    assert tuple(name for name, _ in panel.legend.swatches) == words
    assert (panel.legend.ramp is None) == (value == "phase")
    report = Report("A sweep", "", (), (panel,))
    for name in words:
        assert page_html(report).count(f"</svg> {name}</span>") == 1
        assert figure_svg(report).count(f">{name}</text>") >= 1


def test_ordered_values_have_ordered_colours() -> None:
    for values in ([11, 23, 31, 47, 59, 97], [0.5, 0.1, 0.3]):
        chosen = dict(zip(values, line_colours(values), strict=True))
        light = [sum(int(chosen[v][i : i + 2], 16) for i in (1, 3, 5)) for v in sorted(values)]
        assert light == sorted(light, reverse=True)
        assert len(set(light)) == len(values)
    assert line_colours(["a", "b"])[0] != line_colours(["a", "b"])[1]


def test_clean_corrupted_training_and_test_have_four_colours() -> None:
    assert len({colour for _, colour, _ in LINES}) == 4


def test_altair_writes_the_same_specification() -> None:
    rows, other = [{"x": 1, "y": 2, "name": "a"}], [{"x": 3, "y": 1, "name": "b"}]
    base = vl.marks(rows).encode(x="x:Q", y=vl.field("y:Q", title=None, scale=vl.ScaleOptions(zero=False)))
    text = base.mark("text", dx=3).encode(text="name:N", tooltip=["x:Q", "name:N"], x2="y", y2=vl.datum(0))
    named = (
        vl.marks(other).mark("text").encode(x=vl.value(vl.expr("width")), color=vl.field("y:N", scale=None))
    )
    inner = vl.layer(base.mark("line", color="red"), text)
    ours = vl.layer(base.mark("point"), text, inner, named).resolve_scale(x="shared").to_dict()

    chart = alt.Chart(alt.InlineData(rows)).encode(x="x:Q", y=alt.Y("y:Q", title=None, scale={"zero": False}))
    label = chart.mark_text(dx=3).encode(text="name:N", tooltip=["x:Q", "name:N"], x2="y", y2=alt.datum(0))
    away = alt.Chart(alt.InlineData(other)).mark_text()
    away = away.encode(x=alt.value(alt.expr("width")), color=alt.Color("y:N", scale=None))
    whole = alt.layer(chart.mark_line(color="red"), label)
    theirs = alt.layer(chart.mark_point(), label, whole, away).resolve_scale(x="shared").to_dict()
    del theirs["config"]  # a cell has its own
    del ours["$schema"], theirs["$schema"]  # of the installed version
    names = dict(zip(theirs.pop("datasets"), ours["datasets"], strict=True))
    assert list(ours.pop("datasets").values()) == [rows, other]
    assert json.loads(json.dumps(theirs, sort_keys=True), object_hook=lambda o: _renamed(o, names)) == ours


def _renamed(part: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {key: names.get(entry, entry) if key == "name" else entry for key, entry in part.items()}


def test_vl_convert_draws_this_version_of_vega_lite() -> None:
    assert VEGA_LITE in vl_convert.get_vegalite_versions()
    assert vl.SCHEMA.startswith(f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE}.")
