"""Doshi et al. 2024: which polynomials are learned (Table of App. C, Hypothesis 5.1).

Owns: training on the twelve targets of the table, and what `decide` proves of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from ...decide import decide_table
from ...reports.charts.claim_charts import SECOND, TEST, Panel, Point, points, single
from ...tasks import task_from_text
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence
from ..claims.plan import RunGroup
from .trained import SEEDS, TRAINED

# Table C: functions of a sum, and the same with a term too many

PAIRS: tuple[tuple[str, str], ...] = (
    ("(4*n1 + n2^2)^3", "(4*n1 + n2^2)^3 + n1*n2"),
    ("(2*n1 + 3*n2)^4", "(2*n1 + 3*n2)^4 - n1^2"),
    ("(5*n1^3 + 2*n2^4)^2", "(5*n1^3 + 2*n2^4)^2 - n2"),
)
"""A target of the form h(g1(n1) + g2(n2)), and the same perturbed."""
PRINTED: Mapping[int, tuple[tuple[float, float], ...]] = {
    97: ((1.0, 0.0227), (1.0, 0.0393), (1.0, 0.7232)),
    23: ((1.0, 0.0189), (1.0, 0.0717), (1.0, 0.0264)),
}
"""Test accuracies of the table, as in `PAIRS`."""
PRINTED_LOSSES: Mapping[int, tuple[tuple[tuple[float, float], ...], ...]] = {
    97: (
        ((0.000344, 0.000569), (0.000139, 0.000172), (0.000146, 0.000161)),
        ((0.001963, 0.011216), (0.001916, 0.011097), (0.001523, 0.006108)),
    )
}
"""Losses of training and test inputs in the table: of the targets, then of the perturbed ones."""
LITTLE = {"p": tiny.P, "width": tiny.WIDTH, "steps": tiny.STEPS}
TABLE: Mapping[BudgetName, Mapping[int, Mapping[str, Any]]] = {
    "tiny": {97: LITTLE, 23: LITTLE},
    "laptop": {97: {"p": 97, "width": 500, "steps": 300}, 23: {"p": 23, "width": 5000, "steps": 500}},
    "paper": {97: {"p": 97, "width": 5000, "steps": 2000}, 23: {"p": 23, "width": 5000, "steps": 2000}},
}


def table_groups(budget: BudgetName, p: int) -> dict[str, RunGroup]:
    """Train on the three targets of a modulus, and on the three perturbed ones."""
    base = {**TRAINED, "observe_every": 20, **TABLE[budget][p]}
    return {
        f"{kind} {p}": RunGroup(base, {"expression": [pair[i] for pair in PAIRS], "seed": SEEDS[budget]})
        for i, kind in enumerate(("sum", "perturbed"))
    }


@cache
def form_of(expression: str, p: int) -> str:
    """Say what form `decide` proves for a target: additive, multiplicative, neither, undecided."""
    return decide_table(task_from_text(expression, p).table, p).form


def table_rows(evidence: Evidence, p: int) -> list[dict[str, Any]]:
    """List the six targets of a modulus with the medians of their runs."""
    rows = []
    for i, kind in enumerate(("sum", "perturbed")):
        for number, pair in enumerate(PAIRS):
            runs = [t for t in evidence[f"{kind} {p}"] if t.point["expression"] == pair[i]]
            names = ("train_accuracy", "train_loss", "test_loss", "test_accuracy")
            rows.append(
                {"target": runs[0].row.expression, "p": runs[0].row.p}
                | {"decide": form_of(pair[i], runs[0].row.p)}
                | {name: float(np.median([run.last(name) for run in runs])) for name in names}
                | {"printed": PRINTED[p][number][i], "most common value": runs[0].task.majority_share}
            )
    return rows


def measure_table(p: int, evidence: Evidence) -> ClaimResult:
    """Measure the six targets of a modulus."""
    rows = table_rows(evidence, p)
    values = {"train_accuracy": min(row["train_accuracy"] for row in rows)}
    values |= {f"sum_{i}": row["test_accuracy"] for i, row in enumerate(rows[:3], 1)}
    values |= {f"perturbed_{i}": row["test_accuracy"] for i, row in enumerate(rows[3:], 1)}
    values |= {f"off_{i}": abs(row["test_accuracy"] - row["printed"]) for i, row in enumerate(rows[3:], 1)}
    for kind, own in (("sum", rows[:3]), ("perturbed", rows[3:])):
        for side in ("train", "test"):
            values |= {f"{side}_loss_{kind}_{i}": row[f"{side}_loss"] for i, row in enumerate(own, 1)}
    return ClaimResult(values, (table_panel(rows),), rows)


def table_panel(rows: Sequence[Mapping[str, Any]]) -> Panel:
    """Draw the test accuracy of every target on a band about the printed one."""
    marks = [
        Point(
            f"{row['target']} mod {row['p']}",
            row["test_accuracy"],
            row["printed"] - max(near(row["printed"], row["p"]), 0.001),
            min(row["printed"] + max(near(row["printed"], row["p"]), 0.001), 1.0),
            SECOND if row["decide"] == "neither" else TEST,
        )
        for row in rows
    ]
    text = "Test accuracies: " + ", ".join(
        f"{row['target']} {100 * row['test_accuracy']:.3g}%" for row in rows
    )
    caption = (
        "Shaded: within 2.5 points of the table of App. C, and within three standard errors. Ochre: `decide` "
        "proves that a target has neither form. All training accuracies are 100%."
    )
    if min(row["train_accuracy"] for row in rows) < 0.9995:
        caption = caption.replace(" All training accuracies are 100%.", "")
    return single("table", "Test accuracy", caption, points(marks, text, percent=True), 12)


def plan_table(p: int, budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on the six targets of a modulus."""
    return table_groups(budget, p)


