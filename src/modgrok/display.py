"""How values show themselves: one line at a prompt, a small table in a notebook.

Owns: both forms, written from the same facts, and how a share is printed. A class says which facts, nothing
else.
"""

from __future__ import annotations

import math
from html import escape
from typing import Any

Facts = dict[str, Any]
"""Name -> value, in the order in which a reader wants them; None is left out."""
LONGEST_IN_LINE, LONGEST_IN_TABLE = 80, 2000
"""Longest texts of one fact; expressions and certificates may be of any length."""


class Displayed:
    """Base class of values that show themselves by their facts.

    A dataclass must be made with `repr=False` to inherit this `__repr__`.
    """

    def _facts(self) -> Facts:
        """Return what to show."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return line(type(self).__name__, self._facts())

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        return table(type(self).__name__, self._facts()) + self._picture()

    def _picture(self) -> str:
        """Return what stands below the table in a notebook, as HTML."""
        return ""


def line(title: str, facts: Facts) -> str:
    """Write facts in one line, as a call would be written.

    Example:
        >>> line("Task", {"name": "x + y", "p": 97, "accuracy": 2 / 3, "parts": None})
        "Task(name='x + y', p=97, accuracy=0.6667)"
    """
    return f"{title}({', '.join(f'{name}={_code(value)}' for name, value in _known(facts))})"


def table(title: str, facts: Facts) -> str:
    """Write facts as an HTML table of two columns, escaped.

    Example:
        >>> "<td>x &lt; y</td>" in table("Task", {"name": "x < y"})
        True
    """
    rows = "".join(
        f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(_text(value))}</td></tr>"
        for name, value in _known(facts)
    )
    return f"<table><caption>{escape(title)}</caption>{rows}</table>"


def _known(facts: Facts) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in facts.items() if value is not None]


def _code(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else repr(_cut(value, LONGEST_IN_LINE))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple):
        return ", ".join(_text(each) for each in value)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in _cut(str(value), LONGEST_IN_TABLE))


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str) and len(value) > longest:
        return value[: longest - 1] + "…"
    return value


def last_axes(array: Any, count: int) -> tuple[int | None, ...]:
    """Return the lengths of an array's last axes; None for each where there is no such array.

    Networks are also trees whose leaves are not arrays, and must be printable then.

    Example:
        >>> last_axes(None, 2)
        (None, None)
    """
    shape = tuple(getattr(array, "shape", ()))
    return shape[-count:] if len(shape) >= count else (None,) * count


def percent(share: float | None) -> str:
    """Print an accuracy: exactly 100% only when nothing is wrong.

    Example:
        >>> percent(1.0), percent(0.99999), percent(1 / 7), percent(float("nan"))
        ('100%', '99.99%', '14.29%', '–')
    """
    if share is None or math.isnan(share):
        return "–"
    if share == 1:
        return "100%"
    return f"{min(round(share * 10_000), 9999) / 100:.2f}%"
