"""What a stored run can be chosen and sorted by: its row, its settings, its last observation.

Owns: the names of these fields and their values, `--where` and `--sort`.
"""

from __future__ import annotations

import contextlib
import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...runs.spelling import current_names
from ...runs.store.database import RunRow
from ...tasks.errors import InputError, shorten

OF_ROW = (
    "id", "expression", "p", "learner", "status", "step", "budget", "memorised_at", "grokked_at", "seconds",
    "created", "updated",
)  # fmt: skip
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
TAG = "tag"
MISSING_WORDS = ("none", "never")
"""Words for a value that is missing."""
Fields = dict[str, Any]


def fields_of(row: RunRow, settings: Fields, last: Mapping[str, float], tags: Sequence[str] = ()) -> Fields:
    """Return all fields of a run by name, from its last observation, settings and row; None for no value.

    `tag` is the tuple of its tags: a condition asks whether one is among them.
    """
    numbers = {name: None if math.isnan(value) else value for name, value in last.items()}
    return {**numbers, **settings, **{name: getattr(row, name) for name in OF_ROW}, TAG: tuple(tags)}


def choose(runs: Sequence[Fields], conditions: Iterable[str]) -> list[bool]:
    """Say of each run whether it satisfies all conditions, such as `p=97` and `test_accuracy>0.9`.

    Raises:
        InputError: a condition that cannot be read, or a field that no run has.
    """
    tests = [_condition(text, runs) for text in conditions]
    return [all(test(run) for test in tests) for run in runs]


def sort_key(name: str, runs: Sequence[Fields]) -> Callable[[Fields], tuple[int, float, str]]:
    """Return the key that sorts runs by a field: runs without a value first, then numbers, then words.

    Raises:
        InputError: no run has the field.
    """
    known = _known(name, runs)

    def key(run: Fields) -> tuple[int, float, str]:
        value = run.get(known)
        if value is None:
            return 0, 0.0, ""
        return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, str(value))

    return key


def _condition(text: str, runs: Sequence[Fields]) -> Callable[[Fields], bool]:
    parts = re.fullmatch(r"\s*(\w+)\s*(<=|>=|!=|=|<|>)\s*(.*?)\s*", text, re.DOTALL)
    if parts is None:
        raise InputError(
            f"where: must be KEY=VALUE, or use <, >, <=, >= or != in place of =, got {shorten(text)}"
        )
    name, sign, value = parts.groups()
    known = _known(name, runs)
    if known == TAG:
        return _tag_condition(sign, value, text)
    compare, wanted_value = OPERATORS[sign], _value(known, value)
    ordered = sign not in ("=", "!=")
    if ordered and not isinstance(wanted_value, int | float):
        raise InputError(f"where: {sign} must be followed by a number, got {shorten(text)}")

    if wanted_value is None:
        words = (None, *MISSING_WORDS)  # "none" is a value of some fields, such as orbits
        return lambda run: (_lowered(run.get(known)) in words) == (sign == "=")

    def test(run: Fields) -> bool:
        held = run.get(known)
        if ordered:
            return isinstance(held, int | float) and compare(held, wanted_value)
        return compare(held, wanted_value)

    return test


def _lowered(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _tag_condition(sign: str, tag: str, text: str) -> Callable[[Fields], bool]:
    if sign not in ("=", "!="):
        raise InputError(f"where: tag must be followed by = or !=, got {shorten(text)}")
    if tag.lower() in MISSING_WORDS:
        return lambda run: (not run[TAG]) == (sign == "=")
    return lambda run: (tag in run[TAG]) == (sign == "=")


def _value(name: str, text: str) -> Any:
    """Read a value: a number, true or false, nothing, an expression in any spelling, or a word."""
    if text.lower() in MISSING_WORDS:
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for number in (int, float):  # an integer beyond 2^53 is no float
        with contextlib.suppress(ValueError):
            return number(text)
    if name == "expression":
        from ...tasks import parse

        try:
            return "; ".join(str(parse(part)) for part in text.split(";"))
        except InputError:
            return text  # a group's name
    return text


def _known(name: str, runs: Sequence[Fields]) -> str:
    """Return the field of that name, in either spelling; any name will do where there are no runs."""
    names = dict.fromkeys((*OF_ROW, TAG, *(key for run in runs for key in run)))
    british = next(iter(current_names({name: None}, names)))
    if british in names or not runs:
        return british
    close = difflib.get_close_matches(name, names, n=1)
    raise InputError(
        f"field: must be one of the runs', such as fraction, lr or test_accuracy, got {shorten(name)}"
        + (f"; did you mean {close[0]}?" if close else "")
    )
