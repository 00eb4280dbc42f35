"""Budgets: the sizes at which the runs of claims are made.

Owns: their names.
"""

from __future__ import annotations

from typing import Literal

BudgetName = Literal["tiny", "laptop", "paper"]
BUDGETS: tuple[BudgetName, ...] = ("tiny", "laptop", "paper")
"""`tiny` checks the machinery in seconds, `laptop` tests the claims, `paper` has the paper's own sizes."""
FULL: tuple[BudgetName, ...] = ("paper",)
"""The budget of the paper's own sizes."""
