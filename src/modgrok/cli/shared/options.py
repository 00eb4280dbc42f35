"""Options that commands share, and how values are read from words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from ...io.whole_numbers import digits
from ...tasks.errors import InputError, shorten

MOST_DIGITS = 4000
"""Digits of an integer that is read at all: those of the constants of an expression are as many."""


def whole(type_: Any, tokens: tuple[Token, ...]) -> int:
    """Read an integer exactly: 97.5 is refused, not rounded."""
    name, text = _argument(tokens), tokens[0].value
    stripped = text.strip()
    magnitude = digits(stripped.removeprefix("-" if stripped.startswith("-") else "+"), most=MOST_DIGITS)
    if magnitude is None:
        raise InputError(f"{name}: must be an integer, got {shorten(text)}")
    return -magnitude if stripped.startswith("-") else magnitude


def whole_numbers(name: str, text: str) -> list[int]:
    """Read whole numbers from 0 on, separated by commas; a comma at the end is no number.

    Arguments:
        name: of the argument, for the message.
        text: such as `0,1`.

    Raises:
        InputError: there is none, or one of another kind.

    Example:
        >>> whole_numbers("seeds", "0, 12,")
        [0, 12]
    """
    numbers = [digits(part.strip()) for part in text.split(",") if part.strip()]
    known = [number for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        raise InputError(f"{name}: must be whole numbers separated by commas, got {shorten(text)}")
    return known


def number(type_: Any, tokens: tuple[Token, ...]) -> float:
    """Read a number."""
    name, text = _argument(tokens), tokens[0].value
    try:
        if "_" in text or not text.isascii():  # Python's own spellings
            raise ValueError
        return float(text)
    except ValueError:
        raise InputError(f"{name}: must be a number, got {shorten(text)}") from None


def folder(type_: Any, tokens: tuple[Token, ...]) -> Path:
    """Read a folder's name; an empty one is refused, not taken for the current folder."""
    if not tokens[0].value:
        raise InputError("runs: must name a folder, got ''")
    return Path(tokens[0].value)


def _argument(tokens: tuple[Token, ...]) -> str:
    return (tokens[0].keyword or "value").lstrip("-").replace("-", "_")


Whole = Annotated[int, Parameter(converter=whole)]
Real = Annotated[float, Parameter(converter=number)]
Runs = Annotated[
    Path,
    Parameter(name="--runs", env_var="MODGROK_RUNS", converter=folder, help="Folder of the store."),
]
Json = Annotated[
    bool,
    Parameter(
        name="--json",
        negative=(),
        show_default=False,
        help="Write one JSON object as the last line of stdout.",
    ),
]
Expression = Annotated[
    str | None,
    Parameter(allow_leading_hyphen=True, help='Expression, such as "x^2 + 2xy - y/3".'),
]
Modulus = Annotated[int | None, Parameter(name="--p", converter=whole, help="Modulus, at least 2.")]
Group = Annotated[
    str | None,
    Parameter(
        name="--group",
        help="Finite group whose composition is the task, instead of an expression: C7, D5, Q8, S5.",
    ),
]
Table = Annotated[
    Path | None,
    Parameter(
        name="--table",
        help="Table of integers to use as the task, p along each axis, instead of an expression: .npy or "
        ".csv.",
    ),
]
DEFAULT_RUNS = Path("runs")
