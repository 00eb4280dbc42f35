"""Mallinar et al. 2024: networks on random circulant inputs, for products (App. Fig. 9).

Owns: that claim. The runs of sums are those of `networks`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..claims.claim import BudgetName, Claim, Expected
from ..claims.plan import RunGroup
from .few_inputs import RELEASED, input_groups, measure_inputs
from .networks import INITIAL
from .setup import ONE_SEED, TINY


def plan_products(budget: BudgetName) -> Mapping[str, RunGroup]:
    """The same network on one-hot and on random circulant inputs, circulant in the order of logarithms."""
    return input_groups(budget, ["x*y"])


PRODUCTS = Claim(
    "mallinar2024/appfig9-products",
    "App. Fig. 9",
    "From 17.5% of the table of xy, too, a network that sees random features, circulant in the order of "
    "logarithms, generalises within several hundred epochs, when the same network on one-hot inputs has not.",
    plan_products,
    measure_inputs,
    (
        Expected("circulant_epochs", "100% within several hundred epochs; 99% by 1000", high=1000.0),
        Expected(
            "one_hot_then", "none on one-hot inputs when circulant ones are at 95%; at most 5%", high=0.05
        ),
    ),
    {
        "tiny": TINY,
        "laptop": (ONE_SEED, RELEASED, INITIAL),
        "paper": (ONE_SEED, RELEASED, INITIAL),
    },
)

CLAIMS = (PRODUCTS,)
