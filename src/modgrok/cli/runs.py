"""`modgrok runs`: the store, listed, shown, compared, tagged, cleared and taken up again.

Listing loads no JAX; the other subcommands load what they need when they are called.
"""

from __future__ import annotations

import math
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from pydantic import BaseModel

from ..display import percent
from ..runs.run_settings import settings_of
from ..runs.store.database import Database, Record, RunRow
from ..runs.store.labels import Labels, read_labels
from ..runs.store.last_record import last_scalars
from ..runs.store.run_query import RunQuery, matching_ids, split_conditions
from ..runs.store.sweep_index import rows_of_sweep
from ..tasks.errors import InputError, shorten
from .display.run_table import table
from .leakage import explained_share_of_last, leakage_of, leakage_words
from .run_comparison import compare
from .run_labels import note as note_command
from .run_labels import tag
from .shared.command_line import command_line
from .shared.options import DEFAULT_RUNS, Json, Runs, whole
from .shared.output import note, say, say_json

if TYPE_CHECKING:
    from ..runs import RunOptions
    from ..runs.store.store import Checkpoint, Store

runs = App(name="runs", help="List, show, compare, tag, remove and resume stored runs.")
runs.command(tag)
runs.command(note_command, name="note")
runs.command(compare)
RunName = Annotated[str, Parameter(help="Run id, the beginning of one, or latest.")]


LISTED_FIELDS = tuple(
    field.name
    for field in fields(RunRow)
    if field.name not in ("experiment", "scalars", "histograms", "state", "state_sha256")
)


def described(
    rows: Sequence[RunRow],
    on_damaged: Callable[[InputError], None] | None = None,
    labels: Mapping[str, Labels] | None = None,
) -> list[dict[str, Any]]:
    """Each run as one JSON object; one whose experiment cannot be read is reported, or raises."""
    from ..runs.experiment import experiment_of

    objects = []
    for row in rows:
        try:
            settings = experiment_of(row).model_dump(mode="json")
        except InputError as error:
            if on_damaged is None:
                raise
            on_damaged(error if str(error).startswith("run ") else InputError(f"run {row.id}: {error}"))
            continue
        values = {name: getattr(row, name) for name in LISTED_FIELDS}
        values |= leakage_of(row.context)
        own = (labels or {}).get(row.id, Labels())
        values |= {"tags": own.tags, "note": own.note}
        objects.append({**values, "seconds_per_step": row.seconds_per_step, "settings": settings})
    return objects


@runs.command(name="list")
def list_runs(
    *,
    sweep: Annotated[
        str | None, Parameter(help="Name of a sweep; its runs in the order of its grid.")
    ] = None,
    where: Annotated[
        list[str] | None,
        Parameter(
            negative=(),
            consume_multiple=False,
            help="Condition that runs must satisfy, such as p=97, learner=mlp, test_accuracy>0.9 or "
            "grokked_at=never, or tag=fig-3; may be given several times.",
        ),
    ] = None,
    sort: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="Field to sort by, such as fraction or test_accuracy, in ascending order, or -FIELD for "
            "descending order; default the time of the last update.",
        ),
    ] = None,
    limit: Annotated[int | None, Parameter(converter=whole, help="Show only the last INT runs.")] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """List the runs of a store and how they differ; the last line is the run that `latest` names."""
    if limit is not None and limit < 1:
        raise InputError(f"limit: must be at least 1, got {limit}")
    with Database(runs, read_only=True) as store:
        damaged: list[InputError] = []
        rows = store.rows(damaged.append) if sweep is None else rows_of_sweep(store, sweep, damaged.append)
        if where or sort is not None or sweep is None:
            rows = _chosen(store, rows, where or (), sort, keep_order=sweep is not None)
        rows = rows if limit is None else rows[-limit:]
        last = last_scalars(store, rows)
        labels = read_labels(store)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if rows:
        for line in table(rows, [settings_of(row) for row in rows], last, width, labels):
            say(line)
    elif not damaged:
        say("no matching runs" if where else "no runs yet")
    described_rows = described(rows, damaged.append, labels) if json else []
    for error in damaged:
        note(f"damaged: {error}")
    if json:
        errors = {"damaged": [str(error) for error in damaged]} if damaged else {}
        say_json({"runs": described_rows, **errors})
    return 0


