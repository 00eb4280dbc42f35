"""Furuta et al. 2024: parts of grokked networks in new ones, and several tasks in one network.

Owns: claims of Fig. 2, 9, 10, 11 and Table 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ...reports.charts.claim_charts import Line, Panel, single, step_lines
from ...runs.schedule import GROKKED
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .fractions import LINEAR, PRODUCT, null_of
from .runs import (
    LAPTOP,
    LONG,
    ONE_SEED,
    SIZES,
    SLOW,
    SLOW_WORDS,
    TINY,
    accuracy_panel,
    best_accuracy,
    group,
    last_grokking,
)

SUM, DIFFERENCE, TIMES = "x + y", "x - y", "x*y"
DONATED = (
    LAPTOP[0],
    "60% of the pairs are used for training, upstream and downstream, where the paper has 30%.",
    LAPTOP[2],
    "At most 1,200 steps upstream and 3,600 downstream, not 300,000.",
    "One seed, not three.",
)
DEVIATIONS: Mapping[BudgetName, tuple[str, ...]] = {"tiny": TINY, "laptop": DONATED}


def downstream(budget: BudgetName, expression: str, **options: Any) -> RunGroup:
    """Plan a task from the smallest share of the pairs; a part of the group named in `options` is taken."""
    parts = {name: options.pop(name) for name in ("embedding_from", "body_from") if name in options}
    fields = {"fraction": SIZES[budget].fractions[0], "steps": LONG[budget], **options}
    runs = group(budget, expression, **fields)
    return RunGroup(runs.base, runs.axes, runs.zip, **parts)


def upstream(budget: BudgetName, expression: str) -> RunGroup:
    """Plan a run whose parts are taken: an elementary operation from the smallest share."""
    return group(budget, expression, fraction=SIZES[budget].fractions[0], seeds=1)


def best_rows(named: Mapping[str, RunData]) -> list[dict[str, Any]]:
    """Return one row per run: what it is, how far it went, whether it grokked."""
    return [
        {
            "run": label,
            "task": run.experiment.name,
            "fraction": run.experiment.fraction,
            "steps": run.row.step,
            "best test accuracy": best_accuracy([run]),
            "grokked at": last_grokking([run]),
        }
        for label, run in named.items()
    ]


def speed_up(scratch: RunData, with_part: RunData) -> float | None:
    """Return how many times as many steps a run needs to grok without parts of another as with them.

    None if the run with parts does not grok. One that does not grok without them counts with its last step,
    which understates the ratio.
    """
    if with_part.row.grokked_at is None:
        return None
    return (scratch.row.grokked_at or scratch.row.step) / with_part.row.grokked_at


# Table 1, Fig. 9: an embedding for a linear expression ----------------------------------------------------


def plan_linear(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan 2a + 3b from scratch and with the embedding of addition."""
    return {
        "sum": upstream(budget, SUM),
        "linear": downstream(budget, LINEAR),
        "linear_given": downstream(budget, LINEAR, embedding_from="sum"),
    }


