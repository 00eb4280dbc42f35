"""When and why each bound of a claim was set, and whether its numbers had been seen by then.

Owns: reading that record, `bounds.json`, which comes with the package. `tools/record_bounds.py` adds to it; a
test keeps its last entry equal to what the claims expect, so that no bound can move without a line there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from .claim import BUDGETS, Claim, Expected

RECORD = "bounds.json"


@dataclass(frozen=True)
class BoundChange:
    """One time at which a bound was set or moved.

    Arguments:
        date: as YYYY-MM-DD.
        reason: why, in one sentence.
        seen: whether numbers of the claim had been committed before: a bound set then is no prediction.
        low, high, essential: as they were from then on; see `Expected`.
    """

    date: str
    reason: str
    seen: bool
    low: float | int
    high: float | int
    essential: bool

    def same_bound(self, expected: Expected) -> bool:
        """Say whether it set the bound that is expected."""
        mine, other = (self.low, self.high), (expected.low, expected.high)
        near = all(a == b or math.isclose(a, b, rel_tol=1e-9) for a, b in zip(mine, other, strict=True))
        return near and self.essential == expected.essential


def bound_key(expected: Expected) -> str:
    """Return the name of an expectation in the record: of its number, with its budgets, and if it supports.

    Example:
        >>> bound_key(Expected("delay", "", low=1)), bound_key(
        ...     Expected("delay", "", budgets=("paper",), essential=False))
        ('delay', 'delay@paper (supporting)')
    """
    own = [budget for budget in expected.budgets if budget != "desktop"]
    every = [budget for budget in BUDGETS if budget != "desktop"]
    name = expected.name if own == every else f"{expected.name}@{','.join(own)}"
    return name if expected.essential else f"{name} (supporting)"


@cache
def _record() -> dict[str, dict[str, list[dict[str, Any]]]]:
    text = (resources.files(__package__) / RECORD).read_text(encoding="utf-8")
    content: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(text)
    return content


def bound_changes(claim: str, expected: Expected) -> tuple[BoundChange, ...]:
    """Return when a bound was set and moved, the first time first; empty if nothing is recorded.

    Arguments:
        claim: id.
        expected: one of its expectations.
    """
    return tuple(_change(entry) for entry in _record().get(claim, {}).get(bound_key(expected), ()))


def after_data(changes: Sequence[BoundChange]) -> BoundChange | None:
    """Return the last change of a bound that was made when numbers had been seen; None if there is none."""
    return next((change for change in reversed(changes) if change.seen), None)


def with_change(
    record: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]],
    claim: Claim,
    expected: Expected,
    *,
    date: str,
    reason: str,
    observed: bool,
) -> dict[str, Any]:
    """Return the record with today's bound of an expectation added."""
    entry = {
        "date": date,
        "reason": reason,
        "seen": observed,
        "low": _plain(expected.low),
        "high": _plain(expected.high),
        "essential": expected.essential,
    }
    bounds = dict(record.get(claim.id, {}))
    key = bound_key(expected)
    return {**record, claim.id: {**bounds, key: [*bounds.get(key, ()), entry]}}


def _change(entry: Mapping[str, Any]) -> BoundChange:
    low = -math.inf if entry["low"] is None else entry["low"]
    high = math.inf if entry["high"] is None else entry["high"]
    return BoundChange(entry["date"], entry["reason"], entry["seen"], low, high, entry["essential"])


def _plain(bound: float | int) -> float | int | None:
    return bound if math.isfinite(bound) else None
