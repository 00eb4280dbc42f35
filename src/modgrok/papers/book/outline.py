"""What the book says, whatever its format: papers, claims, numbers, deviations, in the order of the pages.

Owns: which results are shown where, and their text. How it looks is `html` and `markdown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...reports.formats.letters import panel_letter
from ..claims.catalogue import read_paper
from ..claims.result import Result
from .figures import numbers_text
from .text import (
    MEANINGS,
    UNTESTED,
    VERDICTS,
    bound_words,
    caution,
    cell_words,
    change_words,
    claim_words,
    command_words,
    count_words,
    decides_words,
    effort_words,
    few_seeds,
    headline,
    measured_words,
    name_words,
    never_run,
    null_words,
    parted_counts,
    range_words,
    reservations,
    run_words,
    seed_words,
    seeds_summary,
    shortfall_words,
    time_words,
    verdict_of,
    weight_words,
)


@dataclass(frozen=True)
class NumberRow:
    """One number of a claim.

    Arguments:
        name: of the number.
        measured: its value.
        expected: the range in which it counts as the paper's; empty if nothing is expected of it.
        source: what the paper says; empty likewise.
        note: what keeps it from refuting; empty if nothing does.
        in_range: whether it is in its range; true if it has none.
    """

    name: str
    measured: str
    expected: str = ""
    source: str = ""
    note: str = ""
    in_range: bool = True


@dataclass(frozen=True)
class ClaimEntry:
    """One claim, tested.

    Arguments:
        id: paper and name.
        paper, name: the parts of the id.
        verdict: or that it was not tested.
        sentence, source: of the claim.
        headline: (measured, expected) of the number that decides.
        error: why it was not tested; None if it was.
        text: what its figure shows, for readers who cannot see it.
        captions: (title, caption) of the figure's panels.
        numbers: those with an expectation first; empty if it was not tested.
        details: a table below the figure: its head, then its rows; empty if there is none.
        runs: what was run, and for how long.
        deviations: of the runs from the paper's.
        command: that tests it.
        seeds: number of seeds and budget.
        shortfalls: in what the runs are smaller, shorter or fewer than the paper's; empty if in nothing.
        decides: what would decide, where the verdict is open; empty for others.
        bounds: those set or moved when numbers had been seen, with date and reason.
        change: what would change another verdict than open.
        numbers_text: what the picture of its numbers shows; empty if it was not tested.
        effort: number of seeds, budget and time; empty if it was not tested.
    """

    id: str
    paper: str
    name: str
    verdict: str
    sentence: str
    source: str
    headline: tuple[str, str]
    error: str | None
    text: str
    captions: tuple[tuple[str, str], ...]
    numbers: tuple[NumberRow, ...]
    details: tuple[tuple[str, ...], ...]
    runs: str
    deviations: tuple[str, ...]
    command: str
    seeds: str
    shortfalls: str
    decides: str
    bounds: tuple[str, ...]
    change: str
    numbers_text: str
    effort: str

    @property
    def panel_captions(self) -> tuple[tuple[str, str], ...]:
        """The words of each panel that has some, as (letter and title, caption): one panel has no letter."""
        several = len(self.captions) > 1
        return tuple(
            (f"{panel_letter(i)}  {title}" if several else "", caption)
            for i, (title, caption) in enumerate(self.captions)
            if caption
        )


@dataclass(frozen=True)
class PaperEntry:
    """One paper, with its claims and their number by verdict."""

    name: str
    title: str
    citation: str
    size: str
    counts: str
    claims: tuple[ClaimEntry, ...]


@dataclass(frozen=True)
class Outline:
    """The whole book.

    Arguments:
        size: number of claims, in words.
        counts: number of claims by verdict, of papers and our own apart.
        reservations: how many of those reproduced rest on less than the paper's runs, or on one seed.
        caution: that a budget says nothing of the papers; empty for others.
        budgets: of the results.
        version: of modgrok; empty if the results do not say.
        verdicts: (verdict, meaning) of those that occur.
        papers: in the order of the results.
        seeds: on how many seeds the claims with runs rest; empty if none has runs.
        unrun: ids of the claims that need runs and have none.
        few_seeds: ids of those that have fewer seeds than they should, with their number and budget.
    """

    size: str
    counts: str
    reservations: str
    caution: str
    budgets: tuple[str, ...]
    version: str
    verdicts: tuple[tuple[str, str], ...]
    papers: tuple[PaperEntry, ...]
    seeds: str
    unrun: tuple[str, ...]
    few_seeds: tuple[str, ...]


def outline_of(results: Sequence[Result]) -> Outline:
    """Arrange results as the book shows them.

    Arguments:
        results: in the order in which they are shown.
    """
    verdicts = {verdict_of(result) for result in results}
    return Outline(
        claim_words(len(results)),
        parted_counts(results),
        reservations(results),
        caution(results),
        tuple(dict.fromkeys(result.budget for result in results)),
        next((result.version for result in results if result.version), ""),
        tuple((verdict, MEANINGS[verdict]) for verdict in (*VERDICTS, UNTESTED) if verdict in verdicts),
        tuple(
            _paper(name, [result for result in results if result.paper == name])
            for name in dict.fromkeys(result.paper for result in results)
        ),
        seeds_summary(results),
        never_run(results),
        few_seeds(results),
    )


def _paper(name: str, results: Sequence[Result]) -> PaperEntry:
    paper = read_paper(name)
    entries = tuple(_claim(result) for result in results)
    return PaperEntry(
        name, paper.title, paper.citation, claim_words(len(results)), count_words(results), entries
    )


def _claim(result: Result) -> ClaimEntry:
    columns = list(result.rows[0]) if result.rows else []
    head = [tuple(name_words(name) for name in columns)] if columns else []
    return ClaimEntry(
        result.id,
        result.paper,
        result.name,
        verdict_of(result),
        result.sentence,
        result.source,
        headline(result),
        result.error,
        " ".join(caption.text for caption in result.captions),
        tuple((caption.title, caption.caption) for caption in result.captions),
        _numbers(result) if result.verdict is not None else (),
        (*head, *(tuple(cell_words(row.get(name)) for name in columns) for row in result.rows)),
        " ".join(filter(None, [f"{run_words(result)} {time_words(result.seconds)}.", null_words(result)])),
        result.deviations,
        command_words(result),
        seed_words(result),
        shortfall_words(result),
        decides_words(result),
        bound_words(result) if result.verdict is not None else (),
        change_words(result),
        numbers_text(result) if result.verdict is not None and result.expected else "",
        effort_words(result) if result.verdict is not None else "",
    )


def _numbers(result: Result) -> tuple[NumberRow, ...]:
    essential = {expected.name for expected in result.expected}
    expected_rows = [
        NumberRow(
            name_words(expected.name),
            measured_words(expected, expected.name, result),
            range_words(expected),
            expected.paper,
            weight_words(expected, result),
            expected.holds(result.values.get(expected.name)),
        )
        for expected in result.expected
    ]
    others = [
        NumberRow(name_words(name), measured_words(None, name, result))
        for name in result.values
        if name not in essential
    ]
    return (*expected_rows, *others)
