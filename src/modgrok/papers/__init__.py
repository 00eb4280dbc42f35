"""The papers' claims: runs, numbers, expectations, verdicts."""

from .claims.claim import BUDGETS, Claim, Expected, Found, Verdict
from .claims.evidence import Evidence, Trial
from .claims.plan import Group

__all__ = ["BUDGETS", "Claim", "Evidence", "Expected", "Found", "Group", "Trial", "Verdict"]
