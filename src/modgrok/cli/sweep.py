"""`modgrok sweep`: a grid of runs, continued by repeating the command."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ..io import is_file
from ..learners.base.memory import check_memory
from ..runs import Store
from ..runs.preparation import memory_of
from ..runs.store.database import DATABASE, Database
from ..runs.store.sweep_index import SweepMember, read_listing, sweep_names
from ..sweeps.execution.driver import Plan, SweepCounts, cut, plan_sweep, run_sweep
from ..sweeps.execution.ensemble import Ensemble, ensembles_of
from ..sweeps.execution.executor import Job
from ..sweeps.execution.search import run_search
from ..sweeps.grid.critical_table import Search
from ..sweeps.grid.sweep_file import Sweep, read_sweep
from ..tasks import InputError
from ..tasks.errors import shorten
from ..threads import cores
from .display.critical import critical_json, print_critical
from .display.sweep_progress import sweep_display
from .session import ctrl_c, explaining_write_errors
from .shared.command_line import command_line
from .shared.engine import LOCAL, Where
from .shared.options import DEFAULT_RUNS, Json, Runs
from .shared.output import clock, counted, note, say, say_json

WEIGHTS = ("final", "schedule")
MOST_SHOWN = 5


def sweep(
    file: Annotated[Path, Parameter(help="TOML file with name, [base], [axes], [[zip]] and [critical].")],
    /,
    *,
    dry_run: Annotated[
        bool, Parameter(negative=(), help="Run nothing; print what would be run and its maximum cost.")
    ] = False,
    where: Where = LOCAL,
    retry_failed: Annotated[bool, Parameter(negative=(), help="Run failed runs again.")] = False,
    weights: Annotated[
        str,
        Parameter(help="Weights to store: final, or schedule (the checkpoints that a single run stores)."),
    ] = "final",
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Run a grid of experiments, each stored as a run of its own.

    Repeating the command continues the sweep: finished runs are skipped, failed ones are reported, new ones
    are run. Ctrl-C stops the sweep after the next observation of each running run. With [critical] in the
    file, the sweep searches, at every point, for the training fraction above which at least half of the seeds
    grok.
    """
    began = time.monotonic()
    where.check()
    if weights not in WEIGHTS:
        raise InputError(f"weights: must be one of {', '.join(WEIGHTS)}, got {shorten(weights)}")
    definition = read_sweep(file)
    _note_replaced(definition, runs)
    if dry_run:
        return _dry_run(definition, runs, where.local_workers(), json=json, retry_failed=retry_failed)
    with (
        where.start() as (engine, count),
        Store(runs) as store,
        explaining_write_errors(runs),
        sweep_display(most_runs(definition)) as show,
        ctrl_c() as interrupts,
    ):
        drive = partial(
            run_sweep,
            store=store,
            executor=engine,
            job=Job(Path(runs), command_line(), "schedule" if weights == "schedule" else "final"),
            workers=count,
            on_progress=show,
            stop_requested=lambda: bool(interrupts),
        )
        search_result = (
            None if definition.search is None else run_search(definition, drive, retry_failed=retry_failed)
        )
        tally, failed = (
            drive(definition, retry_failed=retry_failed)
            if search_result is None
            else (search_result.tally, search_result.failed)
        )
    seconds = time.monotonic() - began
    _print_result(definition, tally, failed, seconds)
    if search_result is not None:
        print_critical(search_result)
    if json:
        critical = {} if search_result is None else {"critical": critical_json(search_result)}
        say_json({**_summary(definition, tally, failed, seconds, runs), **critical})
    return 0 if tally.done == tally.total else 1


def most_runs(definition: Sweep) -> int | None:
    """Return how many runs a search takes at most: its first round tries two fractions a point."""
    return None if definition.search is None else len(definition.members) * definition.search.most_probes // 2


def _print_result(
    definition: Sweep, tally: SweepCounts, failed: Sequence[SweepMember], seconds: float
) -> None:
    say(f"sweep {definition.name}  ·  {tally.done} of {tally.total} runs done in {clock(seconds)}")
    say(f"  memorised {tally.memorised}, grokked {tally.grokked}, diverged {tally.count('diverged')}")
    for member in failed[:MOST_SHOWN]:
        point = ", ".join(f"{name} {value}" for name, value in member.point.items())
        say(f"  failed    {member.run}  {point}: {member.error}")
    if len(failed) > MOST_SHOWN:
        say(f"  and {len(failed) - MOST_SHOWN} more failed")
    busy = sum(tally.latest[member.run].busy for member in failed)
    if len(failed) > busy:
        say("  --retry-failed runs them again")
    if busy or tally.done + len(failed) < tally.total:
        say("  repeat the command to continue")


