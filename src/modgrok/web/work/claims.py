"""The papers' claims with the results that the store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...papers.book.committed import committed_verdicts
from ...papers.claims.catalogue import read_papers
from ...papers.claims.claim import BUDGETS
from ...papers.claims.result import read_result
from ...tasks import InputError
from ...tasks.errors import shorten


def check_claim(claim: object) -> None:
    """Refuse what is no claim's name.

    Raises:
        InputError: it is none.
    """
    if claim not in [known.id for paper in read_papers() for known in paper.claims]:
        raise InputError(f"claim: must be one of the claims, got {shorten(claim)}")


def claims(folder: str, budget: str) -> list[dict[str, Any]]:
    """List every claim, with its verdict in this store where it was tested, and that of the book.

    Arguments:
        folder: of the store.
        budget: of the results; one of those of `modgrok reproduce`.
    """
    size = next((one for one in BUDGETS if one == budget), None)
    if size is None:
        raise InputError(f"budget: must be one of {', '.join(BUDGETS)}, got {shorten(budget)}")
    entries = []
    for paper in read_papers():
        for claim in paper.claims:
            result = read_result(Path(folder), size, claim)
            book = committed_verdicts().get(claim.id, {})
            tested = result is not None and result.verdict is not None
            expected = claim.judged(size) if result is None else result.expected
            values = result.values if result is not None and tested else {}
            entries.append(
                {
                    "id": claim.id,
                    "paper": paper.name,
                    "title": paper.title,
                    "citation": paper.citation,
                    "source": claim.source,
                    "claim": claim.sentence,
                    "expected": [{"name": each.name, "paper": each.paper} for each in expected],
                    "measured": dict(values) if tested else None,
                    "verdict": result.verdict if result is not None else None,
                    "book": {name: book.get(name) for name in ("verdict", "budget", "measured")},
                    "error": result.error if result is not None else None,
                    "seconds": result.seconds if result is not None and tested else None,
                    "seeds": list(result.seeds) if result is not None else [],
                    "runs": list(result.runs) if result is not None else [],
                }
            )
    return entries
