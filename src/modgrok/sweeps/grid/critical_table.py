"""The table `[critical]` of a sweep file: search a critical fraction at every point of the axes.

Owns: reading it. The walk is in `execution.search`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...tasks import InputError
from ...tasks.errors import shorten
from ..critical.bisection import Range
from .axes import check_size

MOST_SEEDS = 1000
LARGEST_NUMBER = 2**53
"""Larger ones are no option of a search, and may be none that a float can hold."""


@dataclass(frozen=True, eq=False)
class Search:
    """What a sweep searches.

    Arguments:
        within: fractions and resolution.
        seeds: number of seeds at every fraction, from 0 on.
        base: fields that all runs have in common.
    """

    within: Range
    seeds: int
    base: dict[str, Any]

    @property
    def most_probes(self) -> int:
        """Fractions that a search tries at most: both ends, and one a halving."""
        return 2 + self.within.halvings

    @property
    def first_axes(self) -> dict[str, Any]:
        """The axes of the first round."""
        return {"fraction": [self.within.low, self.within.high], "seed": list(range(self.seeds))}

    def check_size(self, points: int) -> None:
        """Refuse a search of too many runs.

        Raises:
            InputError: as `axes.check_size`.
        """
        check_size({"points": points, "fractions": self.most_probes, "seeds": self.seeds})


def read_search(content: Mapping[str, Any]) -> Search | None:
    """Read `[critical]`: `low` (0.1), `high` (0.9), `resolution` (0.02) and `seeds` (8).

    Returns:
        None where the file has no such table.

    Raises:
        InputError: another key, another kind of value, or one out of range.

    Example:
        >>> search = read_search({"critical": {"low": 0.2, "seeds": 4}})
        >>> search.within, search.seeds, search.most_probes
        (Range(low=0.2, high=0.9, resolution=0.02), 4, 8)
    """
    if "critical" not in content:
        return None
    table = content["critical"]
    if not isinstance(table, Mapping):
        raise InputError(f"critical: must be a table, got {shorten(table)}")
    known = {"low": 0.1, "high": 0.9, "resolution": 0.02, "seeds": 8}
    for key, value in table.items():
        if key not in known:
            raise InputError(f"critical.{key}: must be one of {', '.join(known)}")
        kinds = int if key == "seeds" else int | float
        if not isinstance(value, kinds) or isinstance(value, bool) or abs(value) > LARGEST_NUMBER:
            word = "an integer" if key == "seeds" else "a number"
            raise InputError(f"critical.{key}: must be {word}, got {shorten(value)}")
    zipped = content.get("zip", [])
    entries = [entry for entry in zipped if isinstance(entry, Mapping)] if isinstance(zipped, list) else []
    for name in ("fraction", "seed", "folds", "fold"):
        if any(name in part for part in (content.get("axes", {}), content.get("base", {}), *entries)):
            rule = "chosen by" if name in ("fraction", "seed") else "left out with"
            raise InputError(f"{name}: must be {rule} [critical], got it in [axes], [base] or [[zip]]")
    options = {**known, **table}
    seeds = options.pop("seeds")
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError(f"critical.seeds: must be at least 1 and at most {MOST_SEEDS}, got {seeds}")
    within = Range(**{name: float(value) for name, value in options.items()})
    return Search(within, int(seeds), dict(content.get("base", {})))