def _chosen(
    store: Database, rows: list[RunRow], where: Sequence[str], sort: str | None, *, keep_order: bool
) -> list[RunRow]:
    """Return the runs that satisfy all conditions, in the order asked for; the last ones come last.

    Arguments:
        store: where they are.
        rows: to choose among.
        where, sort: see `RunQuery`; without `sort`, by the last update.
        keep_order: whether runs stay in their order where `sort` is not given.
    """
    ascending = "updated" if sort is None else sort
    backwards = ascending[1:] if ascending.startswith("-") else f"-{ascending}"
    ids = matching_ids(store, RunQuery(where=split_conditions(where), sort=backwards))[::-1]
    place = {run: at for at, run in enumerate(ids)}
    chosen = [row for row in rows if row.id in place]
    return chosen if keep_order and sort is None else sorted(chosen, key=lambda row: place[row.id])


@runs.command
def show(run: RunName, /, *, runs: Runs = DEFAULT_RUNS, json: Json = False) -> int:
    """Show one run: settings, outcome, checkpoints."""
    from ..runs import Store
    from ..runs.experiment import experiment_of
    from ..runs.outcome import phase_of_records

    with Store(runs, read_only=True) as store:
        row = store.get(run)
        checkpoints = store.checkpoints(row.id)
        records = store.records(row.id)
        labels = read_labels(store, [row.id])
        explained = _explained_share(store, row, checkpoints, records) if json else None
    experiment = experiment_of(row)
    say(f"{row.expression} mod {row.p}  ·  {row.learner}  ·  run {row.id}")
    budget = f" of {row.budget:,}" if row.budget else ""
    say(f"  status      {row.status} at step {row.step:,}{budget}")
    say(f"  made by     {row.context['command']}")
    say(f"  stored in   {(Path(runs) / row.id).absolute()}")
    for name, at in (("memorised", row.memorised_at), ("grokked", row.grokked_at)):
        say(f"  {name:<11} {'never' if at is None else f'{at:,}'}")
    if records:
        last = records[-1].scalars
        say(f"  accuracy    train {percent(last['train_accuracy'])}, test {percent(last['test_accuracy'])}")
        phase = phase_of_records(records, experiment.corruption)
        if phase is not None:
            say(f"  phase       {phase} (Doshi et al. 2023, Table 2)")
        chance, majority = percent(row.context["chance"]), percent(row.context["majority"])
        say(f"  chance      1/p {chance}, most frequent value {majority}")
        say(f"  null        {leakage_words(leakage_of(row.context)).removeprefix('orbit null ')}")
    _print_settings(experiment)
    own = labels.get(row.id, Labels())
    if own.tags:
        say(f"  tags        {' '.join(own.tags)}")
    for line in own.note.splitlines():
        say(f"  note        {line}")
    say(f"  observed    {len(records)} times in {row.seconds:.1f} s")
    say("  weights     " + ", ".join(f"{c.step} ({'/'.join(c.reasons)})" for c in checkpoints))
    if json:
        checkpoint_steps = [
            {
                "step": c.step,
                "reasons": c.reasons,
                "path": str(c.path),
                "explained_share": c.explained_share,
            }
            for c in checkpoints
        ]
        curve = [{"step": r.step, "seconds": r.seconds, **r.scalars} for r in records]
        description = {**described([row], labels=labels)[0], "explained_share": explained}
        say_json({"runs": [{**description, "checkpoints": checkpoint_steps, "records": curve}]})
    return 0


def _explained_share(
    store: Store, row: RunRow, checkpoints: list[Checkpoint], records: list[Record]
) -> float | None:
    """Return the explained share recorded last, else that of the last kept network.

    None, with a message, where the network cannot be read.
    """
    from ..runs import CorruptFile

    recorded = [record.scalars.get("explained_share", math.nan) for record in records]
    if recorded and not math.isnan(recorded[-1]):
        return recorded[-1]
    try:
        return explained_share_of_last(store, row, checkpoints)
    except (CorruptFile, InputError, OSError) as error:
        note(f"run {row.id}: explained share not counted: {shorten(error, 200)}")
        return None


