"""Furuta et al. 2024: which parts of grokked networks help which other tasks.

Owns: the claims of Fig. 2 about subtraction and about bodies, and of Fig. 9 about three linear expressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...runs.schedule import GROKKED
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .fractions import null_of
from .runs import LONG, ONE_SEED, SIZES, SLOW, SLOW_WORDS, TINY, accuracy_panel, best_accuracy, group
from .transfer import (
    DEVIATIONS,
    DIFFERENCE,
    SUM,
    TIMES,
    best_rows,
    downstream,
    speed_up,
    upstream,
)

NULL_MARGIN = 0.05
"""How far an accuracy may lie above what knowing the swap gives, and still count as not learned."""


def over_null(run: RunData) -> float:
    """Return how far a run's last test accuracy lies above what knowing the symmetries of its task gives."""
    return run.last("test_accuracy") - null_of(run)


# Fig. 2: embeddings, to and from subtraction ----------------------------------------------------------------


def plan_embeddings(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the operations with the embedding of subtraction, and subtraction with that of multiplication."""
    share, most = SIZES[budget].fraction, SIZES[budget].fractions[-1]
    early = None if budget == "paper" else False
    return {
        "sum": group(budget, SUM, early_stop=early),
        "times": group(budget, TIMES, early_stop=early),
        "difference": downstream(budget, DIFFERENCE, fraction=share, steps=SLOW[budget]),
        "sum_given": downstream(budget, SUM, embedding_from="difference", fraction=share),
        "times_given": downstream(budget, TIMES, embedding_from="difference", fraction=most),
        "difference_given": downstream(
            budget, DIFFERENCE, embedding_from="times", fraction=most, steps=SLOW[budget]
        ),
    }


def measure_embeddings(evidence: Evidence) -> ClaimResult:
    """Take accuracies with embeddings of and for subtraction."""
    named = {
        "a + b": evidence.one("sum"),
        "a - b": evidence.one("difference"),
        "a + b, PG-E(-)": evidence.one("sum_given"),
        "ab, PG-E(-)": evidence.one("times_given"),
        "a - b, PG-E(*)": evidence.one("difference_given"),
    }
    values = {
        "accuracy_difference": best_accuracy([named["a - b"]]),
        "accuracy_sum_given": best_accuracy([named["a + b, PG-E(-)"]]),
        "times_given_over_null": over_null(named["ab, PG-E(-)"]),
        "difference_given_over_null": over_null(named["a - b, PG-E(*)"]),
    }
    return ClaimResult(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


# Fig. 2: bodies ---------------------------------------------------------------------------------------------


def plan_bodies(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan addition and multiplication with each other's body, and subtraction with all and for all."""
    share = SIZES[budget].fraction
    slow = {"fraction": share, "steps": SLOW[budget]}
    return {
        "sum": upstream(budget, SUM),
        "times": upstream(budget, TIMES),
        "difference": downstream(budget, DIFFERENCE, **slow),
        "sum_of_times": downstream(budget, SUM, body_from="times"),
        "times_of_sum": downstream(budget, TIMES, body_from="sum"),
        "difference_of_sum": downstream(budget, DIFFERENCE, body_from="sum", **slow),
        "difference_of_times": downstream(budget, DIFFERENCE, body_from="times", **slow),
        "difference_of_itself": downstream(budget, DIFFERENCE, body_from="difference", **slow),
        "sum_of_difference": downstream(budget, SUM, body_from="difference"),
        "times_of_difference": downstream(budget, TIMES, body_from="difference"),
    }


def measure_bodies(evidence: Evidence) -> ClaimResult:
    """Compare steps of grokking with and without the body of another operation."""
    names = {
        "a + b": "sum",
        "ab": "times",
        "a - b": "difference",
        "a + b, PG-T(*)": "sum_of_times",
        "ab, PG-T(+)": "times_of_sum",
        "a - b, PG-T(+)": "difference_of_sum",
        "a - b, PG-T(*)": "difference_of_times",
        "a - b, PG-T(-)": "difference_of_itself",
        "a + b, PG-T(-)": "sum_of_difference",
        "ab, PG-T(-)": "times_of_difference",
    }
    named = {label: evidence.one(name) for label, name in names.items()}
    hard = [run for label, run in named.items() if label.startswith("a - b, ") or label.endswith("(-)")]
    values = {
        "accuracy_upstream": min(best_accuracy([named[label]]) for label in ("a + b", "ab", "a - b")),
        "speed_up_sum": speed_up(named["a + b"], named["a + b, PG-T(*)"]),
        "speed_up_times": speed_up(named["ab"], named["ab, PG-T(+)"]),
        "grokked_with_subtraction": sum(run.row.grokked_at is not None for run in hard),
    }
    return ClaimResult(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


# Fig. 9, Table 1: other linear expressions ------------------------------------------------------------------

LINEAR = ("2x + y", "2x - y", "2x - 3y")


def plan_linear(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan three linear expressions from scratch, and with the embedding and the body of addition."""
    scratch = group(budget, *LINEAR, fraction=SIZES[budget].fractions[0], steps=LONG[budget])
    return {
        "sum": upstream(budget, SUM),
        "scratch": scratch,
        "embedding": replace(scratch, embedding_from="sum"),
        "body": replace(scratch, body_from="sum"),
    }


def measure_linear(evidence: Evidence) -> ClaimResult:
    """Take the best accuracies of the expressions with and without parts of addition's network."""
    ways = {"scratch": "", "embedding": ", PG-E(+)", "body": ", PG-T(+)"}
    named = {
        f"{run.point['expression']}{suffix}": run for way, suffix in ways.items() for run in evidence[way]
    }
    values = {
        "accuracy_upstream": best_accuracy([evidence.one("sum")]),
        "most_from_scratch": max(best_accuracy([run]) for run in evidence["scratch"]),
        "least_with_embedding": best_accuracy(evidence["embedding"]),
        "least_with_body": best_accuracy(evidence["body"]),
    }
    return ClaimResult(values, (accuracy_panel(list(named.items()), span=12),), best_rows(named))


CLAIMS = (
    Claim(
        "furuta2024/fig2-embeddings-difference",
        "Fig. 2",
        "Addition groks with the embedding of subtraction. Subtraction and multiplication cannot use each "
        "other's, even from 90% of the pairs.",
        plan_embeddings,
        measure_embeddings,
        (
            Expected("accuracy_difference", "subtraction groks", low=GROKKED),
            Expected("accuracy_sum_given", "groks", low=GROKKED),
            Expected(
                "times_given_over_null",
                "does not grok at r = 0.9: at most 5 points above the orbit null",
                high=NULL_MARGIN,
                absence=True,
            ),
            Expected(
                "difference_given_over_null",
                "does not grok at r = 0.9: at most 5 points above the orbit null",
                high=NULL_MARGIN,
                absence=True,
            ),
        ),
        {
            "tiny": TINY,
            "laptop": (
                *ONE_SEED,
                SLOW_WORDS,
                "3,600 steps for addition and multiplication with the embedding of subtraction.",
            ),
        },
    ),
    Claim(
        "furuta2024/fig2-bodies",
        "Fig. 2",
        "With the attention and MLP of the other, not trained further, addition and multiplication grok "
        "sooner. Subtraction does not grok with those of any operation, its own included, and its own help "
        "no other.",
        plan_bodies,
        measure_bodies,
        (
            Expected("accuracy_upstream", "the three operations grok", low=GROKKED),
            Expected("speed_up_sum", "sooner at small r: by a tenth at least", low=1.1),
            Expected("speed_up_times", "sooner at small r: by a tenth at least", low=1.1),
            Expected("grokked_with_subtraction", "none of five groks", high=0, absence=True),
        ),
        {
            "tiny": TINY,
            "laptop": (
                *ONE_SEED,
                SLOW_WORDS,
                "60% of the pairs for addition and multiplication, at most 3,600 steps.",
            ),
        },
    ),
    Claim(
        "furuta2024/fig9-linear",
        "Fig. 9, Table 1",
        "With the embedding or with the attention and MLP of addition, not trained further, 2a + b, 2a - b "
        "and 2a - 3b grok from a share of the pairs from which they do not from scratch.",
        plan_linear,
        measure_linear,
        (
            Expected("accuracy_upstream", "a + b groks", low=GROKKED),
            Expected("most_from_scratch", "2.5 to 3.7% at r = 0.3 (Table A.5)", high=0.5, absence=True),
            Expected("least_with_embedding", "groks at r = 0.3 (Table 1)", low=GROKKED),
            Expected("least_with_body", "groks at r = 0.3 (Table 1)", low=GROKKED),
        ),
        DEVIATIONS,
    ),
)
