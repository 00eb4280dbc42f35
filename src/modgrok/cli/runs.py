"""`modgrok runs`: the store, listed, shown, cleared and taken up again.

Listing loads no JAX; the other verbs load what they need when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Annotated, Any

from cyclopts import App, Parameter

from ..runs.store.database import Database, RunRow
from ..runs.store.sweep_index import rows_of_sweep
from ..tasks.errors import InputError
from .options import DEFAULT_RUNS, Json, Runs, whole
from .output import note, percent, say, say_json

runs = App(name="runs", help="List, show, remove and resume stored runs.")
RunName = Annotated[str, Parameter(help="Run id, the beginning of one, or latest.")]


SHOWN = tuple(
    field.name
    for field in fields(RunRow)
    if field.name not in ("experiment", "scalars", "histograms", "state", "state_sha256")
)


def described(
    rows: Sequence[RunRow], on_damaged: Callable[[InputError], None] | None = None
) -> list[dict[str, Any]]:
    """Each run as one JSON object; one whose experiment cannot be read is reported, or raises."""
    from ..runs import Experiment

    objects = []
    for row in rows:
        try:
            settings = Experiment.from_json(row.experiment).model_dump(mode="json")
        except InputError as error:
            if on_damaged is None:
                raise
            on_damaged(InputError(f"run {row.id}: {error}"))
            continue
        values = {name: getattr(row, name) for name in SHOWN}
        objects.append({**values, "seconds_per_step": row.seconds_per_step, "settings": settings})
    return objects


@runs.command(name="list")
def list_runs(
    *,
    sweep: Annotated[
        str | None, Parameter(help="Name of a sweep; its runs in the order of its grid.")
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """List the runs of a store, oldest first."""
    with Database(runs, read_only=True) as store:
        damaged: list[InputError] = []
        rows = store.rows(damaged.append) if sweep is None else rows_of_sweep(store, sweep, damaged.append)
    for row in rows:
        grokked = "never" if row.grokked_at is None else f"{row.grokked_at:,}"
        task = row.expression if len(row.expression) <= 32 else row.expression[:29] + "..."
        say(
            f"{row.id}  {task:<32}  p {row.p:<4}  {row.learner:<11}  {row.status:<11}  "
            f"step {row.step:>8,}  grokked {grokked:>8}"
        )
    if not rows and not damaged:
        say("no runs yet")
    listed = described(rows, damaged.append) if json else []
    for error in damaged:
        note(f"damaged: {error}")
    if json:
        errors = {"damaged": [str(error) for error in damaged]} if damaged else {}
        say_json({"runs": listed, **errors})
    return 0


@runs.command
def show(run: RunName, /, *, runs: Runs = DEFAULT_RUNS, json: Json = False) -> int:
    """Show one run: settings, outcome, kept weights."""
    from ..runs import Experiment, Store

    with Store(runs, read_only=True) as store:
        row = store.get(run)
        checkpoints = store.checkpoints(row.id)
        records = store.records(row.id)
    experiment = Experiment.from_json(row.experiment)
    say(f"{row.expression} mod {row.p}  ·  {row.learner}  ·  run {row.id}")
    say(f"  status      {row.status} at step {row.step:,}")
    say(f"  made by     {row.context['command']}")
    say(f"  memorised   {row.memorised_at if row.memorised_at is not None else 'never'}")
    say(f"  grokked     {row.grokked_at if row.grokked_at is not None else 'never'}")
    if records:
        last = records[-1].scalars
        say(f"  accuracy    train {percent(last['train_accuracy'])}, test {percent(last['test_accuracy'])}")
        chance, majority = percent(row.context["chance"]), percent(row.context["majority"])
        say(f"  chance      1/p {chance}, most frequent value {majority}")
    changed = experiment.learner.model_dump(exclude_defaults=True)
    say("  settings    " + ", ".join(f"{name} {value}" for name, value in changed.items()))
    say(f"  observed    {len(records)} times in {row.seconds:.1f} s")
    say("  weights     " + ", ".join(f"{c.step} ({'/'.join(c.reasons)})" for c in checkpoints))
    if json:
        kept = [{"step": c.step, "reasons": c.reasons, "path": str(c.path)} for c in checkpoints]
        curve = [{"step": r.step, "seconds": r.seconds, **r.scalars} for r in records]
        say_json({"runs": [{**described([row])[0], "checkpoints": kept, "records": curve}]})
    return 0


@runs.command
def remove(*run: RunName, runs: Runs = DEFAULT_RUNS, json: Json = False) -> int:
    """Delete runs with their records and files."""
    from ..runs import Store

    with Store(runs) as store:
        removed = [store.remove(name) for name in run]
    for row in removed:
        say(f"removed {row.id}  {row.expression} mod {row.p}")
    if json:
        say_json({"runs": [row.id for row in removed]})
    return 0


@runs.command
def resume(
    run: RunName,
    /,
    *,
    steps: Annotated[
        int | None, Parameter(converter=whole, help="New budget of steps; default the one asked for last.")
    ] = None,
    early_stop: Annotated[
        bool | None, Parameter(help="Stop at 1.5 times the step of grokking; default as asked for last.")
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Take a run up where its records end."""
    from ..runs import RunOptions, Store
    from ..runs.assets import stored_experiment
    from .cache import enable_compilation_cache
    from .train import follow, summary, tell

    enable_compilation_cache()
    with Store(runs) as store:
        row = store.get(run)
        options = RunOptions(
            steps=row.budget if steps is None else steps,
            observe_every=row.observe_every,
            early_stop=row.early_stop if early_stop is None else early_stop,
        )
        result = follow(stored_experiment(store, row), store, options)
    tell(result, runs)
    if json:
        say_json(summary(result, runs))
    return 1 if result.row.status == "interrupted" else 0
