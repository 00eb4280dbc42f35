"""Extensions that are installed beside modgrok, found by their entry points.

Owns: finding and loading them. An extension is a package that declares an entry point of the group
`modgrok.extensions`, naming a function without arguments that calls `modgrok.extend`. Commands and their
worker processes load all of them before they read what was asked for; importing modgrok loads none.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from .io.errors import InputError

GROUP = "modgrok.extensions"


@cache
def load_extensions() -> tuple[str, ...]:
    """Call every installed extension, once in a process; return their names."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    for point in points:
        try:
            point.load()()
        except Exception as error:
            package = point.dist.name if point.dist is not None else "an unknown package"
            kind = InputError if isinstance(error, InputError) else RuntimeError
            raise kind(f"extension {point.name} of {package}: {error}") from error
    return tuple(point.name for point in points)
