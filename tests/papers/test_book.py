"""The book: complete, self-contained, and equal to the results that it is made of."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_claims import InProcess, make_claim

from modgrok.papers import ClaimResult, Evidence
from modgrok.papers.book import committed
from modgrok.papers.book.html import write_book
from modgrok.papers.book.markdown import (
    FIGURES,
    pages,
    picture_names,
    read_results,
    write_pages,
)
from modgrok.papers.book.text import count_words, headline, run_words
from modgrok.papers.claims.catalogue import read_papers
from modgrok.papers.claims.reproduction import reproduce
from modgrok.papers.claims.result import Result, read_figure

COMMITTED = Path(__file__).parents[2] / "docs" / "claims"


def broken(evidence: Evidence) -> ClaimResult:
    raise ValueError("no <numbers>")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Result], dict[str, str]]:
    claims = [make_claim("good"), make_claim("strict", low=2.0), make_claim("broken", measure=broken)]
    folder = tmp_path_factory.mktemp("runs")
    outcome = reproduce(claims, "tiny", folder, InProcess(), workers=1)
    figures = {result.id: read_figure(folder, result) for result in outcome}
    return outcome, {claim: figure for claim, figure in figures.items() if figure is not None}


class Ids(HTMLParser):
    """Collect identifiers, links, and whatever would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name == "href" and tag == "a":
                self.links.append(str(value))
            if name in ("src", "xlink:href") and not str(value).startswith(("data:", "#")):
                self.fetched.append(str(value))


@pytest.mark.long
def test_the_html_book_needs_nothing_else(
    results: tuple[list[Result], dict[str, str]], tmp_path: Path
) -> None:
    assert write_book(tmp_path / "book", *results) == tmp_path / "book" / "index.html"
    parsed = {}
    for name in ("index", "gromov2023"):
        parsed[name] = Ids()
        text = (tmp_path / "book" / f"{name}.html").read_text(encoding="utf-8")
        parsed[name].feed(text)
        assert parsed[name].fetched == []
        assert len(set(parsed[name].ids)) == len(parsed[name].ids)
        assert "<numbers>" not in text
    assert {"good", "strict", "broken"} <= set(parsed["gromov2023"].ids)
    for link in parsed["index"].links:
        page, _, anchor = link.partition("#")
        assert page == "gromov2023.html"
        assert anchor == "" or anchor in parsed["gromov2023"].ids


def test_a_failing_claim_is_shown_as_failing(
    results: tuple[list[Result], dict[str, str]], tmp_path: Path
) -> None:
    result, _ = results
    assert count_words(result) == "1 reproduced, 1 open, 1 not tested"
    write_book(tmp_path, *results)
    text = (tmp_path / "gromov2023.html").read_text(encoding="utf-8")
    assert 'class="out"' in text
    assert "Not tested: evaluation: no &lt;numbers&gt;" in text
    assert headline(result[1]) == (f"test accuracy {headline(result[1])[0].split()[-1]}", "at least 2")
    assert run_words(result[0]) == "x + y mod 5: 1 run, seed 0."


def test_markdown_pages_follow_from_their_results(
    results: tuple[list[Result], dict[str, str]], tmp_path: Path
) -> None:
    result, figures = results
    write_pages(tmp_path, result, figures)
    assert read_results(tmp_path) == result
    for name, text in pages(read_results(tmp_path)).items():
        assert (tmp_path / name).read_text(encoding="utf-8") == text
    assert "## What remains to be run" in (tmp_path / "index.md").read_text(encoding="utf-8")
    page = (tmp_path / "gromov2023.md").read_text(encoding="utf-8")
    pictures = re.findall(r"\]\((figures/[^)]+)\)", page)
    assert len(pictures) == 4
    for picture in pictures:
        assert (tmp_path / picture).is_file()
    assert "a\\|b\\*c" in page


@pytest.mark.skipif(not COMMITTED.is_dir(), reason="the book is not part of this checkout")
def test_the_committed_book_agrees_with_its_results() -> None:
    outcome = read_results(COMMITTED)
    for name, text in pages(outcome).items():
        assert (COMMITTED / name).read_text(encoding="utf-8") == text, name
    figure_files = {path.name for path in (COMMITTED / FIGURES).iterdir()}
    assert figure_files == picture_names(outcome)
    size = sum(path.stat().st_size for path in (COMMITTED / FIGURES).iterdir())
    assert size < 31_700 * len(outcome)  # a page of a claim with its figures stays quick to load
    claims = {claim.id: claim for paper in read_papers() for claim in paper.claims}
    for result in outcome:
        assert result.budget in ("laptop", "desktop", "paper")
        if result.verdict is not None:
            claim = claims[result.id].of_seeds(result.seeds)
            assert result.verdict == claim.verdict(result.values, result.budget), result.id
            assert result.shortfalls == claim.shortfalls(result.budget), result.id
    assert [result.id for result in outcome] == list(claims)
    assert Path(committed.__file__).with_name(committed.COMMITTED).read_text(
        encoding="utf-8"
    ) == committed.committed_text(outcome)
