"""Write docs/claims anew: `python tools/make_claim_pages.py [STORE ...]`.

Takes the committed results, replaces those for which a store has a result of the same or of a larger budget,
judges all by what the claims expect today, and writes pages, tables of runs, and the verdicts that come with
the package. A claim without any result is shown as not tested.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from modgrok.io import write_atomically
from modgrok.papers import BUDGETS, Claim, read_papers
from modgrok.papers.book import committed
from modgrok.papers.book.markdown import FIGURES, picture_names, read_results, write_pages
from modgrok.papers.claims.result import Result, judged_again, read_figure, read_result
from modgrok.runs import Experiment

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "claims"
SHARES: dict[tuple[str, int], float] = {}
"""Task and modulus -> share of its most frequent value."""


def best_result(claim: Claim, known: Result | None, stores: list[Path]) -> tuple[Result, str | None]:
    """Return the result of the largest budget, the newest store first, and its figure if it is a new one."""
    for budget in reversed(BUDGETS[1:]):
        for store in reversed(stores):
            result = read_result(store, budget, claim)
            if result is not None and result.verdict is not None:
                return with_committed(result, known), read_figure(store, result)
        if known is not None and known.verdict is not None and known.budget == budget:
            return judged_again(known, claim), None
    empty = Result(claim.id, "desktop", claim.source, claim.sentence, claim.judged("desktop"))
    return replace(empty, error="it has not been run yet"), None


def with_committed(stored: Result, known: Result | None) -> Result:
    """Add what is committed of the seeds that a store has no runs of."""
    if known is None or known.budget != stored.budget or not stored.seed_values:
        return stored
    runs = {str(row["run"]) for row in stored.run_table}
    seeds = {row.get("seed") for row in stored.rows}
    table = [row for row in known.run_table if row["run"] in stored.runs and row["run"] not in runs]
    rows = [row for row in known.rows if row.get("seed") in stored.seeds and row.get("seed") not in seeds]
    return replace(stored, run_table=(*table, *stored.run_table), rows=(*rows, *stored.rows))


def with_majority(claim: Claim, result: Result) -> Result:
    """Add to the rows of runs the share of the task's most frequent value, where they lack it."""
    tasks = {m.experiment.id: m.experiment for g in claim.groups(result.budget).values() for m in g.members()}
    rows = [
        {**row, "majority": row.get("majority") or majority_share(tasks.get(str(row["run"])))}
        for row in result.run_table
    ]
    return replace(result, run_table=tuple(rows))


def majority_share(experiment: Experiment | None) -> float | str:
    """Return the share of the most frequent value of a run's task; nothing of a run that is not planned."""
    if experiment is None:
        return ""
    name = (experiment.name, experiment.task.p)
    if name not in SHARES:
        SHARES[name] = experiment.build_task().majority_share
    return SHARES[name]


def main(stores: list[Path]) -> None:
    """Write the pages."""
    known = {result.id: result for result in read_results(PAGES)}
    results, figures = [], {}
    for claim in (claim for paper in read_papers() for claim in paper.claims):
        result, figure = best_result(claim, known.get(claim.id), stores)
        results.append(with_majority(claim, result))
        if figure is not None:
            figures[claim.id] = figure
    write_pages(PAGES, results, figures)
    pictures = picture_names(results)
    for path in (PAGES / FIGURES).iterdir():
        if path.name not in pictures:
            path.unlink()
    write_atomically(
        Path(committed.__file__).with_name(committed.COMMITTED), committed.committed_text(results)
    )


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
