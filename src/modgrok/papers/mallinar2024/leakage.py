"""Mallinar et al. 2024: x + y and xy on splits that keep the swap of operands together.

Owns: this control of leakage.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..claims.claim import BudgetName
from ..claims.evidence import RunData
from ..claims.plan import RunGroup
from ..claims.swap_control import swap_control
from .setup import CENTRED, ONE_SEED, TINY, machine

TASKS = {"x + y": "add", "x*y": "mul"}


def plan_swap(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Run kernel machines with the quadratic kernel."""
    return {"first": RunGroup(machine(budget, "quadratic"), {"expression": list(TASKS), "seed": [0]})}


def swap_coupling(run: RunData) -> dict[str, float]:
    """Measure how far M couples each value of x with the same value of y: the mark of the swap.

    The mean distance of the entries (v, v) of the block between the operands from the block's mean, over that
    of all its entries: 1 where the swap is nothing special.
    """
    feature_matrix = np.asarray(run.network().feature_matrix)
    p = run.task.p
    block = feature_matrix[:p, p : 2 * p]
    apart = np.abs(block - block.mean())
    return {"swap coupling": float(apart.diagonal().mean() / apart.mean()) if apart.any() else 1.0}


CLAIMS = (
    swap_control(
        "mallinar2024/fig2-swap",
        "Fig. 2",
        plan_swap,
        TASKS,
        0.99,
        {"tiny": TINY, "laptop": (ONE_SEED, CENTRED), "paper": (CENTRED,)},
        swap_coupling,
    ),
)