def _summary(
    definition: Sweep, tally: SweepCounts, failed: Sequence[SweepMember], seconds: float, runs: Path
) -> dict[str, Any]:
    return {
        "sweep": definition.name,
        "path": str(runs),
        "total": tally.total,
        "done": tally.done,
        "failed": len(failed),
        "seconds": seconds,
        "memorised": tally.memorised,
        "grokked": tally.grokked,
        "diverged": tally.count("diverged"),
        "failures": [
            {"run": f.run, "point": f.point, "error": f.error, "busy": tally.latest[f.run].busy}
            for f in failed
        ],
    }


def _peak_memory(shapes: Sequence[Ensemble]) -> int | None:
    """Return the largest estimate of `memory_of`, refusing a run that memory does not hold."""
    needs = []
    for shape in shapes:
        member = shape.members[0]
        need = memory_of(member.experiment, member.experiment.build_task(), member.pad_to_fraction)
        if need is not None:
            needs.append(check_memory(need).bytes)
    return max(needs, default=None)


def _dry_run(definition: Sweep, runs: Path, workers: int, *, json: bool, retry_failed: bool) -> int:
    from ..papers.book.text import time_words
    from ..sweeps.calibration import rates_of_machine
    from ..sweeps.sweep_cost import cost_of_sweep

    plan = _plan(definition, runs, retry_failed)
    tally, left = plan.tally, plan.left
    shapes = ensembles_of(left, most=max(len(left), 1))
    peak = _peak_memory(shapes)
    at_once = max(1, min(workers, len(left)))
    rates = rates_of_machine(max(1, cores() // at_once), lambda: note("measuring this machine's speed"))
    cost = cost_of_sweep(shapes, rates)
    seconds = cost.seconds(min(at_once, cores()))
    if definition.search is not None:
        _print_rounds(definition.search, len(definition.members))
        seconds *= definition.search.most_probes / 2
    say(f"sweep {definition.name}  ·  {counted(tally.total, 'run')}, {tally.done} done, {len(left)} to run")
    ensembles = counted(len(cut(left, workers)), "ensemble")
    say(f"  {ensembles} of {counted(len(shapes), 'shape')}, over {counted(workers, 'worker')}")
    say(
        f"  at most about {time_words(seconds)} (if no run stops early and nothing is compiled yet); "
        f"{cost.bytes / 1e6:.1f} MB of arrays per worker"
    )
    if peak is not None:
        say(f"  the largest run needs about {max(1, round(peak / 2**20)):,} MiB at its peak")
    if json:
        say_json(
            {
                **_summary(definition, tally, plan.failed, 0.0, runs),
                "left": len(left),
                "ensembles": len(cut(left, workers)),
                "shapes": len(shapes),
                "predicted_seconds": seconds,
                "predicted_bytes": cost.bytes,
                "peak_bytes": peak,
            }
        )
    return 0


def _print_rounds(search: Search, first: int) -> None:
    """Say what comes after the first round, of two fractions a point, that the numbers below are of."""
    say(
        f"a search of at most {search.most_probes - 1} rounds and {first * search.most_probes // 2} runs; "
        "the runs below are those of the first round, the time is that of all rounds"
    )


def _note_replaced(definition: Sweep, runs: Path) -> None:
    """Say that runs of a sweep of this name would leave its list; those of a search's later rounds stay."""
    if not is_file(Path(runs) / DATABASE):
        return
    with Database(runs, read_only=True) as store:
        earlier = read_listing(store, definition.name) if definition.name in sweep_names(store) else None
    if earlier is None:
        return
    own = {member.experiment.id for member in definition.members}
    others = sum(member.run not in own for member in earlier.members)
    if others and (definition.search is None or others == len(earlier.members)):
        note(
            f"{counted(others, 'run')} would leave the list of the sweep {definition.name}, which the store "
            "has: the runs stay, and another name in the file keeps that list"
        )


def _plan(definition: Sweep, runs: Path, retry_failed: bool) -> Plan:
    """Plan without making a store where there is none."""
    if not is_file(Path(runs) / DATABASE):
        return plan_sweep(definition, None)
    with Store(runs, read_only=True) as store:
        return plan_sweep(definition, store, retry_failed=retry_failed)
