"""Write the table of what remains to be run into docs/coverage.md: `python tools/make_remaining_table.py`.

Lists the claims with runs whose best results in the committed book are not of the budget `desktop`, with
their minutes by the rates of the reference machine, and those that lack seeds of it. Claims that share most
of their runs are in one row. Rows with the fewest minutes for each claim come first.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from modgrok.learners.base.rates import NOMINAL
from modgrok.papers import Claim, read_papers
from modgrok.papers.book.markdown import read_results
from modgrok.papers.claims.continuation import without_seeds
from modgrok.papers.claims.cost import costs_of

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "coverage.md"
BEGIN, END = "<!-- remaining begin -->\n", "<!-- remaining end -->\n"
BUDGET = "desktop"
MANY = 100
"""A claim of more runs than this, a whole table, has a row of its own."""


def connected(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Group claims of which one shares half of its runs or more with the others, in the book's order."""
    groups: list[tuple[list[Claim], set[str]]] = []
    for claim in sorted(claims, key=lambda each: len(runs_of(each)), reverse=True):
        runs = runs_of(claim)
        for group, known in groups:
            if len(known) <= MANY and 2 * len(runs & known) >= len(runs):
                group.append(claim)
                known |= runs
                break
        else:
            groups.append(([claim], set(runs)))
    order = {claim.id: place for place, claim in enumerate(claims)}
    return [sorted(group, key=lambda claim: order[claim.id]) for group, _ in groups]


@cache
def runs_of(claim: Claim) -> frozenset[str]:
    """Return the ids of a claim's runs."""
    return frozenset(m.experiment.id for group in claim.groups(BUDGET).values() for m in group.members())


def table(groups: Sequence[Sequence[Claim]], missing: Mapping[str, str]) -> tuple[list[str], float]:
    """Return the lines of the table, and the hours of all rows.

    Arguments:
        groups: claims of one row each, with the seeds that have not been run.
        missing: claim -> words on these seeds, where others have been run.
    """
    timed = [(costs_of(group, BUDGET, NOMINAL).total / 60, group) for group in groups]
    timed.sort(key=lambda each: each[0] / len(each[1]))
    lines = ["| claims | minutes |", "| --- | --- |"]
    for minutes, group in timed:
        names = ", ".join(f"`{claim.id}`{missing.get(claim.id, '')}" for claim in group)
        lines.append(f"| {names} | {max(round(minutes), 1)} |")
    return lines, sum(minutes for minutes, _ in timed) / 60


def main() -> None:
    """Write the table."""
    best = {r.id: r.seeds for r in read_results(DOCS / "claims") if r.runs and r.budget == BUDGET}
    claims = [claim for paper in read_papers() for claim in paper.claims if claim.groups(BUDGET)]
    left = [claim for claim in claims if claim.id not in best]
    partly = [without_seeds(claim, best[claim.id]) for claim in claims if claim.id in best]
    partly = [claim for claim in partly if claim.desktop.seeds]
    missing = {claim.id: f" (seeds {', '.join(map(str, claim.desktop.seeds))})" for claim in partly}
    lines, hours = table(connected([*left, *partly]), missing)
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    words = (
        f"Of {len(claims)} claims with runs {len(claims) - len(left)} have been run at this budget, "
        f"{len(partly)} of them not with all seeds. What is left takes about {hours:.0f} hours:"
    )
    PAGE.write_text("\n".join([f"{head}{BEGIN}", words, "", *lines, "", f"{END}{tail}"]), encoding="utf-8")
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    main()
