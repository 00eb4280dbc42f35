"""Doshi, He, Das, Gromov 2024, Sec. 3 and 4: experts that are trained apart, and phases of trained networks.

Owns: the claims that networks trained on monomials and on a sum compose to a polynomial, and that trained
networks of products and of four terms obey the constraint on phases of the closed forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from ...analytic import verify
from ...models import MLP
from ...models.experts import Experts
from ...reports.charts.claim_charts import SECOND, TEST, Line, Point, lines, points, single
from ...tasks import task_from_text
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .trained import plan_four, plan_product

# Sec. 4: experts trained apart

MONOMIALS = ("n1^4*n2", "n1^2*n2^2", "n1*n2^3")
TOTAL = "2n1 + n2 + 3n3"
POLYNOMIAL = "2*x^4*y + x^2*y^2 + 3*x*y^3"
"""The first polynomial of App. B."""
TRAINING: Mapping[BudgetName, Mapping[str, Any]] = {
    "tiny": {"p": 5, "fraction": tiny.FRACTION, "steps": tiny.STEPS},
    "laptop": {"p": 23, "fraction": 0.8, "steps": 1000},
    "paper": {"p": 23, "fraction": 0.8, "steps": 1000},
}
WIDTHS: Mapping[BudgetName, tuple[int, int]] = {
    "tiny": (tiny.WIDTH, tiny.WIDTH),
    "laptop": (500, 1000),
    "paper": (500, 2000),
}
"""Neurons of the experts for products and of that for the sum."""
BETAS = (5.0, 20.0, 100.0, 500.0)


def plan_experts(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train three products and a weighted sum of three terms, each by itself."""
    base = {
        "parametrisation": "doshi",
        "optimiser": "adamw",
        "lr": 0.005,
        "weight_decay": 5.0,
        "early_stop": False,
        **TRAINING[budget],
    }
    product, total = WIDTHS[budget]
    seeds = {"seed": [0]}
    return {
        "products": RunGroup({**base, "width": product}, {"expression": list(MONOMIALS), **seeds}),
        "sum": RunGroup({**base, "expression": TOTAL, "width": total}, seeds),
    }


def measure_experts(evidence: Evidence) -> ClaimResult:
    """Compose the trained networks and count errors of the polynomial over all inputs."""
    runs = evidence["products"]
    run = evidence.one("sum")
    *products, total = (_network(each) for each in (*runs, run))
    p = run.task.p
    parts = [
        verify(product, part.task.table, p).accuracy for product, part in zip(products, runs, strict=True)
    ]
    of_sum = verify(total, run.task.table, p).accuracy
    polynomial = task_from_text(POLYNOMIAL, p)
    accuracy = {
        beta: verify(Experts(tuple(products), total, beta), polynomial.table, p).accuracy for beta in BETAS
    }
    majority = polynomial.majority_share
    values = {
        "least_product": min(parts),
        "sum": of_sum,
        "polynomial": accuracy[100.0],
        "polynomial_best": max(accuracy.values()),
        "majority": majority,
    }
    curve = [Line("polynomial", list(accuracy), list(accuracy.values()), TEST, dots=True)]
    text = f"{POLYNOMIAL} mod {p}: {accuracy[100.0]:.1%} of all inputs with beta 100."
    marks = [
        *(Point(str(part.point["expression"]), each) for part, each in zip(runs, parts, strict=True)),
        Point(TOTAL, of_sum),
        Point("composed", accuracy[100.0], low=0.99),
    ]
    words = ", ".join(f"{mark.name} {mark.value:.1%}" for mark in marks if mark.value is not None)
    panels = (
        single(
            "parts",
            "Trained networks and what they compose to",
            "Accuracy over all inputs, training inputs included.",
            points(marks, f"Accuracy over all inputs: {words}.", percent=True),
            6,
        ),
        single(
            "beta",
            "Against the inverse temperature of the softmax",
            f"{POLYNOMIAL} mod {p}, all inputs; the dotted line is the most frequent value's share.",
            lines(curve, text, x="beta", percent=True, level=majority),
            6,
        ),
    )
    return ClaimResult(values, panels, [{"beta": beta, "accuracy": each} for beta, each in accuracy.items()])


