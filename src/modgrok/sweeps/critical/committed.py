"""Critical fractions that come with the package, for a task that is typed before anything is trained.

Owns: reading `committed.json`, which `tools/make_critical_fractions.py` makes of the atlas and of the book.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

FILE = "committed.json"


@cache
def committed_fractions() -> tuple[Mapping[str, Any], ...]:
    """Return what is known of critical fractions, by task, learner and modulus.

    Returns:
        Entries with `expression`, `p`, `learner`, `settings`, `steps`, `unit` (of a step), `seeds`, `place`
        (`inside`, `below` or `above` the fractions tried), the bracket from `low` to `high` with the seeds
        that grok at its ends (`low_grokked`, `high_grokked`), the ends that are sure for the population of
        seeds (`sure_low`, `sure_high`), and `source`, a sweep file of the atlas or a claim.

    Example:
        >>> [(entry["low"], entry["high"]) for entry in fractions_of("x + y", 97) if entry["seeds"] == 4]
        [(0.15, 0.2)]
    """
    text = (resources.files(__package__) / FILE).read_text(encoding="utf-8")
    return tuple(json.loads(text))


def fractions_of(expression: str, p: int | None = None) -> list[Mapping[str, Any]]:
    """Return the entries of a task.

    Arguments:
        expression: in canonical form.
        p: modulus; None for all.
    """
    return [
        entry
        for entry in committed_fractions()
        if entry["expression"] == expression and p in (None, entry["p"])
    ]
