"""The settings of stored runs by name, and in which of them several runs differ. Loads no JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..io import parse_json
from ..tasks.errors import InputError
from .store.database import Database, RunRow

MOST_COMPARED = 20
"""Runs of one comparison."""


def settings_of(row: RunRow) -> dict[str, Any]:
    """Return the settings of a run by name: those of the experiment, then those of its learner.

    There are none where what a store says is no experiment.
    """
    try:
        stored: dict[str, Any] = parse_json(row.experiment, "experiment", dict)
    except InputError:
        return {}
    learner = stored.get("learner")
    if not isinstance(learner, dict):
        return {}
    own = {name: value for name, value in stored.items() if name not in ("task", "learner")}
    return {**own, **{name: value for name, value in learner.items() if name != "kind"}}


def described_settings(row: RunRow) -> dict[str, Any]:
    """Return what determines a run: its task, modulus and learner, then its settings."""
    return {"expression": row.expression, "p": row.p, "learner": row.learner} | settings_of(row)


def rows_to_compare(store: Database, runs: Sequence[str]) -> list[RunRow]:
    """Return the rows of runs that are compared, each once, in the order given.

    Arguments:
        store: where they are.
        runs: 2 to 20 ids, beginnings of ids, or `latest`.

    Raises:
        InputError: no such run, or fewer or more than that.
    """
    rows = list({row.id: row for row in map(store.get, runs)}.values())
    if not 2 <= len(rows) <= MOST_COMPARED:
        raise InputError(f"run: must be 2 to {MOST_COMPARED} different runs to be compared, got {len(rows)}")
    return rows


def differences(settings: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the settings in which runs differ: name -> the value of each run, None where it has none.

    Example:
        >>> differences([{"lr": 1.0, "seed": 0}, {"lr": 1.0, "seed": 1}])
        {'seed': [0, 1]}
    """
    names = dict.fromkeys(name for own in settings for name in own)
    values = {name: [own.get(name) for own in settings] for name in names}
    return {name: of_name for name, of_name in values.items() if any(v != of_name[0] for v in of_name)}


def shared_differences(settings: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the settings in which runs differ, without those that only some of the learners have.

    Example:
        >>> shared_differences([{"learner": "mlp", "width": 9, "seed": 0}, {"learner": "rfm", "seed": 1}])
        {'learner': ['mlp', 'rfm'], 'seed': [0, 1]}
    """
    return {
        name: values for name, values in differences(settings).items() if all(name in own for own in settings)
    }
