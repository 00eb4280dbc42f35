"""Names that try to leave their place in a page, and pages that allow no scripts but their own."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import altair as alt
import pytest

from modgrok.io import csv_cell, in_script, is_plain_svg, markup, visible
from modgrok.papers.book.html import overview_html
from modgrok.papers.book.outline import outline_of
from modgrok.reports.charts.chart import Cell, Group, Panel
from modgrok.reports.formats.html import page_html
from modgrok.reports.formats.svg import figure_svg
from modgrok.reports.report import Report

NASTY = (
    'q"><img src=x onerror=alert(1)>',
    "<!--<script>",
    "</script><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "a\x00\x1b[2J\udcff",
    "{{7*7}} ${7*7} &lt; <svg onload=alert(1)>",
)


def report_of(name: str) -> Report:
    """Put a name into every place of a report, whose chart may be one of Altair."""
    chart = alt.layer(
        alt.Chart(alt.InlineData([{"x": 1, "word": name.encode("utf-8", "replace").decode()}]))
        .mark_point()
        .encode(x=alt.X("x:Q", title=visible(name)), color=alt.Color("word:N"), tooltip=["word:N"])
    )
    panel = Panel(f"map-{name}", name, name, (Group(name, (Cell(chart, name),)),), 6)
    return Report(name, name, ((name, name),), (panel,), (name,), ((name, name),), name)


class Elements(HTMLParser):
    """Every element with its attributes, and the content of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.content: dict[str, list[str]] = {"script": [], "style": []}
        self.open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open = tag
        if tag in self.content:
            self.content[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, text: str) -> None:
        if self.open in self.content:
            self.content[self.open][-1] += text


@pytest.fixture(scope="module")
def plain() -> Elements:
    return Elements(page_html(report_of("plain")))


@pytest.mark.parametrize("name", NASTY)
def test_a_name_stays_text_in_a_page(name: str, plain: Elements) -> None:
    page = Elements(page_html(report_of(name)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    for (_, ours), (_, theirs) in zip(page.elements, plain.elements, strict=True):
        assert list(ours) == list(theirs)
    (cells,) = json.loads(page.content["script"][0])
    assert cells["spec"]["description"] == visible(name)


@pytest.mark.parametrize("name", NASTY)
def test_a_name_stays_text_in_a_figure(name: str) -> None:
    svg = figure_svg(report_of(name))
    root = ElementTree.fromstring(svg)
    assert is_plain_svg(svg)
    assert root.get("aria-label") == visible(name)


def policy_of(page: Elements) -> dict[str, list[str]]:
    text = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    parts = [part.split() for part in str(text).split(";")]
    return {name: sources for name, *sources in parts}


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_names_every_script_and_style_by_its_hash(plain: Elements) -> None:
    policy = policy_of(plain)
    assert policy["default-src"] == ["'none'"]
    assert set(policy["script-src"]) == {hashed(text) for text in plain.content["script"][1:]}
    assert set(policy["style-src"]) == {hashed(text) for text in plain.content["style"]}
    assert not any("unsafe" in source for sources in policy.values() for source in sources)
    assert not any("style" in attributes for _, attributes in plain.elements)
    assert "ast: true" in plain.content["script"][-1]


def test_the_book_allows_no_script_at_all() -> None:
    page = Elements(overview_html(outline_of([])))
    policy = policy_of(page)
    assert "script-src" not in policy
    assert policy["style-src"] == [hashed(text) for text in page.content["style"]]
    assert not any("style" in attributes for _, attributes in page.elements)


@pytest.mark.parametrize("name", NASTY)
def test_each_escape_gives_the_text_back(name: str) -> None:
    assert html.unescape(markup(name)) == visible(name)
    assert not set("<>\"'") & set(markup(name))
    assert json.loads(in_script(json.dumps([name]))) == [name]
    assert "<" not in in_script(json.dumps([name]))
    assert visible(name).isprintable()


@pytest.mark.parametrize("text", ["=cmd()", "+1+1", "-x + y", "@SUM(A1)", "\t=1", "\r=1", "\uff20SUM(A1)"])
def test_formulas_are_guarded(text: str) -> None:
    assert csv_cell(text) == f"'{text}"
    assert csv_cell(-1.5) == -1.5


@pytest.mark.parametrize(
    "inner",
    [
        "<script>1</script>",
        '<path onload="1"/>',
        '<use href="http://x/y"/>',
        '<image href="data:image/svg+xml;base64,AA"/>',
        "<foreignObject/>",
        '<rect fill="url(http://x)"/>',
    ],
)
def test_pictures_that_run_or_load_are_refused(inner: str) -> None:
    assert not is_plain_svg(f'<svg xmlns="http://www.w3.org/2000/svg">{inner}</svg>')
