"""All papers, and claims by their names.

Owns: the list of papers and how words on a command line choose claims.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ...tasks import InputError
from ...tasks.errors import shorten
from .claim import Claim

PAPERS: tuple[str, ...] = ("gromov2023", "doshi2024", "doshi2023", "mallinar2024", "furuta2024", "crosscut")
"""Folders and modules of `papers` with TITLE, CITATION and CLAIMS; a name here enters all shared tests."""


@dataclass(frozen=True, eq=False)
class Paper:
    """A paper and what is checked of it.

    Arguments:
        name: of its module, and the first part of its claims' ids.
        title: of the paper.
        citation: authors, year, where to find it.
        claims: in the paper's order.
    """

    name: str
    title: str
    citation: str
    claims: tuple[Claim, ...]


@cache
def read_paper(name: str) -> Paper:
    """Load a paper by its name in `PAPERS`."""
    module = importlib.import_module(f"modgrok.papers.{name}")
    return Paper(name, module.TITLE, module.CITATION, module.CLAIMS)


def read_papers() -> tuple[Paper, ...]:
    """Load all papers."""
    return tuple(read_paper(name) for name in PAPERS)


def choose_claims(words: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims that words name, each once, in the catalogue's order.

    Arguments:
        words: papers, claims, or beginnings of claims up to a hyphen; all claims if empty.

    Raises:
        InputError: a word names none, with the nearest.

    Example:
        >>> [claim.paper for claim in choose_claims(["gromov2023/fig1-loss"])]
        ['gromov2023']
    """
    known = tuple(claim for paper in read_papers() for claim in paper.claims)
    if not words:
        return known
    chosen: set[str] = set()
    for word in words:
        found = [claim.id for claim in known if _names(word, claim.id)]
        if not found:
            raise InputError(
                f"claim: must be among those of modgrok reproduce --list, got {shorten(word)}"
                f"{_nearest(word, [*PAPERS, *(claim.id for claim in known)])}"
            )
        chosen.update(found)
    return tuple(claim for claim in known if claim.id in chosen)


def _names(word: str, claim: str) -> bool:
    """Say whether a word is a claim's id, its paper, or the beginning of its id up to a hyphen."""
    return claim == word or claim.startswith((f"{word.rstrip('/')}/", f"{word}-"))


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.3)
    return f"; did you mean {close[0]}?" if close else ""
