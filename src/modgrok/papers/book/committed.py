"""The verdicts of the book that comes with the package, for a clone or an installation without any runs.

Owns: reading `committed.json`, which `tools/make_claim_pages.py` writes beside docs/claims.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from ..claims.result import Result

COMMITTED = "committed.json"
KEYS = ("id", "paper", "verdict", "seeds", "budget", "hours", "measured", "seed_values", "seed_plans", "runs")


@cache
def committed_verdicts() -> Mapping[str, Mapping[str, Any]]:
    """Return claim id -> verdict, seeds, budget, hours, numbers and runs of the committed book.

    Example:
        >>> committed_verdicts()["gromov2023/eq16-error"]["verdict"]
        'reproduced'
    """
    text = (resources.files(__package__) / COMMITTED).read_text(encoding="utf-8")
    return {entry["id"]: entry for entry in json.loads(text)["claims"]}


def committed_text(results: Sequence[Result]) -> str:
    """Return the content of the file: what `committed_verdicts` reads."""
    entries = [{key: result.to_json()[key] for key in KEYS} for result in results]
    return json.dumps({"claims": entries}, indent=1, ensure_ascii=False) + "\n"
