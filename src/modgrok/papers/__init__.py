"""The papers' claims: runs, numbers, expectations, verdicts."""

from .claims.catalogue import Paper, add_paper, read_papers
from .claims.claim import BUDGETS, Claim, ClaimResult, ClaimVerdict, Expected
from .claims.evidence import Evidence, RunData
from .claims.plan import RunGroup

__all__ = [
    "BUDGETS",
    "Claim",
    "ClaimResult",
    "ClaimVerdict",
    "Evidence",
    "Expected",
    "Paper",
    "RunData",
    "RunGroup",
    "add_paper",
    "read_papers",
]
