"""`modgrok reproduce`: the papers' claims, tested."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ..papers.book.committed import committed_verdicts
from ..papers.book.html import write_book
from ..papers.book.markdown import write_pages
from ..papers.book.text import caution, claim_words, count_words, time_words
from ..papers.claims.catalogue import choose_claims, read_paper
from ..papers.claims.claim import BUDGETS, BudgetName, Claim
from ..papers.claims.cost import costs_of
from ..papers.claims.reproduction import digest_of
from ..papers.claims.reproduction import reproduce as run_claims
from ..papers.claims.result import Result, read_figure, read_result
from ..sweeps.calibration import rates_of_machine
from ..tasks import InputError
from ..tasks.errors import shorten
from .display.sweep_progress import sweep_display
from .session import ctrl_c, explaining_write_errors
from .shared.command_line import command_line
from .shared.computing import prepare_to_compute
from .shared.engine import LOCAL, Where
from .shared.options import DEFAULT_RUNS, Json, Runs, whole_numbers
from .shared.output import cannot_write, check_output_folder, clock, note, say, say_json

FORMATS = ("html", "markdown")


def reproduce(
    *claims: Annotated[
        str, Parameter(help="Papers or claims, such as gromov2023 or gromov2023/fig1; default all.")
    ],
    list_: Annotated[
        bool,
        Parameter(
            name="--list",
            negative=(),
            help="List the claims with their estimated cost on this machine; run nothing.",
        ),
    ] = False,
    stored: Annotated[
        bool,
        Parameter(negative=(), help="Run nothing; test only the claims whose runs are all in the store."),
    ] = False,
    anew: Annotated[
        bool,
        Parameter(
            negative=(),
            help="With --budget desktop: run all seeds, including those whose numbers are in the committed "
            "book.",
        ),
    ] = False,
    seeds: Annotated[
        str | None,
        Parameter(
            help="With --budget desktop: run these seeds of each claim, such as 0 or 0,1, and judge them "
            "with those of the committed book; default all.",
        ),
    ] = None,
    budget: Annotated[
        str,
        Parameter(
            help="Size of the runs: laptop; desktop (longer, over several seeds); paper (the paper's own); "
            "tiny (only checks that everything runs)."
        ),
    ] = "laptop",
    where: Where = LOCAL,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Folder for the report on all claims.")
    ] = None,
    format: Annotated[
        str,
        Parameter(help="Format of that report: html, or markdown with the results in a separate file."),
    ] = "html",
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Test the papers' claims: for each, a measured number, the paper's number and a verdict.

    Runs are stored under claims/BUDGET in the store, and repeating the command continues them. Finished runs
    are not repeated; with --budget desktop, neither are seeds whose numbers are in the committed book.
    """
    chosen = choose_claims(claims)
    size = budget_of(budget)
    where.check()
    if format not in FORMATS:
        raise InputError(f"format: must be one of {', '.join(FORMATS)}, got {shorten(format)}")
    if output is not None:
        check_output_folder(output)
    if list_:
        for name, option in (("output", output), ("anew", anew or None), ("seeds", seeds)):
            if option is not None:
                raise InputError(f"{name}: must be left out with --list, which tests nothing")
        return _list(chosen, size, runs, json=json)
    if anew and size != "desktop":
        raise InputError(f"anew: must be used with --budget desktop, got {size}")
    if seeds is not None and size != "desktop":
        raise InputError(f"seeds: must be used with --budget desktop, got {size}")
    chosen_seeds = None if seeds is None else tuple(whole_numbers("seeds", seeds))
    prepare_to_compute()
    engine = nullcontext((None, 1)) if stored else where.start()
    with (
        engine as (executor, count),
        explaining_write_errors(runs),
        sweep_display() as show,
        ctrl_c() as interrupts,
    ):
        results = run_claims(
            chosen,
            size,
            runs,
            executor,
            workers=count,
            committed={} if anew else committed_verdicts(),
            seeds=chosen_seeds,
            command=command_line(),
            on_progress=show,
            on_result=_note,
            stop_requested=lambda: bool(interrupts),
        )
    for result in results:
        _print_result(result)
    say(f"{claim_words(len(results))}: {count_words(results)}.{caution(results)}")
    path = None if output is None else _write(output, format, results, runs)
    if json:
        say_json({"budget": size, "path": path, "claims": [_summary(result) for result in results]})
    return 0 if all(result.verdict is not None for result in results) else 1


