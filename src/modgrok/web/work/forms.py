"""The form of a training, and the command that it amounts to: both from the settings' declarations.

Owns: how a field of the settings becomes a field of a form and an option of `modgrok train`. No learner is
named here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from ...learners.base.settings import choices_of, option_fields
from ...learners.catalogue import LEARNERS, check_trains, definition_named
from ...runs import Experiment, Store
from ...runs.experiment import experiment_of
from ...tasks import InputError
from ...tasks.errors import shorten
from .task_request import requested_task

OWN_FIELDS = ("fraction", "orbits", "corruption", "seed")
"""Fields of the experiment itself that a form has."""
COMMAND_FIELDS = (*OWN_FIELDS, "folds", "fold")
"""Those that a command line may name."""
BOUNDS = {"ge": "min", "le": "max", "gt": "above", "lt": "below"}


def learners() -> list[dict[str, Any]]:
    """List every learner with the fields of its form.

    Returns:
        For each learner `name`, `title`, `steps` (default budget) and `fields`, each with `name`, `type`
        (`number`, `integer`, `boolean`, `choice` or `text`), `default`, `description`, `choices` and bounds.
    """
    return [
        {
            "name": known.name,
            "title": known.settings.title or known.name,
            "steps": known.default_steps,
            "unit": known.wording.unit,
            "fields": [
                *(_field(name, Experiment.model_fields[name]) for name in OWN_FIELDS),
                *(_field(name, info) for name, info in option_fields(known.settings).items()),
            ],
        }
        for known in LEARNERS
    ]


def plan(
    learner: str,
    options: Mapping[str, Any],
    expression: str | None = None,
    p: int | None = None,
    group: str | None = None,
    table: str | None = None,
    table_path: str = "",
    steps: int | None = None,
) -> dict[str, Any]:
    """Check what a form says; return the run that it names, and the words of its command.

    Arguments:
        learner: name.
        options: field -> value; a value may be text, as a form has it, and empty text is the default.
        expression, p: an expression and its modulus, or
        group: the name of a finite group, or
        table: a table as `.npy` in base64.
        table_path: of a file with this table, for the command.
        steps: budget; None is the learner's default.

    Raises:
        InputError: a field is unknown, or a value breaks a rule.
    """
    fields = _fields_of(learner)
    filled_in = {
        name: _value(name, value, fields) for name, value in options.items() if value not in ("", None)
    }
    task = None if table is None else requested_task(table=table).task
    experiment = Experiment.of(expression, p=p, group=group, table=task, learner=learner, **filled_in)
    return _planned(experiment, steps, table_path)


def plan_again(folder: str, run: str, seed: int) -> dict[str, Any]:
    """Plan a stored run once more with another seed; as `plan`.

    Raises:
        InputError: no such run, a seed out of range, or a run that names arrays of its own.
    """
    with Store(Path(folder), read_only=True) as store:
        row = store.get(run)
    check_resumable(row.learner)
    experiment = experiment_of(row)
    if experiment.needs():
        raise InputError(
            "run: must need no table, matrix or network of its own to be repeated here, got one that does"
        )
    content = experiment.model_dump(mode="json")
    again = Experiment.from_json(json.dumps({**content, "seed": seed}))
    return _planned(again, row.budget)


def check_resumable(learner: str) -> None:
    """Refuse to go on with runs that modgrok does not train.

    Raises:
        InputError: the learner is of such runs, or unknown.
    """
    check_trains(definition_named(learner))


def _planned(experiment: Experiment, steps: int | None, table_path: str = "") -> dict[str, Any]:
    return {
        "run": experiment.id,
        "title": experiment.name + (f" mod {experiment.task.p}" if experiment.task.expression else ""),
        "learner": experiment.learner.kind,
        "words": command_words(experiment, steps, table_path),
    }


def command_words(experiment: Experiment, steps: int | None, table_path: str = "") -> list[str]:
    """Return the words of the command that trains an experiment.

    Example:
        >>> command_words(Experiment.of("x + y", p=7, lr=2.0, seed=3), 100)
        ['train', 'x + y', '--p=7', '--learner=mlp', '--steps=100', '--seed=3', '--lr=2.0']
    """
    source = experiment.task
    words = ["train"]
    if source.expression is not None:
        words += [source.expression, f"--p={source.p}"]
    elif source.group is not None:
        words += [f"--group={source.group}"]
    else:
        words += [f"--table={table_path}"]
    words += ["--extended-domain"] if source.extended_domain else []
    words += [f"--learner={experiment.learner.kind}"]
    words += [] if steps is None else [f"--steps={steps}"]
    for name, value in _chosen(experiment).items():
        words.append(_option(name, value))
    return words


def _chosen(experiment: Experiment) -> dict[str, Any]:
    """Return the fewest options that give an experiment: some defaults depend on other options."""
    source, settings = experiment.task, experiment.learner

    def experiment_of(options: Mapping[str, Any]) -> Experiment:
        return Experiment.of(
            source.expression,
            p=source.p,
            group=source.group,
            table=experiment.assets.get(source.table or ""),
            extended_domain=source.extended_domain,
            learner=settings.kind,
            **options,
        )

    usual = experiment_of({})
    chosen = {name: getattr(experiment, name) for name in COMMAND_FIELDS}
    chosen = {name: value for name, value in chosen.items() if value != getattr(usual, name)}
    for name in option_fields(type(settings)):
        value = getattr(settings, name)
        if value is not None and value != getattr(usual.learner, name):
            chosen[name] = value
    for name in list(chosen):
        others = {other: value for other, value in chosen.items() if other != name}
        if experiment_of(others).id == experiment.id:
            chosen = others
    return chosen


def _option(name: str, value: Any) -> str:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag}={value}"


def _fields_of(learner: str) -> dict[str, FieldInfo]:
    own = {name: Experiment.model_fields[name] for name in OWN_FIELDS}
    return {**own, **option_fields(LEARNERS.named(learner).settings)}


def _field(name: str, info: FieldInfo) -> dict[str, Any]:
    bounds = {}
    for entry in info.metadata:
        for attribute, key in BOUNDS.items():
            if hasattr(entry, attribute):
                bounds[key] = getattr(entry, attribute)
    return {
        "name": name,
        "type": _type(info),
        "default": info.default,
        "description": info.description or "",
        "choices": choices_of(info),
        **bounds,
    }


def _type(info: FieldInfo) -> str:
    kinds = [part for part in (get_args(info.annotation) or (info.annotation,)) if part is not type(None)]
    if choices_of(info):
        return "choice"
    return {bool: "boolean", int: "integer", float: "number"}.get(kinds[0], "text")


def _value(name: str, value: Any, fields: Mapping[str, FieldInfo]) -> Any:
    """Read what a form has for a field: text becomes what the field is."""
    if name not in fields:
        raise InputError(f"field: must be one of {', '.join(fields)}, got {shorten(name)}")
    kind = _type(fields[name])
    if not isinstance(value, str):
        return value
    try:
        if kind == "integer":
            return int(value)
        if kind == "number":
            return float(value)
    except ValueError:
        noun = "an integer" if kind == "integer" else "a number"
        raise InputError(f"{name}: must be {noun}, got {shorten(value)}") from None
    if kind == "boolean":
        if value not in ("true", "false"):
            raise InputError(f"{name}: must be true or false, got {shorten(value)}")
        return value == "true"
    return value
