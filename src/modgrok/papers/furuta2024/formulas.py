"""Furuta et al. 2024: what follows from tables of values and from formulas, without training.

Owns: these claims: the forms of the expressions of Table A.5, statistics of labels (Fig. A.23),
multiplicative waves in the order of the numbers, and slips of App. B.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...algebra import exponential_table
from ...decide import decide_table
from ...measures import make_token_basis
from ...measures.fourier.sparsity import frequency_sparsity
from ...measures.fourier.token_waves import wave_norms
from ...tasks import task_from_text
from ..claims.budget import BudgetName
from ..claims.claim import Claim, ClaimResult, Expected, Misprint
from ..claims.evidence import Evidence
from ..claims.formulas import at_every_budget, formula_result
from ..claims.plan import no_runs

TABLE: Mapping[str, float | None] = {
    "x + y": 0.3,
    "x - y": 0.3,
    "x*y": 0.3,
    "2x + y": 0.5,
    "2x - y": 0.4,
    "2x + 3y": 0.4,
    "2x - 3y": 0.4,
    "x*y + x + y": 0.3,
    "x*y + y": 0.5,
    "x*y - y": 0.5,
    "x^2 + y": 0.3,
    "x^2 - y": 0.4,
    "x^3 + 2y": 0.3,
    "x^3 - 2y": 0.3,
    "x^2 + y^2": 0.3,
    "x^3 + y^3": 0.3,
    "x^2 - y^2": 0.3,
    "(x + y)^2": 0.3,
    "(x + y)^3": 0.3,
    "(x + y)^2 + x + y": 0.3,
    "(x - y)^2": 0.3,
    "(x - y)^3": 0.5,
    "(x - y)^4": 0.7,
    "x^2 + x*y + y^2": 0.8,
    "x^2 + x*y + y^2 + x": None,
    "x^3 + x*y": 0.9,
    "x^3 + x*y^2 + y": None,
}
"""Rows of Table A.5: expression -> the smallest fraction from which it groks; None for never, p = 97."""
LARGE: tuple[BudgetName, ...] = ("laptop", "paper")
SMALL_SET = ("x + y", "x*y", "x^2 + x*y + y^2", "x^3 + x*y^2 + y")


def measure_forms(evidence: Evidence) -> ClaimResult:
    """Decide every expression of Table A.5, and compare with whether it groks there."""
    tiny = evidence.budget == "tiny"
    p = 7 if tiny else 97
    rows: list[dict[str, Any]] = []
    for text in SMALL_SET if tiny else TABLE:
        form = decide_table(task_from_text(text, p).table, p).form
        rows.append({"task": text, "form": form, "groks from": TABLE[text]})
    inside = [row for row in rows if row["form"] in ("additive", "multiplicative")]
    outside = [row for row in rows if row["form"] == "neither"]
    values = {
        "undecided": sum(row["form"] == "undecided" for row in rows),
        "with_form_that_grok": sum(row["groks from"] is not None for row in inside) / max(len(inside), 1),
        "without_form": len(outside),
        "without_form_that_grok": sum(row["groks from"] is not None for row in outside),
        "earliest_without_form": min(
            (row["groks from"] for row in outside if row["groks from"] is not None), default=None
        ),
    }
    return formula_result(
        values,
        {"with_form_that_grok": (1.0, 1.0)},
        "Table A.5 against the forms",
        "Share of the expressions with a form h(g1(a) + g2(b)) or h(g1(a) g2(b)) that grok in the table.",
        rows=rows,
    )


def measure_labels(evidence: Evidence) -> ClaimResult:
    """Compare the label statistics of expressions that grok early with those that grok late or never."""
    p = 7 if evidence.budget == "tiny" else 97
    rows: list[dict[str, Any]] = []
    for text, least in TABLE.items():
        labels = task_from_text(text, p).table.ravel()
        share = np.bincount(labels[labels >= 0], minlength=p) / np.sum(labels >= 0)
        entropy = float(-np.sum(share[share > 0] * np.log(share[share > 0])) / np.log(p))
        rows.append(
            {"task": text, "groks from": least, "values taken": int(np.sum(share > 0))}
            | {"entropy over log p": entropy, "most common": float(share.max())}
        )
    early = [row["entropy over log p"] for row in rows if row["groks from"] == 0.3]
    late = [row["entropy over log p"] for row in rows if row["groks from"] in (None, 0.8, 0.9)]
    values = {
        "early_least": min(early),
        "early_most": max(early),
        "late_least": min(late),
        "late_most": max(late),
        "separated": float(max(late) < min(early) or min(late) > max(early)),
    }
    return formula_result(
        values,
        {"late_least": (min(early), max(early)), "late_most": (min(early), max(early))},
        "Entropy of the labels, over log p",
        "Of expressions that grok late or never. Shaded: the range of those that grok from 30%.",
        rows=rows,
    )


def measure_characters(evidence: Evidence) -> ClaimResult:
    """Take FFS of one multiplicative wave, in the order of the numbers and of logarithms."""
    p = 7 if evidence.budget == "tiny" else 97
    basis = make_token_basis(p)
    assert basis.log is not None
    tokens = exponential_table(p)
    spread, natural, logarithmic = 0.0, 1.0, 0.0
    for number in range(1, (p - 1) // 2):
        angle = 2 * np.pi * number * np.arange(p - 1) / (p - 1)
        wave = np.zeros((p, 2))
        wave[tokens] = np.stack([np.cos(angle), np.sin(angle)], 1)
        size = np.abs(np.fft.fft(wave[:, 0] + 1j * wave[:, 1]))[1:]
        spread = max(spread, float(size.max() / size.min() - 1))
        matrix = jnp.asarray(wave, jnp.float32)
        sparsities = [
            float(frequency_sparsity(wave_norms(matrix, order))) for order in (basis.natural, basis.log)
        ]
        natural, logarithmic = min(natural, sparsities[0]), max(logarithmic, sparsities[1])
    values = {"gauss_sum_spread": spread, "ffs_natural": natural, "ffs_log": logarithmic}
    return formula_result(
        values,
        {"ffs_natural": (0.4, 1.0), "ffs_log": (0.0, 0.5)},
        "FFS of one multiplicative wave",
        f"The least in the numbers' order, the largest in that of logarithms, over all waves mod {p}.",
    )


def appendix_basis(p: int) -> np.ndarray:
    """Return the rows of App. B's code: constant, then cosine and sine of each frequency, normalised."""
    n = np.arange(p)
    rows = [np.ones(p)]
    for k in range(1, p // 2 + 1):
        rows += [np.cos(2 * np.pi * k * n / p), np.sin(2 * np.pi * k * n / p)]
    basis = np.stack(rows)
    normalised: np.ndarray = basis / np.linalg.norm(basis, axis=1, keepdims=True)
    return normalised


def measure_names(evidence: Evidence) -> ClaimResult:
    """Ask which row of App. B's basis holds a cosine, by the label of the code and by its formula."""
    p = 97
    cosine = np.cos(2 * np.pi * 5 * np.arange(p) / p)
    coefficients = appendix_basis(p)[1:] @ cosine
    energy = coefficients.reshape(-1, 2) ** 2
    share = energy.sum(axis=0) / energy.sum()
    values = {"labelled_cosine": float(share[1]), "row_of_cosines": float(share[0])}
    return formula_result(
        values,
        {"labelled_cosine": (0.99, 1.0), "row_of_cosines": (0.99, 1.0)},
        "Where a cosine is found",
        "Share of its energy in rows that the code labels cosine, and in rows that hold cosines.",
    )


def measure_half(evidence: Evidence) -> ClaimResult:
    """Compare coefficients summed over half of the tokens with those over all."""
    p = 97
    rows = appendix_basis(p)
    gram_all = rows @ rows.T
    half = rows[:, 1 : p // 2 + 1]
    half = half / np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-12)
    gram_half = half @ half.T
    off = [float(np.abs(gram - np.diag(np.diag(gram))).max()) for gram in (gram_half, gram_all)]
    values = {"half_overlap": off[0], "full_overlap": off[1]}
    return formula_result(
        values,
        {"half_overlap": (0.0, 0.01), "full_overlap": (0.0, 0.01)},
        "Overlap of waves",
        "Largest inner product of two normalised waves over tokens 1 to [p/2], and over all tokens, p = 97.",
    )


FORMULAS = at_every_budget("nothing is trained; outcomes are those that the paper prints")

CLAIMS = (
    Claim(
        "furuta2024/tableA5-forms",
        "Table A.5; Doshi et al. 2024, Hypothesis 5.2",
        "Every expression of Table A.5 with a form h(g1(a) + g2(b)) or h(g1(a) g2(b)) groks there; of "
        "the four without, two do, against Hypothesis 5.2: from 80% of the pairs on.",
        no_runs,
        measure_forms,
        (
            Expected("undecided", "all are decided exactly", high=0, budgets=LARGE),
            Expected("with_form_that_grok", "all, by the table", 1.0, 1.0, essential=False),
            Expected("without_form", "four, by an exact decision", 4, 4, budgets=LARGE),
            Expected(
                "without_form_that_grok",
                "two, by the table: a^2 + ab + b^2 and a^3 + ab",
                2,
                2,
                essential=False,
                budgets=LARGE,
            ),
            Expected("earliest_without_form", "0.8, by the table", 0.8, 0.8, essential=False, budgets=LARGE),
        ),
        FORMULAS,
        certain="the forms are decided exactly, and which rows grok is copied from the paper's table",
    ),
    Claim(
        "furuta2024/figA23-labels",
        "Fig. A.23",
        "The distribution of labels does not tell expressions that grok from those that do not.",
        no_runs,
        measure_labels,
        (
            Expected(
                "separated", "does not explain it (Fig. A.23): entropies overlap", high=0, budgets=LARGE
            ),
            Expected("early_most", "at most log p, by definition", high=1 + 1e-9, essential=False),
        ),
        FORMULAS,
    ),
    Claim(
        "furuta2024/gauss-sums",
        "beyond the paper: an explanation of Fig. 3 and 8",
        "One multiplicative wave uses all frequencies in the order of the numbers, equally, since Gauss sums "
        "have one size; in the order of logarithms it is one wave.",
        no_runs,
        measure_characters,
        (
            Expected("gauss_sum_spread", "0: |Gauss sum| is p^(1/2) for every character", high=1e-9),
            Expected("ffs_natural", "dense: at least 0.4, a bound of ours", low=0.4, budgets=LARGE),
            Expected("ffs_log", "sparse: 2 of 95 at p = 97", high=0.03, budgets=LARGE),
        ),
        at_every_budget("an identity, not a measurement of networks"),
        certain="it is an identity of Gauss sums",
    ),
    Claim(
        "furuta2024/appB-labels",
        "App. B, code",
        "Rows that the code of App. B labels cosine hold the cosines.",
        no_runs,
        measure_names,
        (
            Expected("labelled_cosine", "1: a cosine is in rows labelled cosine (App. B)", low=0.99),
            Expected("row_of_cosines", "1: a cosine is in rows of cosines", low=0.99),
        ),
        at_every_budget("FFS and FCR are the same with either label; 'biased to cosines' means the other"),
        misprint=Misprint(("labelled_cosine",), ("row_of_cosines",), "docs/errata.md"),
    ),
    Claim(
        "furuta2024/half-sums",
        "Sec. 3",
        "Coefficients summed over tokens 1 to [p/2], as in the text, are those of orthogonal waves.",
        no_runs,
        measure_half,
        (
            Expected("half_overlap", "0: waves are a basis (Sec. 3); at most 0.01", high=0.01),
            Expected("full_overlap", "0 over all tokens, as in the code; at most 0.01", high=0.01),
        ),
        at_every_budget("the code of App. B sums over all tokens"),
        misprint=Misprint(("half_overlap",), ("full_overlap",), "docs/errata.md"),
    ),
)
