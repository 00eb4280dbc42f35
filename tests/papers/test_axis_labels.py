"""Numbers along the axes of claims' charts read as people write them."""

import re

import pytest

from modgrok.reports.charts.claim_charts import Line, lines, single
from modgrok.reports.formats.svg import panels_svg


@pytest.mark.parametrize(
    ("end", "expected"), [(1.0, ["0.2", "0.4"]), (100.0, ["20", "40"]), (150.0, ["20", "120"])]
)
def test_a_linear_axis_has_no_powers_of_ten(end: float, expected: list[str]) -> None:
    cell = lines([Line("", [0.0, end], [0.0, 1.0])], "A line.", x="at", log_x=False, percent=True)
    words = re.findall(r">([^<>]+)<", panels_svg((single("line", "A line", "", cell, 6),)))
    assert set(expected) <= set(words)
    assert not any("e+" in word for word in words)
