"""Charts drawn by a process beside this one: the same pictures, and what happens when it ends early."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from modgrok.io import charts
from modgrok.io.chart_program import main
from modgrok.io.charts import VEGA_LITE, ChartProcess, draw_here


def _specs(count: int) -> list[dict[str, Any]]:
    return [
        {
            "data": {"values": [{"x": x, "y": x * i} for x in range(50)]},
            "mark": {"type": "line", "tooltip": f"chart {i}: é, ∑"},
            "encoding": {axis: {"field": axis, "type": "quantitative"} for axis in "xy"},
        }
        for i in range(count)
    ]


def test_the_process_draws_what_is_drawn_here() -> None:
    specs = _specs(4)
    here = list(draw_here(specs))
    with ChartProcess() as charts_beside:
        assert list(charts_beside.draw(specs)) == here
        assert list(charts_beside.draw(specs[2:])) == here[2:]  # another figure
        assert list(charts_beside.draw([])) == []
    assert list(charts_beside.draw(specs)) == here  # after its end: here


def test_charts_are_drawn_here_when_the_process_ends_early() -> None:
    specs = _specs(5)
    with ChartProcess() as charts_beside:
        pictures = charts_beside.draw(specs)
        first = next(pictures)
        process = charts_beside._process
        assert process is not None
        process.kill()
        process.wait()
        assert [first, *pictures] == list(draw_here(specs))


def test_a_chart_that_vega_refuses_is_refused_here() -> None:
    refused = {"mark": "no such mark", "data": {"values": []}}
    with pytest.raises(ValueError, match="conversion failed") as here:
        list(draw_here([refused]))
    with ChartProcess() as charts_beside, pytest.raises(ValueError, match="conversion failed") as beside:
        list(charts_beside.draw([refused]))
    assert str(beside.value) == str(here.value)


def test_without_a_second_process_charts_are_drawn_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    specs = _specs(1)
    with ChartProcess() as charts_beside:
        assert list(charts_beside.draw(specs)) == list(draw_here(specs))


def test_the_program_answers_line_by_line() -> None:
    specs = _specs(2)
    lines: list[bytes] = []
    main(VEGA_LITE, [json.dumps(spec).encode() + b"\n" for spec in specs], lines.append)
    assert [json.loads(line) for line in lines] == list(draw_here(specs))
    assert all(line.endswith(b"\n") for line in lines)


def test_the_process_ends_with_its_block() -> None:
    with ChartProcess() as charts_beside:
        process = charts_beside._process
        assert process is not None
        assert process.poll() is None
    assert process.poll() is not None
    assert charts.PROGRAM.is_file()
