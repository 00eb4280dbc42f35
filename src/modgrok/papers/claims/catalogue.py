"""All papers, and claims by their names.

Owns: what a paper is, the list of papers, and how words on a command line choose claims.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...tasks import InputError
from ...tasks.errors import shorten
from .claim import Claim
from .desktop import Desktop
from .printed import Printed, check_printed
from .scale import PaperScale

PAPERS: tuple[str, ...] = (
    "gromov2023",
    "doshi2024",
    "doshi2023",
    "mallinar2024",
    "furuta2024",
    "progress",
    "crosscut",
)
"""Folders of `papers`, each with a PAPER; a name here enters all shared tests."""


@dataclass(frozen=True, eq=False)
class Paper:
    """A paper and what is checked of it.

    Arguments:
        name: the first part of its claims' ids: letters, digits, hyphens and underscores.
        title: of the paper.
        citation: authors, year, where it is published.
        claims: in the paper's order; their ids are `name/...`, each once.

    Raises:
        InputError: no such name, no claims, or a claim with another id.

    Example:
        >>> Paper("noether1918", "Invariante Variationsprobleme", "E. Noether, 1918", ())
        Traceback (most recent call last):
        ...
        modgrok.io.errors.InputError: claims: noether1918 must have at least one, got 0
    """

    name: str
    title: str
    citation: str
    claims: tuple[Claim, ...]

    def __post_init__(self) -> None:
        """Check the name and the claims' ids."""
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.name):
            raise InputError(f"name: must be letters, digits, - and _, got {shorten(self.name)}")
        if not self.claims:
            raise InputError(f"claims: {self.name} must have at least one, got 0")
        ids = [claim.id for claim in self.claims]
        for id in ids:
            if not re.fullmatch(rf"{re.escape(self.name)}/[A-Za-z0-9._-]+", id):
                raise InputError(f"id: must be {self.name}/ followed by a name, got {shorten(id)}")
            if ids.count(id) > 1:
                raise InputError(f"id: must belong to one claim, got {id} {ids.count(id)} times")


@dataclass(frozen=True)
class Sizes:
    """The sizes of a claim's runs: the paper's own, and those of the budget `desktop`.

    Arguments:
        scale: of the paper's own runs; see `Claim`.
        by_group: group -> its scale, where that is another one.
        desktop: how that budget's plan is made.
    """

    scale: PaperScale
    by_group: Mapping[str, PaperScale] = field(default_factory=dict)
    desktop: Desktop = field(default_factory=Desktop)


def with_sizes(
    claims: Sequence[Claim], sizes: Mapping[str, Sizes], default: Sizes | None = None
) -> tuple[Claim, ...]:
    """Give claims the sizes of their paper's own runs.

    Arguments:
        claims: of a paper.
        sizes: name of a claim, the part of its id after the slash -> sizes.
        default: of the claims with runs that are not named; None leaves them as they are.

    Raises:
        InputError: sizes of a claim that is not there.
    """
    names = {claim.id.partition("/")[2] for claim in claims}
    unknown = [name for name in sizes if name not in names]
    if unknown:
        raise InputError(f"sizes: must be of claims of the paper, got {unknown[0]}")
    return tuple(_sized(claim, sizes.get(claim.id.partition("/")[2], default)) for claim in claims)


def with_printed(claims: Sequence[Claim], printed: Mapping[str, Sequence[Printed]]) -> tuple[Claim, ...]:
    """Give claims the numbers that their paper prints.

    Arguments:
        claims: of a paper.
        printed: name of a claim, the part of its id after the slash -> what the paper prints.

    Raises:
        InputError: numbers of a claim that is not there, or without a source.
    """
    names = {claim.id.partition("/")[2]: claim for claim in claims}
    for name, numbers in printed.items():
        if name not in names:
            raise InputError(f"printed: must be of claims of the paper, got {shorten(name)}")
        check_printed(numbers, names[name].id)
    return tuple(
        replace(claim, printed=tuple(printed.get(claim.id.partition("/")[2], ()))) for claim in claims
    )


def _sized(claim: Claim, sizes: Sizes | None) -> Claim:
    if sizes is None or not claim.plan("laptop"):
        return claim
    return replace(claim, scale=sizes.scale, scales=sizes.by_group, desktop=sizes.desktop)


_ADDED: dict[str, Paper] = {}


def paper_names() -> tuple[str, ...]:
    """List the papers by name: those of the package, then those added."""
    return (*PAPERS, *_ADDED)


def add_paper(paper: Paper) -> None:
    """Add a paper from outside the package: its claims are then listed, tested and printed as the others.

    Adding the same paper again changes nothing.

    Raises:
        InputError: another paper has the name.
    """
    if paper.name in PAPERS or _ADDED.get(paper.name, paper) is not paper:
        raise InputError(f"paper: must have a unique name, got {paper.name}, which is taken")
    _ADDED[paper.name] = paper


def remove_paper(name: str) -> None:
    """Remove a paper that was added.

    Raises:
        InputError: none of that name was added.
    """
    if name not in _ADDED:
        raise InputError(f"paper: must be a paper that was added, got {shorten(name)}")
    del _ADDED[name]


def read_paper(name: str) -> Paper:
    """Load a paper by its name.

    Raises:
        InputError: there is none of that name.
    """
    if name in _ADDED:
        return _ADDED[name]
    if name not in PAPERS:
        raise InputError(f"paper: must be one of {', '.join(paper_names())}, got {shorten(name)}")
    paper = importlib.import_module(f"modgrok.papers.{name}").PAPER
    assert isinstance(paper, Paper)
    return paper


def read_papers() -> tuple[Paper, ...]:
    """Load all papers."""
    return tuple(read_paper(name) for name in paper_names())


def choose_claims(words: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims that words name, each once, in the catalogue's order.

    Arguments:
        words: papers, claims, or beginnings of claims up to a hyphen; all claims if empty. The whole name of
            a claim means that claim alone.

    Raises:
        InputError: a word names none, with the nearest.

    Example:
        >>> [claim.paper for claim in choose_claims(["gromov2023/fig1-loss"])]
        ['gromov2023']
        >>> [claim.id for claim in choose_claims(["furuta2024/leakage-quadratic"])]
        ['furuta2024/leakage-quadratic']
    """
    known = tuple(claim for paper in read_papers() for claim in paper.claims)
    if not words:
        return known
    chosen: set[str] = set()
    for word in words:
        exact = [claim.id for claim in known if claim.id == word]
        matching = exact or [claim.id for claim in known if _names(word, claim.id)]
        if not matching:
            raise InputError(
                f"claim: must be among those of modgrok reproduce --list, got {shorten(word)}"
                f"{_nearest(word, [*paper_names(), *(claim.id for claim in known)])}"
            )
        chosen.update(matching)
    return tuple(claim for claim in known if claim.id in chosen)


def _names(word: str, claim: str) -> bool:
    """Say whether a word is a claim's id, its paper, or the beginning of its id up to a hyphen."""
    return claim == word or claim.startswith((f"{word.rstrip('/')}/", f"{word}-"))


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.3)
    return f"; did you mean {close[0]}?" if close else ""