def measure_linear(evidence: Evidence) -> ClaimResult:
    """Compare 2a + 3b with and without the embedding of addition."""
    named = {
        "a + b": evidence.one("sum"),
        "2a + 3b": evidence.one("linear"),
        "2a + 3b, PG-E(+)": evidence.one("linear_given"),
    }
    best = {label: best_accuracy([run]) for label, run in named.items()}
    values = {
        "accuracy_upstream": best["a + b"],
        "accuracy_2a_3b": best["2a + 3b"],
        "accuracy_2a_3b_given": best["2a + 3b, PG-E(+)"],
    }
    return ClaimResult(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


# Table 1: a body for shifted products -----------------------------------------------------------------------


def plan_product(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan ab + b from scratch, with the body of multiplication, with the embedding of addition."""
    return {
        "sum": upstream(budget, SUM),
        "times": upstream(budget, TIMES),
        "scratch": downstream(budget, PRODUCT),
        "body": downstream(budget, PRODUCT, body_from="times"),
        "embedding": downstream(budget, PRODUCT, embedding_from="sum"),
    }


def measure_product(evidence: Evidence) -> ClaimResult:
    """Compare ab + b with and without parts of other runs."""
    named = {
        "a + b": evidence.one("sum"),
        "ab": evidence.one("times"),
        "ab + b": evidence.one("scratch"),
        "ab + b, PG-T(*)": evidence.one("body"),
        "ab + b, PG-E(+)": evidence.one("embedding"),
    }
    best = {label: best_accuracy([run]) for label, run in named.items()}
    values = {
        "accuracy_upstream": min(best["a + b"], best["ab"]),
        "accuracy_scratch": best["ab + b"],
        "accuracy_body": best["ab + b, PG-T(*)"],
        "accuracy_embedding": best["ab + b, PG-E(+)"],
    }
    return ClaimResult(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


# Fig. 2: embeddings among the operations --------------------------------------------------------------------


def plan_crossing(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan subtraction with the embedding of addition, and addition and multiplication with each other's."""
    share, most = SIZES[budget].fraction, SIZES[budget].fractions[-1]
    early = None if budget == "paper" else False
    slow = {"fraction": share, "steps": SLOW[budget]}
    return {
        "sum": group(budget, SUM, early_stop=early),
        "times": group(budget, TIMES, early_stop=early),
        "difference": downstream(budget, DIFFERENCE, **slow),
        "difference_given": downstream(budget, DIFFERENCE, embedding_from="sum", **slow),
        "times_given": downstream(budget, TIMES, embedding_from="sum", fraction=most),
        "sum_given": downstream(budget, SUM, embedding_from="times", fraction=most),
    }


def measure_crossing(evidence: Evidence) -> ClaimResult:
    """Compare operations with embeddings of other operations."""
    named = {
        "a + b": evidence.one("sum"),
        "ab": evidence.one("times"),
        "a - b": evidence.one("difference"),
        "a - b, PG-E(+)": evidence.one("difference_given"),
        "ab, PG-E(+)": evidence.one("times_given"),
        "a + b, PG-E(*)": evidence.one("sum_given"),
    }
    best = {label: best_accuracy([run]) for label, run in named.items()}
    values = {
        "accuracy_difference_given": best["a - b, PG-E(+)"],
        "speed_up": speed_up(named["a - b"], named["a - b, PG-E(+)"]),
        "accuracy_times_given": best["ab, PG-E(+)"],
        "accuracy_sum_given": best["a + b, PG-E(*)"],
    }
    return ClaimResult(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


# A control of Fig. 2: what leakage gives -------------------------------------------------------------------


def plan_crossing_leakage(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan addition and multiplication with each other's embedding, on plain and on swap splits."""
    most = SIZES[budget].fractions[-1]
    early = None if budget == "paper" else False
    options = {"fraction": most}
    return {
        "sum": group(budget, SUM, early_stop=early),
        "times": group(budget, TIMES, early_stop=early),
        "times_plain": downstream(budget, TIMES, embedding_from="sum", **options),
        "sum_plain": downstream(budget, SUM, embedding_from="times", **options),
        "times_swap": downstream(budget, TIMES, embedding_from="sum", orbits="swap", **options),
        "sum_swap": downstream(budget, SUM, embedding_from="times", orbits="swap", **options),
    }


def measure_crossing_leakage(evidence: Evidence) -> ClaimResult:
    """Compare accuracies with the orbit null of the same split."""
    names = ("times_plain", "sum_plain", "times_swap", "sum_swap")
    runs = {name: evidence.one(name) for name in names}
    off = {name: abs(run.last("test_accuracy") - null_of(run)) for name, run in runs.items()}
    values = {
        "most_off_plain": max(off["times_plain"], off["sum_plain"]),
        "most_off_swap": max(off["times_swap"], off["sum_swap"]),
        **{f"accuracy_{name}": run.last("test_accuracy") for name, run in runs.items()},
    }
    labels = {name: f"{run.experiment.name}, {name.partition('_')[2]} split" for name, run in runs.items()}
    rows = [
        {"run": labels[name], "seed": run.experiment.seed, "test accuracy": run.last("test_accuracy")}
        | {"orbit null": null_of(run), "steps": run.row.step}
        for name, run in runs.items()
    ]
    panel = accuracy_panel([(labels[name], run) for name, run in runs.items()], span=12)
    return ClaimResult(values, (panel,), rows)


# Fig. 10, 11: several tasks in one network ------------------------------------------------------------------

ELEMENTARY = "x + y; x - y; x*y"
QUADRATICS = "x^2 + y^2; x^2 + x*y + y^2; (x + y)^2"
SINGLE = "x^2 + x*y + y^2"
MORE_DATA = (
    "The mixture sees three times the data of the task alone, a third of it of that task, as in the paper."
)
MIXTURE_DEVIATIONS = {name: (*words, MORE_DATA) for name, words in DEVIATIONS.items()}


def plan_mixture(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the three operations together, from most and from few pairs."""
    few, most = SIZES[budget].fractions[0], SIZES[budget].fractions[-1]
    return {
        "most": group(budget, ELEMENTARY, fraction=most, steps=MIXED[budget]),
        "few": group(budget, ELEMENTARY, fraction=few, steps=MIXED[budget]),
    }


MIXED: Mapping[BudgetName, int] = {"tiny": 12, "laptop": 4000, "paper": 300_000}
"""Steps of the mixture of operations."""


def measure_mixture(evidence: Evidence) -> ClaimResult:
    """Take the accuracy of each operation."""
    most, few = evidence.one("most"), evidence.one("few")
    best = {
        (label, i): best_accuracy([run], f"test_{i}_accuracy")
        for label, run in (("most", most), ("few", few))
        for i in (1, 2, 3)
    }
    values = {
        "accuracy_sum": best["most", 1],
        "accuracy_difference": best["most", 2],
        "accuracy_product": best["most", 3],
        "least_accuracy_few": min(best["few", i] for i in (1, 2, 3)),
    }
    names = [part.name for part in most.task.parts]
    rows = [
        {"task": name, "fraction": run.experiment.fraction, "steps": run.row.step}
        | {"best test accuracy": best[label, i]}
        for label, run in (("most", most), ("few", few))
        for i, name in enumerate(names, 1)
    ]
    panels = tuple(parts_panel(run) for run in (most, few))
    return ClaimResult(values, panels, rows)


def parts_panel(run: RunData) -> Panel:
    """Draw the test accuracy of each task of a mixture against steps."""
    names = [part.name for part in run.task.parts]
    curves = [Line(name, run.steps, run.curve(f"test_{i}_accuracy")) for i, name in enumerate(names, 1)]
    summary = ", ".join(f"{line.name} {float(line.y[-1]):.1%}" for line in curves)
    share = f"{run.experiment.fraction:.0%}"
    cell = step_lines(
        curves,
        f"Test accuracy of each task of a mixture against steps, {share} of the pairs: at the end {summary}.",
        y="test accuracy",
        percent=True,
        level=GROKKED,
    )
    return single(
        f"mixture_{run.experiment.fraction:g}",
        f"Several tasks, {share} of the pairs",
        "One network, one line per task.",
        cell,
        6,
    )


def plan_quadratics(budget: BudgetName, **split: str) -> Mapping[str, RunGroup]:
    """Plan three quadratic polynomials together, and the hardest of them alone."""
    return {
        "mixture": downstream(budget, QUADRATICS, **split),
        "single": downstream(budget, SINGLE, **split),
    }


def measure_quadratics(evidence: Evidence) -> ClaimResult:
    """Compare the hardest of three polynomials alone and among the others."""
    mixture, alone = evidence.one("mixture"), evidence.one("single")
    best = [best_accuracy([mixture], f"test_{i}_accuracy") for i in (1, 2, 3)]
    values = {
        "accuracy_mixture": best[1],
        "accuracy_single": best_accuracy([alone]),
        "lift": best[1] - best_accuracy([alone]),
        "mixture_over_null": best[1] - max(null_of(alone, signs=signs) for signs in (False, True)),
    }
    panels = (parts_panel(mixture), accuracy_panel([(SINGLE, alone)]))
    return ClaimResult(values, panels, mixture_rows(mixture, "of all three", best, alone))


def mixture_rows(
    mixture: RunData, network: str, best: Sequence[float], alone: RunData
) -> list[dict[str, Any]]:
    """Return one row per task of a mixture, and one of the task that is learned alone as well.

    Arguments:
        mixture: the run of all tasks.
        network: what its network is called.
        best: best test accuracy of each task.
        alone: the run of one task.
    """
    rows = [
        {"task": part.name, "network": network, "steps": mixture.row.step, "best test accuracy": accuracy}
        for part, accuracy in zip(mixture.task.parts, best, strict=True)
    ]
    own = {"task": alone.experiment.name, "network": "of its own", "steps": alone.row.step}
    return [*rows, own | {"best test accuracy": best_accuracy([alone])}]


OVER_NULL = Expected(
    "mixture_over_null",
    "learned at all: at least 3 points above the null models, swap with or without signs (ours)",
    low=0.03,
    given="mixture_over_null",
)
"""A premise: two networks that know nothing of the task cannot be compared."""

CLAIMS = (
    Claim(
        "furuta2024/table1-linear",
        "Table 1, Fig. 9",
        "With the embedding of addition, not trained further, 2a + 3b groks from a share of the pairs from "
        "which it does not from scratch.",
        plan_linear,
        measure_linear,
        (
            Expected("accuracy_upstream", "a + b groks", low=GROKKED),
            Expected("accuracy_2a_3b", "3.3% at r = 0.3 (Table A.5)", high=0.5, absence=True),
            Expected("accuracy_2a_3b_given", "groks at r = 0.3 (Table 1)", low=GROKKED),
        ),
        {
            **DEVIATIONS,
            "laptop": (
                *DONATED,
                "At p = 97 with 30% of the pairs, as in the paper, 12,000 steps were tried: it did not grok "
                "in them (docs/transformer-results.md).",
            ),
        },
    ),
    Claim(
        "furuta2024/table1-shifted-product",
        "Table 1",
        "With the attention and MLP of multiplication, not trained further, ab + b groks from a share of the "
        "pairs from which it does not from scratch; with the embedding of addition it does not.",
        plan_product,
        measure_product,
        (
            Expected("accuracy_upstream", "a + b and ab grok", low=GROKKED),
            Expected("accuracy_scratch", "6.1% at r = 0.3 (Table A.5)", high=0.5, absence=True),
            Expected("accuracy_body", "groks at r = 0.3 (Table 1)", low=GROKKED),
            Expected("accuracy_embedding", "never (Table 1)", high=0.9, absence=True),
        ),
        DEVIATIONS,
    ),
    Claim(
        "furuta2024/fig2-embeddings",
        "Fig. 2",
        "The embedding of addition speeds subtraction up. Addition and multiplication cannot use each "
        "other's, even from 90% of the pairs.",
        plan_crossing,
        measure_crossing,
        (
            Expected("accuracy_difference_given", "groks", low=GROKKED),
            Expected("speed_up", "above 1: by a tenth at least", low=1.1),
            Expected("accuracy_times_given", "does not grok at r = 0.9", high=0.9, absence=True),
            Expected("accuracy_sum_given", "does not grok at r = 0.9", high=0.9, absence=True),
        ),
        {
            **DEVIATIONS,
            "laptop": (*ONE_SEED, SLOW_WORDS, "3,600 steps for + and * with each other's embedding."),
        },
    ),
    Claim(
        "furuta2024/leakage-embeddings",
        "beyond the paper: a control of Fig. 2",
        "With each other's embedding, addition and multiplication answer what knowing the swap of operands "
        "gives and no more: on splits that keep swapped pairs together, next to nothing.",
        plan_crossing_leakage,
        measure_crossing_leakage,
        tuple(
            Expected(
                f"most_off_{name}",
                f"within 3 points of the orbit null on {name} splits (predicted)",
                high=0.03,
                absence=True,
            )
            for name in ("plain", "swap")
        ),
        {
            **DEVIATIONS,
            "laptop": (*ONE_SEED, "3,600 steps with each other's embedding.", "See docs/predictions.md."),
        },
    ),
    Claim(
        "furuta2024/fig10-mixture",
        "Fig. 10",
        "One network groks +, - and * together from 90% of the pairs, but not from few.",
        plan_mixture,
        measure_mixture,
        (
            Expected("accuracy_sum", "groks at r = 0.9", low=GROKKED),
            Expected("accuracy_difference", "groks at r = 0.9", low=GROKKED),
            Expected("accuracy_product", "groks at r = 0.9", low=GROKKED),
            Expected("least_accuracy_few", "fails at r = 0.3", high=0.9, absence=True),
        ),
        {
            "tiny": TINY,
            "laptop": (
                LAPTOP[0],
                "60% of the pairs, not 30%, as few.",
                LAPTOP[2],
                "At most 4,000 steps, not 300,000.",
                "One seed, not three.",
            ),
        },
    ),
    Claim(
        "furuta2024/fig11-mixture",
        "Fig. 11",
        "Learned together with a^2 + b^2 and (a+b)^2, a^2 + ab + b^2 generalises better than alone.",
        plan_quadratics,
        measure_quadratics,
        (
            Expected("accuracy_single", "34% at r = 0.3 (Table A.5)", high=0.9),
            OVER_NULL,
            Expected("lift", "above 0 at r = 0.3 (Fig. 11)", low=0.05, given="mixture_over_null"),
        ),
        MIXTURE_DEVIATIONS,
    ),
    Claim(
        "furuta2024/fig11-swap",
        "beyond the paper: a control of Fig. 11",
        "Learned together with a^2 + b^2 and (a+b)^2, a^2 + ab + b^2 generalises better than alone also "
        "where no swap of a test pair is trained on.",
        partial(plan_quadratics, orbits="swap"),
        measure_quadratics,
        (
            Expected("accuracy_single", "not learned alone; at most 90%", high=0.9),
            OVER_NULL,
            Expected("lift", "above 0, if it is not leakage", low=0.05, given="mixture_over_null"),
        ),
        MIXTURE_DEVIATIONS,
    ),
)
