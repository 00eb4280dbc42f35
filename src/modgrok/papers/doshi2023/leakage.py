"""Doshi et al. 2023: clean sums and products on splits that keep the swap of operands together.

Owns: this control of leakage.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..claims import tiny
from ..claims.claim import BudgetName
from ..claims.plan import RunGroup
from ..claims.swap_control import swap_control
from .phases import ADDITION, DEVIATIONS, MULTIPLICATION, SEEDS, base_of

TASKS = {ADDITION: "sum", MULTIPLICATION: "product"}


def plan_swap(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on clean labels with weight decay 5."""
    steps = tiny.STEPS if budget == "tiny" else 100
    base = {**base_of(budget), "weight_decay": 5.0, "steps": steps}
    return {"clean": RunGroup(base, {"expression": list(TASKS), "seed": SEEDS[budget]})}


CLAIMS = (swap_control("doshi2023/fig2-swap", "Fig. 2", plan_swap, TASKS, 0.999, DEVIATIONS),)
