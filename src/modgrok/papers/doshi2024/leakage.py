"""Doshi et al. 2024: products on splits that keep the swap of operands together.

Owns: this control of leakage.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..claims import tiny
from ..claims.claim import BudgetName
from ..claims.plan import RunGroup
from ..claims.swap_control import swap_control
from .trained import PRODUCT, SAME, SEEDS, TRAINED

TASK = "n1*n2"


def plan_swap(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on a product as in Fig. 3."""
    return {
        "product": RunGroup({**TRAINED, **PRODUCT[budget]}, {"expression": [TASK], "seed": SEEDS[budget]})
    }


CLAIMS = (
    swap_control(
        "doshi2024/fig3-swap",
        "Fig. 3",
        plan_swap,
        {TASK: "product"},
        0.999,
        {**SAME, "tiny": (tiny.TINY_DEVIATION,)},
    ),
)
