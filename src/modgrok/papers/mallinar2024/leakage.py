"""Mallinar et al. 2024: x + y and xy on splits that keep the swap of operands together.

Owns: this control of leakage.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..claims.claim import BudgetName
from ..claims.plan import RunGroup
from ..claims.swap_control import swap_control
from .setup import CENTRED, ONE_SEED, TINY, machine

TASKS = {"x + y": "add", "x*y": "mul"}


def plan_swap(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Run kernel machines with the quadratic kernel."""
    return {"first": RunGroup(machine(budget, "quadratic"), {"expression": list(TASKS), "seed": [0]})}


CLAIMS = (
    swap_control(
        "mallinar2024/fig2-swap",
        "Fig. 2",
        plan_swap,
        TASKS,
        0.99,
        {"tiny": TINY, "laptop": (ONE_SEED, CENTRED), "paper": (CENTRED,)},
    ),
)
