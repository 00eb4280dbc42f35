"""Budgets: the sizes at which the runs of claims are made.

Owns: their names.
"""

from __future__ import annotations

from typing import Literal

BudgetName = Literal["tiny", "laptop", "desktop", "paper"]
BUDGETS: tuple[BudgetName, ...] = ("tiny", "laptop", "desktop", "paper")
"""`tiny` checks the machinery in seconds, `laptop` tests the claims, `desktop` repeats them over seeds at the
papers' sizes as far as a desktop computer allows, `paper` has the papers' own sizes and steps."""
