"""Furuta et al. 2024: operations and squares on splits that keep the swap of operands together.

Owns: this control of leakage.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...runs.schedule import GROKKED
from ..claims.claim import BudgetName
from ..claims.plan import RunGroup
from ..claims.swap_control import swap_control
from .runs import ONE_SEED, TINY, group

TASKS = {"x + y": "sum", "x*y": "product", "x^2 + y^2": "squares", "(x + y)^2": "square_of_sum"}


def plan_swap(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train transformers at the default fraction."""
    return {"operations": group(budget, *TASKS, seeds=3 if budget == "paper" else 1)}


CLAIMS = (
    swap_control(
        "furuta2024/fig3-swap",
        "Fig. 3, 6 and 7",
        plan_swap,
        TASKS,
        GROKKED,
        {"tiny": TINY, "laptop": ONE_SEED},
    ),
)
