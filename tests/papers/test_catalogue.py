"""Papers from outside the package: added by one call, then listed, tested and printed as the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_claims import InProcess, make_claim

from modgrok.papers import Paper, add_paper, read_papers
from modgrok.papers.book.html import write_book
from modgrok.papers.claims.catalogue import PAPERS, choose_claims, read_paper, remove_paper
from modgrok.papers.claims.reproduction import reproduce
from modgrok.tasks import InputError

CLAIMS = tuple(replace(make_claim(name), id=f"noether1918/{name}") for name in ("thm-1", "thm-2"))


@pytest.fixture
def paper() -> Iterator[Paper]:
    paper = Paper("noether1918", "Invariante Variationsprobleme", "E. Noether, 1918", CLAIMS)
    add_paper(paper)
    yield paper
    remove_paper("noether1918")


def test_an_added_paper_is_listed_and_chosen(paper: Paper, call: Any) -> None:
    assert [known.name for known in read_papers()] == [*PAPERS, "noether1918"]
    assert choose_claims(["noether1918"]) == CLAIMS
    assert choose_claims(["noether1918/thm-2"]) == CLAIMS[1:]
    listing = call("reproduce", "noether1918", "--list", "--budget", "tiny", "--json")
    assert [claim["id"] for claim in listing.json["claims"]] == [claim.id for claim in CLAIMS]
    assert "Invariante Variationsprobleme (E. Noether, 1918)" in listing.out


def test_an_added_paper_is_tested_and_printed(paper: Paper, tmp_path: Path, executor: InProcess) -> None:
    results = reproduce(choose_claims(["noether1918"]), "tiny", tmp_path, executor, workers=1)
    assert [result.verdict for result in results] == ["reproduced", "reproduced"]
    write_book(tmp_path / "book", results, {})
    text = (tmp_path / "book" / "noether1918.html").read_text(encoding="utf-8")
    assert "<h1>Invariante Variationsprobleme</h1>" in text


def test_a_name_is_one_papers_alone(paper: Paper) -> None:
    add_paper(paper)  # again: nothing changes
    assert [known.name for known in read_papers()].count("noether1918") == 1
    for other in (replace(paper, title="Another"), read_paper("gromov2023")):
        with pytest.raises(InputError, match=f"paper: must have a unique name, got {other.name}"):
            add_paper(other)


@pytest.mark.parametrize(
    ("name", "claims", "message"),
    [
        ("a/b", CLAIMS, "name: must be letters, digits, - and _, got 'a/b'"),
        ("noether1918", (), "claims: noether1918 must have at least one, got 0"),
        ("other", CLAIMS, "id: must be other/ followed by a name, got 'noether1918/thm-1'"),
        ("noether1918", (*CLAIMS, CLAIMS[0]), "id: must belong to one claim, got noether1918/thm-1 2 times"),
    ],
)
def test_bad_papers_are_refused(name: str, claims: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InputError) as refused:
        Paper(name, "Title", "Citation", claims)
    assert str(refused.value).replace("'", "") == message.replace("'", "")


def test_unknown_papers_are_refused() -> None:
    with pytest.raises(InputError, match=r"paper: must be one of gromov2023, .*, got .*noether1918"):
        read_paper("noether1918")
    with pytest.raises(InputError, match=r"paper: must be a paper that was added, got .*gromov2023"):
        remove_paper("gromov2023")
