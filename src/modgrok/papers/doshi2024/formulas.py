"""Doshi et al. 2024: formulas as printed beside corrected ones, and what is decided without training.

Owns: these claims. Networks are checked on all inputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..claims.budget import BudgetName
from ..claims.claim import Claim, ClaimResult, Expected, Misprint
from ..claims.evidence import Evidence
from ..claims.formulas import at_every_budget, formula_result
from ..claims.plan import no_runs
from .products import PRINTED_BETA, composed
from .sums import EXACT
from .table import PAIRS, form_of


def _waves_and_noise() -> tuple[np.ndarray, np.ndarray]:
    """Return real Fourier amplitudes of 48 waves and of 500 normal rows of length 97."""
    angle = 2 * np.pi * np.outer(np.arange(1, 49), np.arange(97)) / 97
    noise = np.random.default_rng(0).normal(size=(500, 97))
    return np.abs(np.fft.rfft(np.cos(angle + 0.3), axis=1)), np.abs(np.fft.rfft(noise, axis=1))


def _norm(rows: np.ndarray, order: int) -> np.ndarray:
    norms: np.ndarray = (rows**order).sum(axis=1) ** (1 / order)
    return norms


def _ipr(rows: np.ndarray) -> np.ndarray:
    ratios: np.ndarray = (_norm(rows, 4) / _norm(rows, 2)) ** 4
    return ratios


def measure_printed_ipr(evidence: Evidence) -> ClaimResult:
    """Take the printed and the corrected IPR of waves and of noise."""
    waves, noise = _waves_and_noise()
    corrected = [float(_ipr(rows).mean()) for rows in (waves, noise)]
    values = {
        "printed_noise": float(np.mean((_norm(noise, 4) / _norm(noise, 4)) ** 4)),
        "corrected_wave": corrected[0],
        "corrected_noise": corrected[1],
    }
    return formula_result(
        values,
        {"printed_noise": (0.0, 0.1), "corrected_wave": (0.999, 1.0), "corrected_noise": (0.0, 0.1)},
        "IPR by Eq. 8",
        "Of 500 normal rows and of 48 waves of length 97.",
    )


def measure_range(evidence: Evidence) -> ClaimResult:
    """Take the IPR of the vectors that have the least and the largest one, with either transform."""
    p = 97
    spike, wave, constant = np.eye(p)[0], np.cos(2 * np.pi * 3 * np.arange(p) / p + 0.3), np.ones(p)
    transformed = {
        "least_real": np.fft.rfft(spike),
        "least_full": np.fft.fft(spike),
        "wave_real": np.fft.rfft(wave),
        "wave_full": np.fft.fft(wave),
        "most_full": np.fft.fft(constant),
    }
    values = {name: float(_ipr(np.abs(row)[None])[0]) for name, row in transformed.items()}
    return formula_result(
        values,
        dict.fromkeys(values, (1 / p, 1.0)),
        "Range of the IPR",
        f"Of a spike, a wave and a constant of length {p}, with the real transform and with the full one.",
    )


MORE_TERMS: tuple[tuple[str, tuple[tuple[int, tuple[int, int]], ...]], ...] = (
    ("2*n1^2*n2 + 3*n1*n2^3", ((2, (2, 1)), (3, (1, 3)))),
    ("n1*n2 + 2*n1^2*n2 + 3*n1*n2^2 + 4*n1^3*n2^2", ((1, (1, 1)), (2, (2, 1)), (3, (1, 2)), (4, (3, 2)))),
)
"""Polynomials of two and of four monomials; App. B has three."""
TERM_WIDTHS = {2: (300, 500), 4: (300, 12_000)}
TINY_WIDTHS = (60, 200)


def measure_terms(evidence: Evidence) -> ClaimResult:
    """Check Eq. 6 with two and with four terms."""
    p = 5 if evidence.budget == "tiny" else 11
    values, rows = {}, []
    for text, terms in MORE_TERMS:
        widths = TINY_WIDTHS if evidence.budget == "tiny" else TERM_WIDTHS[len(terms)]
        report = composed(p, terms, text, widths, 0, PRINTED_BETA)
        values[f"accuracy_{len(terms)}"] = report.accuracy
        rows.append({"polynomial": text, "p": p, "accuracy": report.accuracy, "MSE": report.mse})
    return formula_result(
        values,
        dict.fromkeys(values, (EXACT, 1.0)),
        "Polynomials of two and four terms",
        f"Accuracy on all inputs mod {p}.",
        rows=rows,
    )


def measure_forms(evidence: Evidence) -> ClaimResult:
    """Decide the twelve targets of App. C."""
    moduli = (7,) if evidence.budget == "tiny" else (97, 23)
    rows: list[dict[str, Any]] = [
        {"target": target, "p": p, "perturbed": bool(i), "decide": form_of(target, p)}
        for p in moduli
        for pair in PAIRS
        for i, target in enumerate(pair)
    ]
    with_form = [row for row in rows if row["decide"] in ("additive", "multiplicative")]
    values = {
        "learnable_with_form": sum(not row["perturbed"] for row in with_form) / (3 * len(moduli)),
        "perturbed_with_form": sum(row["perturbed"] for row in with_form) / (3 * len(moduli)),
    }
    return formula_result(
        values,
        {"learnable_with_form": (1.0, 1.0), "perturbed_with_form": (0.0, 0.0)},
        "Forms of the targets of App. C",
        "Shares that have the form h(g1(n1) + g2(n2)) or h(g1(n1) g2(n2)), by an exact decision.",
        rows=rows,
    )


FORMULAS = at_every_budget("nothing is trained")
LARGE: tuple[BudgetName, ...] = ("laptop", "paper")

CLAIMS = (
    Claim(
        "doshi2024/eq8-printed-ipr",
        "Eq. 8",
        "The inverse participation ratio as printed tells random weights from waves.",
        no_runs,
        measure_printed_ipr,
        (
            Expected("printed_noise", "low for random weights (Sec. 3): below 0.1", high=0.1),
            Expected("corrected_noise", "0.040 with the 2-norm below (checked): below 0.1", high=0.1),
            Expected("corrected_wave", "1 with the 2-norm below", low=0.999),
        ),
        FORMULAS,
        misprint=Misprint(("printed_noise",), ("corrected_noise", "corrected_wave"), "docs/errata.md"),
    ),
    Claim(
        "doshi2024/ipr-range",
        "Sec. 3",
        "The IPR is in [1/p, 1].",
        no_runs,
        measure_range,
        (
            Expected(
                "least_full", "1/p at the least (Sec. 3), with the full transform", 1 / 97 - 1e-9, 0.0104
            ),
            Expected("most_full", "1 at most", 0.999, 1 + 1e-9),
            Expected("least_real", "at least 1/p, with the real transform of the released code", 1 / 97, 1.0),
            Expected("wave_real", "1 for a wave, with the real transform", low=0.999),
        ),
        at_every_budget(
            "With the real transform the least is 1/([p/2] + 1); with the full one a wave has 1/2.",
        ),
        certain="it follows from the definition",
    ),
    Claim(
        "doshi2024/eq6-terms",
        "Eq. 6",
        "Polynomials of two and of four monomials are computed by as many products and a sum network.",
        no_runs,
        measure_terms,
        (
            *(
                Expected(f"accuracy_{s}", "100% for any number of terms (Eq. 6)", low=EXACT, budgets=LARGE)
                for s in (2, 4)
            ),
            Expected("accuracy_2", "most inputs", low=0.5, budgets=("tiny",)),
        ),
        at_every_budget("p = 11; one draw of the phases"),
    ),
    Claim(
        "doshi2024/appC-forms",
        "Sec. 5, App. C",
        "The six targets of App. C that are learned have the form h(g1(n1) + g2(n2)), and the six perturbed "
        "ones do not.",
        no_runs,
        measure_forms,
        (
            Expected("learnable_with_form", "all (App. C)", 1.0, 1.0, budgets=LARGE),
            Expected("perturbed_with_form", "none (App. C)", 0.0, 0.0, budgets=LARGE),
            Expected("learnable_with_form", "all", 1.0, 1.0, budgets=("tiny",)),
        ),
        FORMULAS,
    ),
)