def _network(run: RunData) -> MLP:
    net = run.network()
    assert isinstance(net, MLP)
    return net


# Sec. 3: phases of trained networks


def measure_phases(name: str, evidence: Evidence) -> ClaimResult:
    """Follow the coherence of the neurons' phase sums."""
    runs = evidence[name]
    ends = [run.last("phase_coherence") for run in runs]
    values = {
        "test_accuracy": min(run.last("test_accuracy") for run in runs),
        "initial_coherence": float(np.mean([run.curve("phase_coherence")[0] for run in runs])),
        "coherence": min(ends),
    }
    curves = [
        Line(label if run is runs[0] else "", run.steps, run.curve(key), colour)
        for run in runs
        for label, key, colour in (
            ("coherence", "phase_coherence", SECOND),
            ("test accuracy", "test_accuracy", TEST),
        )
    ]
    text = f"Phase coherence rises from {values['initial_coherence']:.2f} to {values['coherence']:.2f}."
    cell = lines(curves, text, x="step", log_x=False, domain=(-0.2, 1.0))
    caption = (
        "Mean cosine of the sum of a neuron's input phases less its output phase, weighted as in the record; "
        "1 if every neuron obeys the constraint, near 0 for random phases."
    )
    rows = [
        {"seed": run.experiment.seed, "coherence at the end": end}
        for run, end in zip(runs, ends, strict=True)
    ]
    return ClaimResult(values, (single("phases", "Phases of the neurons", caption, cell, 12),), rows)


def _phases(name: str, source: str, sentence: str, plan: Any, group: str, words: tuple[str, ...]) -> Claim:
    return Claim(
        f"doshi2024/{name}",
        source,
        sentence,
        plan,
        partial(measure_phases, group),
        (
            Expected("initial_coherence", "random phases: at most 0.2", high=0.2),
            Expected("test_accuracy", "100% (Fig. 2, 3)", low=0.99),
            Expected(
                "coherence",
                "solutions similar to the closed form (Sec. 3): mean cosine of 0.5 at least",
                low=0.5,
                given="test_accuracy",
            ),
        ),
        {"tiny": (tiny.TINY_DEVIATION,), "laptop": words, "paper": ("the paper gives no number",)},
    )


CLAIMS = (
    Claim(
        "doshi2024/sec4-experts",
        "Sec. 4",
        "Networks that are trained apart, on three monomials and on a weighted sum, compose to a network of "
        "the polynomial.",
        plan_experts,
        measure_experts,
        (
            Expected("least_product", "each monomial is learned: 99% of all inputs", low=0.99),
            Expected("sum", "the sum is learned: 99% of all inputs", low=0.99),
            Expected("polynomial", "100% in closed form (App. B); 99% of all inputs", low=0.99),
        ),
        {
            "tiny": (tiny.TINY_DEVIATION,),
            "laptop": (
                "the paper says so without a number",
                "p = 23, 80% of the tables, 1,000 neurons for the sum, one seed, 1,000 steps",
            ),
            "paper": ("the paper says so without a number", "p = 23, 80% of the tables"),
        },
    ),
    _phases(
        "sec3-product-phases",
        "Sec. 3, Eq. 4",
        "In networks that training finds for a product, the neurons' phases, in the order of logarithms, "
        "obey the constraint of the closed form.",
        plan_product,
        "product",
        ("one seed",),
    ),
    _phases(
        "sec3-four-phases",
        "Sec. 3, Eq. 2",
        "In networks that training finds for a sum of four terms, the neurons' phases obey the constraint of "
        "the closed form.",
        plan_four,
        "four",
        ("1,000 neurons instead of 5,000, one seed",),
    ),
)
