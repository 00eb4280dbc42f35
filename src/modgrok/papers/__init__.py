"""The papers' claims: runs, numbers, expectations, verdicts."""

from .claim import BUDGETS, Claim, Expected, Found, Verdict
from .evidence import Evidence, Trial
from .plan import Group

__all__ = ["BUDGETS", "Claim", "Evidence", "Expected", "Found", "Group", "Trial", "Verdict"]