def _write(folder: Path, format: str, results: Sequence[Result], runs: Path) -> str:
    """Write the book; return its first page."""
    figures = {result.id: read_figure(runs, result) for result in results}
    drawings = {claim: figure for claim, figure in figures.items() if figure is not None}
    try:
        path = (write_book if format == "html" else write_pages)(folder, results, drawings)
    except OSError as error:
        raise cannot_write(folder, error) from None
    say(f"wrote {path}")
    return str(path)


OF_BOOK = ("verdict", "seeds", "hours", "measured", "seed_values", "runs")
"""Keys of a claim that the committed book gives; its shortfalls and deviations follow from its budget."""


def budget_of(word: str) -> BudgetName:
    """Read a budget.

    Raises:
        InputError: there is no such one.
    """
    for budget in BUDGETS:
        if budget == word:
            return budget
    raise InputError(f"budget: must be one of {', '.join(BUDGETS)}, got {shorten(word)}")


def _list(claims: tuple[Claim, ...], budget: BudgetName, runs: Path, *, json: bool) -> int:
    costs = costs_of(claims, budget, rates_of_machine())
    results = []
    for claim in claims:
        stored = read_result(runs, budget, claim, digest_of(claim, budget))
        results.append(stored or Result(claim.id, budget, claim.source, claim.sentence, claim.judged(budget)))
    summaries = {claim.id: _as_json(result, claim) for claim, result in zip(claims, results, strict=True)}
    paper = ""
    for result in results:
        if result.paper != paper:
            paper = result.paper
            known = read_paper(paper)
            say(f"{paper}  ·  {known.title} ({known.citation})")
        entry = summaries[result.id]
        say(
            f"  {result.id:<34} {time_words(costs.claims[result.id]):>8}  {entry['verdict'] or '–':<10}  "
            f"{_seeds(entry):<10}  {result.source}: {result.sentence}"
        )
    guessed = ""
    if costs.estimated:
        guessed = f"; {costs.estimated} runs were never timed; their times are estimates"
    say(
        f"{claim_words(len(results))}, about {time_words(costs.total)} at the budget {budget}; shared runs "
        f"are counted once{guessed}"
    )
    say(
        f"verdicts and seeds: of this store at the budget {budget}, else of the committed book at the "
        "largest budget of each claim (named by --json)"
    )
    if json:
        entries = [{**summaries[result.id], "cost_seconds": costs.claims[result.id]} for result in results]
        say_json(
            {
                "budget": budget,
                "cost_seconds": costs.total,
                "estimated_runs": costs.estimated,
                "claims": entries,
            }
        )
    return 0


def _as_json(result: Result, claim: Claim) -> dict[str, Any]:
    """Return the JSON object of a listed claim: the stored result, or what the committed book has of it.

    The tiny budget has no place in the book.
    """
    entry = _summary(result)
    known = committed_verdicts().get(result.id)
    if result.verdict is not None or result.budget == "tiny" or known is None or known["verdict"] is None:
        return entry
    budget = known["budget"]
    claim = claim.of_seeds(known["seeds"])
    of_book = replace(
        result,
        budget=budget,
        expected=claim.judged(budget),
        shortfalls=claim.shortfalls(budget),
        deviations=claim.deviations_at(budget),
    )
    return {**_summary(of_book), **{name: known[name] for name in OF_BOOK}}


def _seeds(entry: dict[str, Any]) -> str:
    count = len(entry["seeds"])
    return "" if not count else "1 seed" if count == 1 else f"{count} seeds"


def _note(result: Result) -> None:
    note(f"{result.id}: {result.verdict or 'not tested'}")


def _print_result(result: Result) -> None:
    say(f"{result.verdict or 'not tested':<11} {result.id}  ·  {result.source}  ·  {clock(result.seconds)}")
    if result.error is not None:
        say(f"            {result.error}")
    for expected in result.expected if result.verdict is not None else ():
        value = result.values.get(expected.name)
        mark = " " if expected.holds(value) else "!"
        text = "none" if value is None else f"{value:.4g}"
        say(f"          {mark} {expected.name} {text}  ·  expected {expected.paper}")


def _summary(result: Result) -> dict[str, Any]:
    """The JSON object of a claim, as scripts rely on it."""
    content = result.to_json()
    return {
        "id": result.id,
        "paper": result.paper,
        "claim": result.sentence,
        "source": result.source,
        "expected": content["expected"],
        "measured": content["values"] if result.verdict is not None else None,
        "verdict": result.verdict,
        "seconds": result.seconds if result.verdict is not None else None,
        "error": result.error,
        "seeds": content["seeds"],
        "seed_values": content["seed_values"],
        "budget": result.budget,
        "hours": result.hours if result.verdict is not None else None,
        "shortfalls": content["shortfalls"],
        "runs": content["runs"],
        "deviations": content["deviations"],
    }
