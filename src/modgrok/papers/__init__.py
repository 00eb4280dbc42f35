"""The papers' claims: runs, numbers, expectations, verdicts."""

from .claims.claim import BUDGETS, Claim, ClaimResult, ClaimVerdict, Expected
from .claims.evidence import Evidence, RunData
from .claims.plan import RunGroup

__all__ = ["BUDGETS", "Claim", "ClaimResult", "ClaimVerdict", "Evidence", "Expected", "RunData", "RunGroup"]