def _print_settings(experiment: BaseModel) -> None:
    """Say all settings, those that differ from the defaults first."""
    changed: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for model in (experiment, getattr(experiment, "learner")):  # noqa: B009 (a run's record)
        for name, info in type(model).model_fields.items():
            if name not in ("task", "learner", "kind"):
                value = getattr(model, name)
                (defaults if value == info.default else changed)[name] = value
        changed |= model.model_extra or {}
    for word, values in (("settings", changed), ("defaults", defaults)):
        text = ", ".join(
            f"{name} {'none' if value is None or value == '' else value}" for name, value in values.items()
        )
        for line in textwrap.wrap(text or "none", 84, break_on_hyphens=False):
            say(f"  {word:<10}  {line}")
            word = ""


@runs.command
def remove(
    *run: RunName,
    yes: Annotated[
        bool,
        Parameter(
            negative=(), show_default=False, help="Do not ask for confirmation; required without a terminal."
        ),
    ] = False,
    dry_run: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Print what would be removed; remove nothing.")
    ] = False,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Delete runs with their records and files, after asking."""
    from ..runs import Store

    if not run:
        raise InputError("run: must name at least one run, got none")
    with Store(runs, read_only=True) as store:
        rows = list({row.id: row for row in map(store.removable, run)}.values())
    if not dry_run and not yes:
        confirm(rows, runs)
    if not dry_run:
        with Store(runs) as store:
            for row in rows:
                store.remove(row.id)
    for row in rows:
        say(f"{'would remove' if dry_run else 'removed'} {row.id}  {row.expression} mod {row.p}")
    if json:
        say_json({"runs": [row.id for row in rows]})
    return 0


def confirm(rows: Sequence[RunRow], runs: Path) -> None:
    """Ask in a terminal whether runs may be deleted.

    Raises:
        InputError: there is no terminal.
        NotRemoved: the answer is not yes.
    """
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise InputError("yes: must be given to remove runs without a terminal, got none")
    for row in rows:
        note(f"{row.id}  {row.expression} mod {row.p}  {row.learner}  {row.status} at step {row.step:,}")
    count = "this run" if len(rows) == 1 else f"these {len(rows)} runs"
    sys.stderr.write(f"remove {count} of {Path(runs).absolute()}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise NotRemoved("nothing removed")


class NotRemoved(RuntimeError):
    """The user said no."""


AND_RESUMED = " && modgrok runs resume "


def continued(row: RunRow, options: RunOptions, runs: Path) -> str:
    """Return the commands that make a continued run: the first one, and the last that changed its end.

    Arguments:
        row: of the run.
        options: with which it goes on.
        runs: folder of the store.
    """
    from ..reports.commands import runs_option

    first, _, latest = str(row.context.get("command") or "").partition(AND_RESUMED)
    first = first.partition(" # ")[0]  # a comment would hide what follows it
    if not first:
        return command_line()
    if (options.steps, options.early_stop) != (row.budget, row.early_stop):
        stop = "--early-stop" if options.early_stop else "--no-early-stop"
        latest = f"{row.id} --steps {options.steps} {stop}{runs_option(runs)}"
    return f"{first}{AND_RESUMED}{latest}" if latest else first


@runs.command
def resume(
    run: RunName,
    /,
    *,
    steps: Annotated[
        int | None,
        Parameter(converter=whole, help="New maximum number of steps; default the one requested last."),
    ] = None,
    early_stop: Annotated[
        bool | None,
        Parameter(
            help="Stop at 1.5 times the step at which test accuracy reached 99%, if it has stayed there "
            "since; default as requested last."
        ),
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Continue a run from its last record."""
    from ..learners.catalogue import check_trains, definition_named
    from ..runs import RunOptions, Store
    from ..runs.assets import stored_experiment
    from .display.outcome import summary, tell
    from .session import follow
    from .shared.computing import prepare_to_compute

    prepare_to_compute()
    with Store(runs) as store:
        row = store.get(run)
        check_trains(definition_named(row.learner))
        options = RunOptions(
            steps=row.budget if steps is None else steps,
            observe_every=row.observe_every,
            early_stop=row.early_stop if early_stop is None else early_stop,
        )
        options = replace(options, command=continued(row, options, runs))
        result = follow(stored_experiment(store, row), store, options)
    tell(result, runs)
    if json:
        say_json(summary(result, runs))
    return 1 if result.row.status == "interrupted" else 0
