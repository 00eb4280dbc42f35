"""Gromov 2023: x + y and the functions of App. C on splits that keep the swap of operands together.

Owns: this control of leakage.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..claims import tiny
from ..claims.claim import BudgetName
from ..claims.plan import RunGroup
from ..claims.swap_control import swap_control
from .functions import HALF
from .runs import SMALL, SMALLER, small_rate

FUNCTIONS = {"x + y": "sum", "x^2 + y^2": "squares", "(x + y)^2": "square_of_sum", "x*y": "product"}


def plan_functions(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Gradient descent on the functions that the paper says are learned."""
    steps = {"tiny": tiny.STEPS, "laptop": 5000, "paper": 20_000}[budget]
    base = {"fraction": HALF[budget], **SMALL[budget], **small_rate(budget), "steps": steps}
    seeds = [0, 1, 2] if budget == "paper" else [0]
    return {"gd": RunGroup(base, {"expression": list(FUNCTIONS), "seed": seeds})}


CLAIMS = (
    swap_control(
        "gromov2023/appc-swap",
        "Fig. 1 and App. C",
        plan_functions,
        FUNCTIONS,
        0.999,
        {"tiny": (tiny.TINY_DEVIATION,), "laptop": (SMALLER, "one seed, at most 5,000 steps"), "paper": ()},
    ),
)
