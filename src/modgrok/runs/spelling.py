"""American spellings of the names of options: `optimizer` is read as `optimiser`.

Owns: the pairs of endings. Names are British everywhere else, in stored experiments too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ..tasks.errors import InputError

PAIRS = (("isation", "ization"), ("iser", "izer"), ("centred", "centered"))
"""British and American parts of words."""
Value = TypeVar("Value")


def american(name: str) -> str:
    """Spell a name the American way.

    Example:
        >>> american("optimiser"), american("width")
        ('optimizer', 'width')
    """
    for british_part, american_part in PAIRS:
        name = name.replace(british_part, american_part)
    return name


def british_names(values: Mapping[str, Value], known: Iterable[str]) -> dict[str, Value]:
    """Rename the keys that are American spellings of known names.

    Arguments:
        values: by name, in either spelling.
        known: British names.

    Raises:
        InputError: a name is given in both spellings.

    Example:
        >>> british_names({"optimizer": "adamw", "width": 9}, ["optimiser", "width"])
        {'optimiser': 'adamw', 'width': 9}
    """
    names = {american(name): name for name in known if american(name) != name}
    renamed: dict[str, Value] = {}
    for name, value in values.items():
        british = names.get(name, name)
        if british in renamed or (british != name and british in values):
            raise InputError(f"{british}: must be given once, got {american(british)} as well")
        renamed[british] = value
    return renamed
