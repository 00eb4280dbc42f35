"""Doshi et al. 2023: formulas as printed beside corrected ones.

Owns: these claims. Nothing is trained.
"""

from __future__ import annotations

import numpy as np

from ..claims.claim import Claim, ClaimResult, Expected, Misprint
from ..claims.evidence import Evidence
from ..claims.formulas import at_every_budget, formula_result
from ..claims.plan import no_runs


def correct_class_logit(p: int, width: int, exponent: float) -> float:
    """Return the mean logit of the correct class of n1 + n2, waves of amplitude (2/N)^exponent."""
    rng = np.random.default_rng(0)
    frequency = 1 + np.arange(width) % (p // 2)
    one, two = rng.uniform(-np.pi, np.pi, (2, width))
    angle = 2 * np.pi * np.outer(np.arange(p), frequency) / p
    amplitude = (2 / width) ** exponent
    first, second, out = (amplitude * np.cos(angle + phase) for phase in (one, two, one + two))
    logits = ((first[:, None] + second[None]) ** 2) @ out.T
    n = np.arange(p)
    labels = (n[:, None] + n) % p
    return float(np.take_along_axis(logits, labels[..., None], 2).mean())


def measure_amplitude(evidence: Evidence) -> ClaimResult:
    """Take the correct-class logit with the printed exponent and with the other sign."""
    p, width = (11, 100) if evidence.budget == "tiny" else (97, 500)
    values = {
        "printed_logit": correct_class_logit(p, width, -1 / 3),
        "corrected_logit": correct_class_logit(p, width, 1 / 3),
    }
    return formula_result(
        values,
        {"printed_logit": (0.9, 1.1), "corrected_logit": (0.9, 1.1)},
        "Correct-class logit",
        f"Mean over all inputs of n1 + n2 mod {p}, N = {width}. Shaded: what a one-hot answer needs.",
        domain=(0.1, 1e6),
        log=True,
    )


def measure_noise(evidence: Evidence) -> ClaimResult:
    """Count how often each function of the released code draws the last class."""
    p, draws = 97, 20_000
    rng = np.random.default_rng(0)
    values = {
        "released_last_class": float(np.mean(rng.integers(0, p - 1, draws) == p - 1)) * p,
        "corrected_last_class": float(np.mean(rng.integers(0, p, draws) == p - 1)) * p,
    }
    return formula_result(
        values,
        {"released_last_class": (0.8, 1.2), "corrected_last_class": (0.8, 1.2)},
        "How often the last class is drawn",
        "Over 1/p, in 20,000 corrupted labels mod 97; the released code draws from 0 to p - 2.",
        domain=(0.0, 1.5),
    )


FORMULAS = at_every_budget("nothing is trained")

CLAIMS = (
    Claim(
        "doshi2023/eq2-printed-amplitude",
        "Eq. 2",
        "With the amplitude as printed, (2/N)^(-1/3), the logits of the closed form peak at 1.",
        no_runs,
        measure_amplitude,
        (
            Expected("printed_logit", "1: Eq. 2 makes logits that are one-hot up to noise", 0.9, 1.1),
            Expected("corrected_logit", "1 with the exponent +1/3", 0.9, 1.1),
        ),
        FORMULAS,
        misprint=Misprint(("printed_logit",), ("corrected_logit",), "docs/errata.md"),
    ),
    Claim(
        "doshi2023/code-label-noise",
        "released code",
        "The released code's function for integer labels draws corrupted ones from all classes, as the text "
        "says.",
        no_runs,
        measure_noise,
        (
            Expected("released_last_class", "1/p (text): the last class as often as others", 0.8, 1.2),
            Expected("corrected_last_class", "1/p when all p classes are drawn from", 0.8, 1.2),
        ),
        at_every_budget(
            "Of the scripts and notebooks that were read, only that of the transformer calls it, and without "
            "noise; those of the figures tested here draw from all classes. No number depends on it.",
            "The released code is not run: its draw is repeated.",
        ),
        misprint=Misprint(("released_last_class",), ("corrected_last_class",), "docs/errata.md"),
    ),
)
