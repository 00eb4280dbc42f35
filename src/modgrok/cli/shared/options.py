"""Options that commands share, and how values are read from words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from ...tasks.errors import InputError, shorten


def whole(type_: Any, tokens: tuple[Token, ...]) -> int:
    """Read an integer exactly: 97.5 is refused, not rounded."""
    name, text = _argument(tokens), tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{name}: must be an integer, got {shorten(text)}") from None


def number(type_: Any, tokens: tuple[Token, ...]) -> float:
    """Read a number."""
    name, text = _argument(tokens), tokens[0].value
    try:
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
        help="Table of integers that is the task, p along each axis, instead of an expression: .npy or .csv.",
    ),
]
DEFAULT_RUNS = Path("runs")
