"""Testing claims: their runs, then each one's numbers, verdict and figure, stored as they come.

Owns: the order of work, what makes a stored result out of date, and what is said of a claim that cannot be
tested. Which runs are made is `stages`, what is kept `result`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...reports.charts.chart import Panel
from ...reports.charts.line import Line, printed_line
from ...reports.charts.seeds import with_printed
from ...reports.formats.svg import panels_svg
from ...runs import Store
from ...runs.options import CheckpointPolicy
from ...sweeps.execution.driver import SweepCounts
from ...sweeps.execution.ensemble import reason_of
from ...sweeps.execution.executor import Executor
from ...sweeps.grid.sweep_file import Member
from ...tasks import InputError
from ...version import __version__
from .claim import BudgetName, Claim, ClaimResult
from .code_digest import digest_of_function
from .continuation import joined, known_seeds, seed_plan, without_seeds
from .evidence import Evidence, RunData, read_run_data
from .printed import PrintedCurve
from .result import Caption, Result, claims_folder, read_result, write_result
from .seeds import measure_claim, run_table
from .stages import Stages, run_stages, stages_of


def reproduce(
    claims: Sequence[Claim],
    budget: BudgetName,
    runs: Path,
    executor: Executor | None,
    *,
    workers: int,
    committed: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    seeds: Collection[int] | None = None,
    command: str = "",
    on_progress: Callable[[SweepCounts], None] = lambda tally: None,
    on_result: Callable[[Result], None] = lambda result: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> list[Result]:
    """Test claims: what is stored and holds is taken as it is, the rest is run and evaluated.

    Arguments:
        claims: to test.
        budget: of their runs.
        runs: folder under which `claims/<budget>` keeps runs and results.
        executor: runs ensembles; None runs nothing, and tests the claims whose runs are all stored.
        workers: over how many they are spread.
        committed: claim id -> its entry in the committed book, whose seeds need no runs; see `known_seeds`.
        seeds: at the budget `desktop`, those of each claim that are run and judged, beside those of the
            committed book; None for all.
        command: recorded with every run.
        on_progress: called at every event of the runs.
        on_result: called after every claim, stored ones first.
        stop_requested: asked often; true interrupts, and what is complete is evaluated.

    Returns:
        one result a claim, in their order; without a verdict where it could not be tested.

    Raises:
        InputError: a claim has none of the seeds.
    """
    if seeds is not None:
        claims = [_of_seeds(claim, seeds, committed.get(claim.id)) for claim in claims]
    results: dict[str, Result] = {}
    left = []
    for claim in claims:
        stored = read_result(runs, budget, claim, digest_of(claim, budget))
        if stored is None or stored.verdict is None:
            left.append(claim)
        else:
            results[claim.id] = stored
            on_result(stored)
    known = {claim.id: known_seeds(claim, budget, committed.get(claim.id)) for claim in left}
    remaining = {claim.id: without_seeds(claim, tuple(known[claim.id].numbers)) for claim in left}
    for claim in [
        claim for claim in left if not remaining[claim.id].desktop.seeds and known[claim.id].numbers
    ]:
        results[claim.id] = joined(claim, _untested(claim, budget), known[claim.id])
        on_result(results[claim.id])
        left.remove(claim)
    if left:
        stages = stages_of([remaining[claim.id] for claim in left], budget)
        with Store(claims_folder(runs, budget)) as store:
            run_stages(
                stages,
                store,
                executor,
                command=command,
                workers=workers,
                on_progress=on_progress,
                stop_requested=stop_requested,
            )
            for claim in left:
                result, figure = evaluate(remaining[claim.id], budget, stages, store)
                if known[claim.id].numbers:
                    result = replace(joined(claim, result, known[claim.id]), digest=digest_of(claim, budget))
                write_result(runs, result, figure)
                results[claim.id] = result
                on_result(result)
    return [results[claim.id] for claim in claims]


def _of_seeds(claim: Claim, seeds: Collection[int], entry: Mapping[str, Any] | None) -> Claim:
    """Return a claim with some of its seeds, and those whose committed numbers hold."""
    if claim.groups("desktop") and not set(seeds) & set(claim.desktop.seeds):
        known = ", ".join(map(str, claim.desktop.seeds))
        chosen = ", ".join(map(str, seeds))
        raise InputError(f"seeds: must have some of those of {claim.id} ({known}), got {chosen}")
    return claim.of_seeds({*seeds, *known_seeds(claim, "desktop", entry).numbers})


def evaluate(claim: Claim, budget: BudgetName, stages: Stages, store: Store) -> tuple[Result, str | None]:
    """Measure a claim on its runs.

    Returns:
        (result, figure as SVG); without verdict and figure if a run or the evaluation failed.
    """
    began = time.perf_counter()
    members = {name[1]: group for name, group in stages.members.items() if name[0] == claim.id}
    base = replace(_untested(claim, budget), tasks=_tasks(members.values()))
    trouble = stages.trouble(claim.id)
    if trouble is not None:
        return replace(base, error=trouble), None
    groups = {
        name: _read_runs(store, members_of_group, stages.groups[claim.id, name].weights)
        for name, members_of_group in members.items()
    }
    evidence = Evidence(claim.basis(budget), groups)
    runs_data = {run.row.id: run for group in evidence.groups.values() for run in group}
    try:
        measured, seed_values = measure_claim(claim, budget, evidence)
        check(claim, budget, measured)
        figure = panels_svg(with_printed(measured.panels, printed_lines(claim)))
    except Exception as error:  # a claim is other people's code: one that breaks must not stop the others
        return replace(base, error=f"evaluation: {reason_of(error)}", runs=tuple(runs_data)), None
    seconds = sum(run.row.seconds for run in runs_data.values()) + time.perf_counter() - began
    seeds = tuple(sorted({run.experiment.seed for run in runs_data.values()}))
    result = replace(
        base,
        values=dict(measured.values),
        verdict=claim.verdict(measured.values, budget),
        seconds=seconds,
        seeds=seeds,
        runs=tuple(runs_data),
        rows=tuple(dict(row) for row in measured.rows),
        captions=tuple(_caption(panel) for panel in measured.panels),
        seed_values=seed_values,
        seed_plans=tuple(seed_plan(claim, budget, seed) for seed in seeds) if seed_values else (),
        run_table=run_table(groups),
    )
    return result, figure


def _untested(claim: Claim, budget: BudgetName) -> Result:
    return Result(
        claim.id,
        budget,
        claim.source,
        claim.sentence,
        claim.judged(budget),
        deviations=claim.deviations_at(budget),
        version=__version__,
        digest=digest_of(claim, budget),
        shortfalls=claim.shortfalls(budget),
        certain=claim.certain,
    )


def printed_lines(claim: Claim) -> list[tuple[str, Line]]:
    """List the curves that the paper prints, with the panels in which they are drawn."""
    curves = [one for one in claim.printed if isinstance(one, PrintedCurve)]
    return [(curve.panel, printed_line(f"{curve.by}, {curve.source}", curve.x, curve.y)) for curve in curves]


def check(claim: Claim, budget: BudgetName, measured: ClaimResult) -> None:
    """Refuse evidence without what was promised.

    Raises:
        InputError: an expected number was not measured, or there is no figure.
    """
    absent = [expected.name for expected in claim.judged(budget) if expected.name not in measured.values]
    if absent:
        raise InputError(f"values: {claim.id} must measure {', '.join(absent)}")
    if not measured.panels:
        raise InputError(f"panels: {claim.id} must have a figure")


def digest_of(claim: Claim, budget: BudgetName) -> str:
    """Return what a result depends on: the runs asked for, and the code that measures them.

    If the code has changed, the claim is measured again from the stored runs.
    """
    plan = {
        name: [
            [[m.experiment.id, m.steps, m.observe_every, m.early_stop] for m in group.members()],
            group.embedding_from,
            group.body_from,
            group.weights,
        ]
        for name, group in claim.groups(budget).items()
    }
    curves = [repr(one) for one in claim.printed if isinstance(one, PrintedCurve)]
    text = json.dumps([claim.id, budget, plan, digest_of_function(claim.measure), __version__, *curves])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read_runs(store: Store, members: Sequence[Member], weights: CheckpointPolicy) -> tuple[RunData, ...]:
    """Read the runs of a group, with no more weights than it asks for: other claims may keep more of them."""
    runs = [read_run_data(store, member) for member in members]
    last = slice(-1, None) if weights == "final" else slice(None)
    return tuple(replace(run, checkpoints=run.checkpoints[last]) for run in runs)


def _tasks(groups: Iterable[Sequence[Member]]) -> tuple[str, ...]:
    experiments = [member.experiment for members in groups for member in members]
    return tuple(dict.fromkeys(f"{e.name} mod {e.task.p}" if e.task.p else e.name for e in experiments))


def _caption(panel: Panel) -> Caption:
    texts = " ".join(cell.text for group in panel.groups for cell in group.cells)
    return Caption(panel.title, panel.caption, texts)
