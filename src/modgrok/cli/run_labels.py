"""`modgrok runs tag` and `modgrok runs note`: words about runs, kept in the store."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from ..runs.store.database import Database
from ..runs.store.labels import Labels, note_run, read_labels, tag_run
from ..tasks.errors import InputError
from .shared.options import DEFAULT_RUNS, Json, Runs
from .shared.output import say, say_json


def tag(
    run: Annotated[
        str, Parameter(help="Run id, the beginning of one, or latest; several are separated by commas.")
    ],
    /,
    *tags: Annotated[str, Parameter(help="Tags to add: letters, digits, '.', '-' and '_', such as fig-3.")],
    remove: Annotated[
        list[str] | None, Parameter(negative=(), help="A tag to remove; may be given several times.")
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Add tags to runs, or remove them; without a tag, show the present ones.

    runs list --where tag=NAME finds the runs again.
    """
    names = list(dict.fromkeys(name.strip() for name in run.split(",") if name.strip()))
    if not names:
        raise InputError("run: must name at least one run, got ''")
    changes = bool(tags or remove)
    with Database(runs, read_only=True) as store:
        ids = [str(store.entry(name)["id"]) for name in names]  # all are known before one is changed
        labels = read_labels(store, ids)
    if changes:
        with Database(runs) as store:
            labels = {one: tag_run(store, one, tags, remove or ()) for one in ids}
    for one in ids:
        say(f"{one}  {' '.join(labels.get(one, Labels()).tags) or 'no tags'}")
    if json:
        say_json({"runs": [_labelled(one, labels) for one in ids]})
    return 0


def note(
    run: Annotated[str, Parameter(help="Run id, the beginning of one, or latest.")],
    text: Annotated[
        str | None, Parameter(help="The note, which replaces the one before; '' removes it.")
    ] = None,
    /,
    *,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Write a note about a run; without a text, show the present one."""
    with Database(runs, read_only=True) as store:
        one = str(store.entry(run)["id"])
        labels = read_labels(store, [one])
    if text is not None:
        with Database(runs) as store:
            labels = {one: note_run(store, one, text)}
    for line in labels.get(one, Labels()).note.splitlines() or ["no note"]:
        say(line)
    if json:
        say_json({"runs": [_labelled(one, labels)]})
    return 0


def _labelled(run: str, labels: dict[str, Labels]) -> dict[str, Any]:
    own = labels.get(run, Labels())
    return {"id": run, "tags": own.tags, "note": own.note}