def plan_tables(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on all twelve targets."""
    return {**table_groups(budget, 97), **table_groups(budget, 23)}


LEARNED = 0.99
"""Test accuracy that counts as learned, as for grokking; the paper writes 100%."""


def measure_hypothesis(evidence: Evidence) -> ClaimResult:
    """Set what `decide` proves of the twelve targets against what training reached."""
    rows = table_rows(evidence, 97) + table_rows(evidence, 23)
    has_form = [row["decide"] in ("additive", "multiplicative") for row in rows]
    learned = [row["test_accuracy"] >= LEARNED for row in rows]
    values = {
        "targets": len(rows),
        "decided": sum(row["decide"] != "undecided" for row in rows),
        "of_the_form": sum(has_form),
        "learned": sum(learned),
        "agreeing": sum(form == done for form, done in zip(has_form, learned, strict=True)),
    }
    columns = ("target", "p", "decide", "test_accuracy", "printed")
    return ClaimResult(values, (table_panel(rows),), [{name: row[name] for name in columns} for row in rows])


# The claims

REAL: tuple[BudgetName, ...] = ("laptop", "paper")
NEAR = 0.025
"""Most tolerance on an accuracy of the table: another split and initial draw."""


def near(share: float, p: int) -> float:
    """Return three standard errors of the difference of two counts on half of the table, at most `NEAR`.

    Example:
        >>> round(near(0.0227, 97), 4), near(0.0717, 23)
        (0.0092, 0.025)
    """
    return min(NEAR, 3 * math.sqrt(2 * share * (1 - share) / (p * p / 2)))


COMMON_DEVIATION = (
    "Learning rate, weight decay and fraction are the paper's; its steps and seeds are not stated."
)
DEVIATIONS: Mapping[int, Mapping[BudgetName, tuple[str, ...]]] = {
    97: {
        "tiny": (tiny.TINY_DEVIATION,),
        "laptop": ("N = 500 neurons instead of 5000, 300 steps, one seed.", COMMON_DEVIATION),
        "paper": ("2000 steps, five seeds.", COMMON_DEVIATION),
    },
    23: {
        "tiny": (tiny.TINY_DEVIATION,),
        "laptop": ("500 steps, one seed.", COMMON_DEVIATION),
        "paper": ("2000 steps, five seeds.", COMMON_DEVIATION),
    },
}


def expected_of(p: int) -> tuple[Expected, ...]:
    """Return what the table says of a modulus."""
    expectations = [Expected("train_accuracy", "100% on all six (App. C)", low=0.999)]
    for i, (learned, perturbed) in enumerate(PRINTED[p], 1):
        expectations.append(Expected(f"sum_{i}", f"{100 * learned:g}% (App. C)", low=0.999))
        expectations.append(
            Expected(f"perturbed_{i}", f"not 100%: {100 * perturbed:g}% (App. C)", high=LEARNED, absence=True)
        )
        expectations.append(
            Expected(
                f"off_{i}",
                f"perturbed_{i} within {100 * near(perturbed, p):.2g} points of {100 * perturbed:g}% "
                "(App. C)",
                high=near(perturbed, p),
                essential=False,
            )
        )
    return (*expectations, *_losses_expected(p))


def _losses_expected(p: int) -> tuple[Expected, ...]:
    return tuple(
        Expected(
            f"{side}_loss_{kind}_{i}",
            f"{printed:g} (App. C), 25%",
            0.75 * printed,
            1.25 * printed,
            essential=False,
            budgets=("paper",),
        )
        for kind, pairs in zip(("sum", "perturbed"), PRINTED_LOSSES.get(p, ()), strict=False)
        for i, losses in enumerate(pairs, 1)
        for side, printed in zip(("train", "test"), losses, strict=True)
    )


CLAIMS = (
    *(
        Claim(
            f"doshi2024/appC-{p}",
            "Table of App. C",
            f"Mod {p} a network learns three functions of a sum to 100%, and none of the same functions "
            f"with one more term.",
            partial(plan_table, p),
            partial(measure_table, p),
            expected_of(p),
            DEVIATIONS[p],
        )
        for p in PRINTED
    ),
    Claim(
        "doshi2024/hypothesis-5.1",
        "Hypothesis 5.1, table of App. C",
        "Of the twelve targets of App. C a two-layer network reaches 100% test accuracy exactly on those of "
        "the form h(g1(n1) + g2(n2)).",
        plan_tables,
        measure_hypothesis,
        (
            Expected("decided", "all twelve are decided, with witness or certificate", low=12.0),
            Expected("of_the_form", "six have the form, six have not (App. C)", 6.0, 6.0),
            Expected(
                "agreeing", "all twelve outcomes follow the form (Hypothesis 5.1)", low=12.0, absence=True
            ),
        ),
        {
            "tiny": (tiny.TINY_DEVIATION,),
            **{
                budget: (
                    f"p = 97: {DEVIATIONS[97][budget][0]}",
                    f"p = 23: {DEVIATIONS[23][budget][0]}",
                    COMMON_DEVIATION,
                )
                for budget in REAL
            },
        },
    ),
)
