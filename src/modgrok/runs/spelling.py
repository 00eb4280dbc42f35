"""Other names of options: American spellings, `optimizer` for `optimiser`, and former names.

Owns: the pairs of endings, and the former names. Elsewhere, in stored experiments too, names are British.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ..tasks.errors import InputError

PAIRS = (("isation", "ization"), ("iser", "izer"), ("centred", "centered"))
"""British and American parts of words."""
FORMER_NAMES = {"metric": "feature_matrix", "released": "extended_domain", "learning_rate": "lr"}
"""Former name, or name in other libraries -> name of an option."""
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


def current_names(values: Mapping[str, Value], known: Iterable[str]) -> dict[str, Value]:
    """Rename the keys that are American spellings or former names of known names.

    Arguments:
        values: by name, old or new, in either spelling.
        known: current British names.

    Raises:
        InputError: an option is given under two names.

    Example:
        >>> current_names({"optimizer": "adamw", "width": 9}, ["optimiser", "width"])
        {'optimiser': 'adamw', 'width': 9}
        >>> current_names({"released": True}, ["extended_domain"])
        {'extended_domain': True}
    """
    known = tuple(known)
    names = {american(name): name for name in known if american(name) != name}
    names |= {former: name for former, name in FORMER_NAMES.items() if name in known and former not in known}
    renamed: dict[str, Value] = {}
    for name, value in values.items():
        current = names.get(name, name)
        if current != name and current in values:
            raise InputError(f"{current}: must be given once, got {name} as well")
        renamed[current] = value
    return renamed
