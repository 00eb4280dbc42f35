"""Doshi et al. 2024: sums of many terms with weights written down (Eq. 2, Fig. 1).

Owns: these claims. Nothing is trained: sums are checked on all inputs, widths on random ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...analytic import accuracy_table, additive, tabulate, verify, weighted_sum
from ...analytic.waves import random_waves
from ...models import MLP
from ...reports.charts.claim_charts import SOFT, TEST, Line, Panel, lines, single
from ..claims.claim import Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence
from ..claims.plan import no_runs

EXACT = 1 - 1e-9
"""Least accuracy that counts as "100% of all inputs": none is wrong."""


# Eq. 2: errors of sums of S terms

SUMS: Mapping[str, Sequence[tuple[int, int, int, int]]] = {
    "tiny": ((2, 7, 200, 49), (3, 5, 500, 125)),
    "laptop": ((2, 97, 500, 9409), (3, 23, 4000, 12_167), (4, 11, 20_000, 14_641), (5, 7, 100_000, 16_807)),
    "paper": ((2, 97, 500, 9409), (3, 23, 4000, 12_167), (4, 11, 20_000, 14_641), (5, 7, 100_000, 16_807)),
}
"""(terms S, modulus p, width N, inputs checked): all inputs, but in the tiny budget. N holds one logit's
noise, sqrt(c_S/N), below a tenth."""
SEEDS = {"tiny": 1, "laptop": 3, "paper": 10}
CONSTANTS = {
    2: (4.0, 4.5, "4.0 to 4.5"),
    3: (25.0, 27.0, "25 to 27"),
    4: (165.0, 165.0, "about 165"),
    5: (1100.0, 1100.0, "about 1100"),
}
"""c_S in MSE = c_S/N: what is left of the waves with a phase, once the wanted one has height 1."""


def sum_network(p: int, terms: int, seed: int, width: int) -> MLP:
    """Write down Eq. 2 for n_1 + ... + n_S mod p."""
    waves = random_waves(p, terms, width, np.random.default_rng(seed))
    return additive(weighted_sum(p, (1,) * terms), waves)


def sampled_sum(p: int, terms: int, inputs: int) -> np.ndarray:
    """Tabulate n_1 + ... + n_S mod p on that many random inputs, -1 elsewhere."""
    table = tabulate(weighted_sum(p, (1,) * terms), p)
    sample = np.random.default_rng(p).choice(table.size, min(inputs, table.size), replace=False)
    masked = np.full(table.size, -1, dtype=np.int64)
    masked[sample] = table.ravel()[sample]
    return masked.reshape(table.shape)


def residual_constant(terms: int) -> float:
    """Return the expected N * MSE of Eq. 2.

        c_S = (2^S/S!)^2 M/2 - 1/2,   M = E (cos x_1 + ... + cos x_S)^(2S)

    A neuron's answer at unit amplitude has the mean square M/2 over phases and classes, its wanted wave
    included; 4^S M counts the closed walks of 2S steps on Z^S.

    Source: derived here, of the weights of Doshi et al. 2024, Eq. 2.

    Example:
        >>> [round(residual_constant(terms), 1) for terms in (2, 3, 4, 5)]
        [4.0, 25.3, 164.5, 1118.7]
    """
    series = np.array([1.0])
    single = np.array([1 / math.factorial(n) ** 2 for n in range(terms + 1)])
    for _ in range(terms):
        series = np.convolve(series, single)[: terms + 1]
    moment = math.factorial(2 * terms) * float(series[terms]) / 4**terms
    return (2**terms / math.factorial(terms)) ** 2 * moment / 2 - 0.5


def measure_sums(evidence: Evidence) -> ClaimResult:
    """Check sums of two to five terms."""
    values: dict[str, Number] = {f"{name}_{terms}": None for terms in CONSTANTS for name in ("accuracy", "c")}
    rows: list[dict[str, Any]] = []
    for terms, p, width, inputs in SUMS[evidence.budget]:
        table = sampled_sum(p, terms, inputs)
        reports = [
            verify(sum_network(p, terms, seed, width), table, p) for seed in range(SEEDS[evidence.budget])
        ]
        accuracy = min(report.accuracy for report in reports)
        constant = width * float(np.mean([report.mse for report in reports]))
        values |= {f"accuracy_{terms}": accuracy, f"c_{terms}": constant}
        peak = float(np.mean([report.peak for report in reports]))
        rows.append(
            {"terms": terms, "p": p, "width": width, "inputs": reports[0].inputs, "accuracy": accuracy}
            | {
                "MSE": constant / width,
                "MSE x width": constant,
                "theory": residual_constant(terms),
                "peak": peak,
            }
        )
    curves = [
        Line(
            "measured", [row["terms"] for row in rows], [row["MSE x width"] for row in rows], TEST, dots=True
        ),
        Line("expected of random phases", list(CONSTANTS), [*map(residual_constant, CONSTANTS)], SOFT, True),
    ]
    text = "Mean squared error times width, " + "; ".join(
        f"{r['terms']} terms {r['MSE x width']:.4g}" for r in rows
    )
    cell = lines(curves, text, x="terms S", y="MSE times width N", log_x=False, log_y=True)
    caption = (
        "What the waves with a phase leave on the logits, times the number of neurons. Dashed: "
        "c_S = (2^S/S!)² M/2 − 1/2 with M the mean of (cos x_1 + … + cos x_S)^(2S), exact for random phases."
    )
    return ClaimResult(values, (single("sums", "Errors of sums of S terms", caption, cell, 7),), rows)


# Fig. 1: width against the number of terms

WIDTHS: Mapping[str, tuple[int, Mapping[int, tuple[int, int]], int]] = {
    "tiny": (5, {2: (32, 64), 3: (64, 64)}, 25),
    "laptop": (23, {2: (8, 256), 3: (32, 2048), 4: (256, 16_384), 5: (1024, 65_536)}, 500),
    "paper": (23, {2: (8, 256), 3: (32, 2048), 4: (256, 16_384), 5: (1024, 131_072)}, 10_000),
}
"""p, S -> (first and last width), inputs drawn."""
WIDTH_SEEDS = {"tiny": 1, "laptop": 2, "paper": 10}
REQUIRED = 0.99
"""Accuracy at which a width counts as enough."""


def widths_between(first: int, last: int) -> list[int]:
    """List widths a factor of sqrt(2) apart.

    Example:
        >>> widths_between(8, 16)
        [8, 11, 16]
    """
    return [round(first * 2 ** (i / 2)) for i in range(round(2 * math.log2(last / first)) + 1)]


def measure_widths(evidence: Evidence) -> ClaimResult:
    """Draw accuracy against width for each number of terms; find the width of 99%."""
    p, ranges, inputs = WIDTHS[evidence.budget]
    rows: list[dict[str, Any]] = []
    needed: dict[int, int] = {}
    for terms, ends in ranges.items():
        table = sampled_sum(p, terms, inputs)
        best: dict[int, float] = {}
        for seed in range(WIDTH_SEEDS[evidence.budget]):
            checked = accuracy_table(partial(sum_network, p, terms, seed), table, p, widths_between(*ends))
            best = {width: max(report.accuracy, best.get(width, 0.0)) for width, report in checked}
        rows += [{"terms": terms, "width": width, "accuracy": share} for width, share in best.items()]
        enough = [width for width, share in best.items() if share >= REQUIRED]
        if enough:
            needed[terms] = min(enough)
    factors = [needed[s + 1] / needed[s] for s in needed if s + 1 in needed]
    straight, curved = straightness(needed), straightness(needed, power=True)
    values: dict[str, Number] = {
        **{f"width_{s}": width for s, width in needed.items()},
        "measured_terms": len(needed),
        "least_factor": min(factors, default=None),
        "straightness": straight,
        "over_power": None if straight is None or curved is None else straight - curved,
    }
    details = [{"terms": s, "width for 99%": width} for s, width in needed.items()]
    return ClaimResult(values, width_panels(p, rows, needed), details)


def width_panels(p: int, rows: Sequence[Mapping[str, Any]], needed: Mapping[int, int]) -> tuple[Panel, ...]:
    """Draw accuracy against width, and the width of 99% against the number of terms."""
    by_terms = {s: [row for row in rows if row["terms"] == s] for s in {row["terms"]: None for row in rows}}
    curves = [
        Line(f"S = {s}", [row["width"] for row in part], [row["accuracy"] for row in part], dots=True)
        for s, part in by_terms.items()
    ]
    summary = ", ".join(f"{s} terms need {width} neurons" for s, width in needed.items())
    first = lines(
        curves, f"Accuracy against width mod {p}; {summary}.", x="width N", percent=True, level=REQUIRED
    )
    growth = Line("", list(needed), list(needed.values()), TEST, dots=True)
    second = lines([growth], f"{summary}.", x="terms S", y="width for 99%", log_x=False, log_y=True)
    caption = "Best of several draws of the phases, on random inputs. Dotted: 99%."
    return (
        single("width", f"Accuracy of sums mod {p}", caption, first, 7),
        single("growth", "Width that S terms need", "First width tried with 99%, logarithmic.", second, 5),
    )


def straightness(needed: Mapping[int, int], *, power: bool = False) -> float | None:
    """Return R^2 of log width against the number of terms: 1 if exponential, None below three points.

    Arguments:
        needed: number of terms -> width.
        power: against the logarithm of the number instead: 1 if a power.

    Example:
        >>> round(straightness({2: 10, 3: 60, 4: 360}), 6)
        1.0
    """
    if len(needed) < 3:
        return None
    terms = np.log(list(needed)) if power else list(needed)
    return float(np.corrcoef(terms, np.log(list(needed.values())))[0, 1] ** 2)


# The claims

NOISE = "tolerance a fifth: the few strongest leftover waves, one per frequency, differ from draw to draw"
TINY = ("Small moduli and widths: checks the machinery only.",)
FEW_DRAWS = "Three draws of the phases; the paper does not say how many."

CLAIMS = (
    Claim(
        "doshi2024/eq2-sums",
        "Eq. 2",
        "A network of N neurons z^S in closed form adds S numbers mod p without an error, "
        "and its mean squared error is c_S/N.",
        no_runs,
        measure_sums,
        (
            *(Expected(f"accuracy_{s}", "100% of all inputs (Sec. 2)", low=EXACT) for s in CONSTANTS),
            *(
                Expected(f"c_{s}", f"{words} (checked; {NOISE})", 0.8 * low, 1.2 * high)
                for s, (low, high, words) in CONSTANTS.items()
            ),
        ),
        {
            "tiny": TINY,
            "laptop": (FEW_DRAWS,),
            "paper": ("Ten draws of the phases.",),
        },
    ),
    Claim(
        "doshi2024/fig1-width",
        "Fig. 1",
        "The width that a sum of S terms mod 23 needs grows exponentially with S.",
        no_runs,
        measure_widths,
        (
            Expected("measured_terms", "S = 2, 3, 4 and more (Fig. 1)", low=3.0),
            Expected("least_factor", "each term multiplies the width; by 2 at least (Fig. 1)", low=2.0),
            Expected("straightness", "log width is a line in S (Fig. 1): R^2 of at least 0.98", low=0.98),
            Expected("over_power", "nearer to an exponential than to a power: a larger R^2", low=0.0),
        ),
        {
            "tiny": TINY,
            "laptop": (
                "Best of 2 draws of the phases instead of 10.",
                "500 random inputs instead of 10,000.",
                "A width is enough at 99% accuracy, for which the paper has no number.",
            ),
            "paper": ("A width is enough at 99% accuracy, for which the paper has no number.",),
        },
    ),
)
