"""Furuta et al. 2024: parts of grokked networks in new ones, and several tasks in one network.

Owns: claims of Fig. 2, 9, 10, 11 and Table 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...reports.charts.claim_charts import Line, Panel, lines, single
from ...runs.schedule import GROKKED
from ..claims.claim import FULL, Budget, Claim, Expected, Found
from ..claims.evidence import Evidence, Trial
from ..claims.plan import Group
from .fractions import LINEAR, PRODUCT
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
    moment,
)

SUM, DIFFERENCE, TIMES = "x + y", "x - y", "x*y"
DONATED = (
    LAPTOP[0],
    "60% of the pairs train, upstream and downstream, where the paper has 30%.",
    LAPTOP[2],
    "At most 1,200 steps upstream and 3,600 downstream, not 300,000.",
    "One seed, not three.",
)
DEVIATIONS: Mapping[Budget, tuple[str, ...]] = {"tiny": TINY, "laptop": DONATED}


def downstream(budget: Budget, expression: str, **options: Any) -> Group:
    """Plan a task from the smallest share of the pairs; a part of the group named in `options` is taken."""
    given = {name: options.pop(name) for name in ("embedding_from", "body_from") if name in options}
    fields = {"fraction": SIZES[budget].fractions[0], "steps": LONG[budget], **options}
    made = group(budget, expression, **fields)
    return Group(made.base, made.axes, made.zip, **given)


def upstream(budget: Budget, expression: str) -> Group:
    """Plan a run whose parts are taken: an elementary operation from the smallest share."""
    return group(budget, expression, fraction=SIZES[budget].fractions[0], seeds=1)


def best_rows(named: Mapping[str, Trial]) -> list[dict[str, Any]]:
    """Return one row a run: what it is, how far it went, whether it grokked."""
    return [
        {
            "run": label,
            "task": trial.experiment.name,
            "fraction": trial.experiment.fraction,
            "steps": trial.row.step,
            "best test accuracy": best_accuracy([trial]),
            "grokked at": moment([trial]),
        }
        for label, trial in named.items()
    ]


# Table 1, Fig. 9: an embedding for a linear expression ----------------------------------------------------


def plan_linear(budget: Budget) -> Mapping[str, Group]:
    """Plan 2a + 3b from scratch and with the embedding of addition."""
    return {
        "sum": upstream(budget, SUM),
        "linear": downstream(budget, LINEAR),
        "linear_given": downstream(budget, LINEAR, embedding_from="sum"),
    }


def find_linear(evidence: Evidence) -> Found:
    """Compare 2a + 3b with and without the embedding of addition."""
    named = {
        "a + b": evidence.one("sum"),
        "2a + 3b": evidence.one("linear"),
        "2a + 3b, PG-E(+)": evidence.one("linear_given"),
    }
    best = {label: best_accuracy([trial]) for label, trial in named.items()}
    values = {
        "accuracy_upstream": best["a + b"],
        "accuracy_2a_3b": best["2a + 3b"],
        "accuracy_2a_3b_given": best["2a + 3b, PG-E(+)"],
    }
    return Found(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


# Table 1: a body for shifted products -----------------------------------------------------------------------


def plan_product(budget: Budget) -> Mapping[str, Group]:
    """Plan ab + b from scratch, with the body of multiplication, with the embedding of addition."""
    return {
        "sum": upstream(budget, SUM),
        "times": upstream(budget, TIMES),
        "scratch": downstream(budget, PRODUCT),
        "body": downstream(budget, PRODUCT, body_from="times"),
        "embedding": downstream(budget, PRODUCT, embedding_from="sum"),
    }


def find_product(evidence: Evidence) -> Found:
    """Compare ab + b with and without parts of other runs."""
    named = {
        "a + b": evidence.one("sum"),
        "ab": evidence.one("times"),
        "ab + b": evidence.one("scratch"),
        "ab + b, PG-T(*)": evidence.one("body"),
        "ab + b, PG-E(+)": evidence.one("embedding"),
    }
    best = {label: best_accuracy([trial]) for label, trial in named.items()}
    values = {
        "accuracy_upstream": min(best["a + b"], best["ab"]),
        "accuracy_scratch": best["ab + b"],
        "accuracy_body": best["ab + b, PG-T(*)"],
        "accuracy_embedding": best["ab + b, PG-E(+)"],
    }
    return Found(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


# Fig. 2: embeddings among the operations --------------------------------------------------------------------


def plan_crossing(budget: Budget) -> Mapping[str, Group]:
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


def find_crossing(evidence: Evidence) -> Found:
    """Compare operations with embeddings of other operations."""
    named = {
        "a + b": evidence.one("sum"),
        "ab": evidence.one("times"),
        "a - b": evidence.one("difference"),
        "a - b, PG-E(+)": evidence.one("difference_given"),
        "ab, PG-E(+)": evidence.one("times_given"),
        "a + b, PG-E(*)": evidence.one("sum_given"),
    }
    best = {label: best_accuracy([trial]) for label, trial in named.items()}
    scratch, given = (named[label].row for label in ("a - b", "a - b, PG-E(+)"))
    values = {
        "accuracy_difference_given": best["a - b, PG-E(+)"],
        "speed_up": None
        if given.grokked_at is None
        else (scratch.grokked_at or scratch.step) / given.grokked_at,
        "accuracy_times_given": best["ab, PG-E(+)"],
        "accuracy_sum_given": best["a + b, PG-E(*)"],
    }
    return Found(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


# Fig. 10, 11: several tasks in one network ------------------------------------------------------------------

ELEMENTARY = "x + y; x - y; x*y"
QUADRATICS = "x^2 + y^2; x^2 + x*y + y^2; (x + y)^2"
SINGLE = "x^2 + x*y + y^2"


def plan_mixture(budget: Budget) -> Mapping[str, Group]:
    """Plan the three operations together, from most and from few pairs."""
    few, most = SIZES[budget].fractions[0], SIZES[budget].fractions[-1]
    return {
        "most": group(budget, ELEMENTARY, fraction=most, steps=MIXED[budget]),
        "few": group(budget, ELEMENTARY, fraction=few, steps=MIXED[budget]),
    }


MIXED: Mapping[Budget, int] = {"tiny": 12, "laptop": 4000, "paper": 300_000}
"""Steps of the mixture of operations."""


def find_mixture(evidence: Evidence) -> Found:
    """Take the accuracy of each operation."""
    most, few = evidence.one("most"), evidence.one("few")
    best = {
        (label, i): best_accuracy([trial], f"test_{i}_accuracy")
        for label, trial in (("most", most), ("few", few))
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
        {"task": name, "fraction": trial.experiment.fraction, "steps": trial.row.step}
        | {"best test accuracy": best[label, i]}
        for label, trial in (("most", most), ("few", few))
        for i, name in enumerate(names, 1)
    ]
    panels = tuple(_parts_panel(trial) for trial in (most, few))
    return Found(values, panels, rows)


def _parts_panel(trial: Trial) -> Panel:
    names = [part.name for part in trial.task.parts]
    drawn = [Line(name, trial.steps, trial.curve(f"test_{i}_accuracy")) for i, name in enumerate(names, 1)]
    said = ", ".join(f"{line.name} {float(line.y[-1]):.1%}" for line in drawn)
    share = f"{trial.experiment.fraction:.0%}"
    cell = lines(
        drawn,
        f"Test accuracy of each task of a mixture against steps, {share} of the pairs: at the end {said}.",
        y="test accuracy",
        percent=True,
        level=GROKKED,
    )
    return single(
        f"mixture_{trial.experiment.fraction:g}",
        f"Several tasks, {share} of the pairs",
        "One network, one line a task.",
        cell,
        6,
    )


def plan_quadratics(budget: Budget) -> Mapping[str, Group]:
    """Plan three quadratic polynomials together, and the hardest of them alone."""
    return {
        "mixture": downstream(budget, QUADRATICS),
        "single": downstream(budget, SINGLE),
    }


def find_quadratics(evidence: Evidence) -> Found:
    """Compare the hardest of three polynomials alone and among the others."""
    mixture, alone = evidence.one("mixture"), evidence.one("single")
    best = [best_accuracy([mixture], f"test_{i}_accuracy") for i in (1, 2, 3)]
    values = {
        "accuracy_mixture": best[1],
        "accuracy_single": best_accuracy([alone]),
        "lift": best[1] - best_accuracy([alone]),
    }
    rows = [
        {"task": part.name, "network": "of all three", "steps": mixture.row.step, "best test accuracy": a}
        for part, a in zip(mixture.task.parts, best, strict=True)
    ]
    rows.append(
        {"task": alone.experiment.name, "network": "of its own", "steps": alone.row.step}
        | {"best test accuracy": best_accuracy([alone])}
    )
    panels = (_parts_panel(mixture), accuracy_panel([(SINGLE, alone)]))
    return Found(values, panels, rows)


CLAIMS = (
    Claim(
        "furuta2024/table1-linear",
        "Table 1, Fig. 9",
        "With the embedding of addition, not trained further, 2a + 3b groks from a share of the pairs from "
        "which it does not from scratch.",
        plan_linear,
        find_linear,
        (
            Expected("accuracy_upstream", "a + b groks", low=GROKKED),
            Expected("accuracy_2a_3b", "3.3% at r = 0.3 (Table A.5)", high=0.5),
            Expected("accuracy_2a_3b_given", "groks at r = 0.3 (Table 1)", low=GROKKED, decisive=FULL),
        ),
        {
            **DEVIATIONS,
            "laptop": (
                *DONATED,
                "At p = 97 with 30% of the pairs, as in the paper, 12,000 steps were tried: it did not grok "
                "in them (docs/transformer.md).",
            ),
        },
    ),
    Claim(
        "furuta2024/table1-shifted-product",
        "Table 1",
        "With the attention and MLP of multiplication, not trained further, ab + b groks from a share of the "
        "pairs from which it does not from scratch; with the embedding of addition it does not.",
        plan_product,
        find_product,
        (
            Expected("accuracy_upstream", "a + b and ab grok", low=GROKKED),
            Expected("accuracy_scratch", "6.1% at r = 0.3 (Table A.5)", high=0.5),
            Expected("accuracy_body", "groks at r = 0.3 (Table 1)", low=GROKKED, decisive=FULL),
            Expected("accuracy_embedding", "never (Table 1)", high=0.9),
        ),
        DEVIATIONS,
    ),
    Claim(
        "furuta2024/fig2-embeddings",
        "Fig. 2",
        "The embedding of addition speeds subtraction up. Addition and multiplication cannot use each "
        "other's, even from 90% of the pairs.",
        plan_crossing,
        find_crossing,
        (
            Expected("accuracy_difference_given", "groks", low=GROKKED, decisive=FULL),
            Expected("speed_up", "above 1: by a tenth at least", low=1.1),
            Expected("accuracy_times_given", "does not grok at r = 0.9", high=0.9),
            Expected("accuracy_sum_given", "does not grok at r = 0.9", high=0.9),
        ),
        {
            **DEVIATIONS,
            "laptop": (*ONE_SEED, SLOW_WORDS, "3,600 steps for + and * with each other's embedding."),
        },
    ),
    Claim(
        "furuta2024/fig10-mixture",
        "Fig. 10",
        "One network groks +, - and * together from 90% of the pairs, not from few.",
        plan_mixture,
        find_mixture,
        (
            Expected("accuracy_sum", "groks at r = 0.9", low=GROKKED, decisive=FULL),
            Expected("accuracy_difference", "groks at r = 0.9", low=GROKKED, decisive=FULL),
            Expected("accuracy_product", "groks at r = 0.9", low=GROKKED, decisive=FULL),
            Expected("least_accuracy_few", "fails at r = 0.3", high=0.9),
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
        find_quadratics,
        (
            Expected("accuracy_single", "34% at r = 0.3 (Table A.5)", high=0.9),
            Expected("lift", "above 0 at r = 0.3 (Fig. 11)", low=0.05, decisive=FULL),
        ),
        DEVIATIONS,
    ),
)
