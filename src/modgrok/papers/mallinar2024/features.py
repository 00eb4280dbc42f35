"""Mallinar et al. 2024: the structure of features of kernel machines (Observation 1, Fig. 3, App. Fig. 2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...algebra import Basis
from ...models.circulant import structure_of
from ...reports.charts import claim_charts as charts
from ...reports.charts.claim_charts import Line, Panel, single
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .setup import (
    CENTRED,
    ONE_SEED,
    SLUGS,
    TINY,
    block_of,
    deviations,
    matrices,
    natural_structures,
    operation,
    operations,
    own_and_other,
    quadratic_runs,
    shown,
)

# Orientation (Observation 1, Fig. 3)


def plan_first(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Four operations, quadratic kernel, M at every iteration."""
    return {"first": quadratic_runs(budget)}


def measure_orientation(evidence: Evidence) -> ClaimResult:
    """Follow the deviation from the task's stripes and from those of opposite slope."""
    values: dict[str, float] = {"right_most": 0.0, "wrong_least": 1.0, "fall_least": 1.0}
    curves, rows = [], []
    for run in evidence["first"]:
        by_step = matrices(run)
        steps = [step for step in by_step if step >= 2]
        right, wrong = (deviations([by_step[s] for s in steps], one) for one in own_and_other(run))
        values["right_most"] = max(values["right_most"], float(right[-1]))
        values["wrong_least"] = min(values["wrong_least"], float(wrong.min()))
        values["fall_least"] = min(values["fall_least"], float(right[0] - right[-1]))
        curves += [
            Line(operation(run), steps, right),
            replace(Line(operation(run), steps, wrong), dashed=True, name=""),
        ]
        rows.append(
            {
                "task": operation(run),
                "right at 2": shown(float(right[0])),
                "right at the end": shown(float(right[-1])),
                "wrong, least": shown(float(wrong.min())),
                "wrong at the end": shown(float(wrong[-1])),
            }
        )
    coloured = [replace(line, colour=charts.LINES[i // 2]) for i, line in enumerate(curves)]
    text = (
        f"The deviation from the right stripes ends at most at {values['right_most']:.3f}, that from the "
        f"wrong ones is never below {values['wrong_least']:.3f}."
    )
    caption = (
        "Circulant deviation of M in the order of the task's basis. Full lines: stripes of the task, "
        "constant in i - j for sums and products, in i + j for differences and quotients. Dashed: the other "
        "slope."
    )
    cell = charts.lines(coloured, text, x="iteration", log_x=False, domain=(0.0, 1.0), height=210)
    return ClaimResult(values, (single("deviation", "Two slopes of stripes", caption, cell, 12),), rows)


ORIENTATION = Claim(
    "mallinar2024/observation1-orientation",
    "Observation 1, Fig. 3",
    "The off-diagonal blocks of M become circulant: Toeplitz for x + y and, by discrete logarithms, xy, "
    "Hankel for x - y and x/y. The deviation from the other orientation stays that of chance.",
    plan_first,
    measure_orientation,
    (
        Expected("right_most", "0.056 at p = 31 (checked); at most 0.1", high=0.1),
        Expected("fall_least", "0.41 to 0.056 (checked): falls by at least 0.3", low=0.3),
        Expected("wrong_least", "about 0.999 (checked); at least 0.9 throughout", low=0.9),
    ),
    {
        "tiny": TINY,
        "laptop": (ONE_SEED,),
        "paper": (ONE_SEED, "the paper's right shift of row l by l tests Hankel blocks alone"),
    },
)


# Discrete logarithms (Fig. 3, App. Fig. 2, Lemma J.1)

LOGARITHMIC = ("x*y", "x/y")
SHOWN_AT = (1, 5, 10, 15)
"""Iterations of App. Fig. 2."""


def plan_products(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Products and quotients, quadratic kernel, M at every iteration."""
    return {"run": quadratic_runs(budget, [name for name in operations(budget) if name in LOGARITHMIC])}


def measure_logarithms(evidence: Evidence) -> ClaimResult:
    """Compare both orders of the values, and all generators."""
    values = {"natural_least": 1.0, "logarithmic_most": 0.0, "generator_spread": 0.0}
    rows, pictures = [], []
    for run in evidence["run"]:
        by_step, last = matrices(run), run.row.step
        own = own_and_other(run)[0]
        for step in sorted({s for s in SHOWN_AT if s < last} | {last}):
            natural = min(float(deviations([by_step[step]], s)[0]) for s in natural_structures(run.task.p))
            logarithmic = float(deviations([by_step[step]], own)[0])
            rows.append(
                {
                    "task": operation(run),
                    "iteration": step,
                    "natural order": shown(natural),
                    "by logarithms": shown(logarithmic),
                }
            )
        values["natural_least"] = min(values["natural_least"], natural)
        values["logarithmic_most"] = max(values["logarithmic_most"], logarithmic)
        values["generator_spread"] = max(
            values["generator_spread"], generator_spread(run.basis, by_step[last])
        )
        pictures += [_block_panel(run, by_step[last], ordered) for ordered in (False, True)]
    return ClaimResult(values, tuple(pictures), rows)


def generator_spread(basis: Basis, feature_matrix: np.ndarray) -> float:
    """Return the range of the deviation over all generators: another one multiplies logarithms by a unit."""
    order = basis.order
    units = [unit for unit in range(1, order) if math.gcd(unit, order) == 1]
    spread = []
    for unit in units:
        labels = tuple(np.where(row < 0, -1, row * unit % order) for row in basis.operands)
        spread.append(float(deviations([feature_matrix], structure_of(replace(basis, operands=labels)))[0]))
    return max(spread) - min(spread)


def _block_panel(run: RunData, feature_matrix: np.ndarray, ordered: bool) -> Panel:
    name, block = operation(run), block_of(run, feature_matrix, by_logarithms=ordered)
    order = "by logarithms" if ordered else "in the values' order"
    key = f"block-{SLUGS[name]}-{'log' if ordered else 'natural'}"
    cell = charts.image(block, f"Off-diagonal block of M of {name}, {order}.", signed=True)
    return single(key, f"{name}, {order}", "Block of M, rows of y, columns of x.", cell, 3)


LOGARITHMS = Claim(
    "mallinar2024/fig3-logarithms",
    "Fig. 3, App. Fig. 2, Lemma J.1",
    "The features of xy and x/y show no stripes in the order of the values and are circulant by discrete "
    "logarithms, whatever the generator.",
    plan_products,
    measure_logarithms,
    (
        Expected("natural_least", "no structure (Fig. 3); at least 0.8 of 1", low=0.8),
        Expected("logarithmic_most", "circulant (Fig. 3); at most 0.1", high=0.1),
        Expected(
            "generator_spread", "none, by construction (Lemma J.1); at most 1e-9", high=1e-9, essential=False
        ),
    ),
    {"tiny": TINY, "laptop": (ONE_SEED, CENTRED), "paper": (ONE_SEED, CENTRED)},
)


# The diagonal blocks (Observation 1)


def diagonal_share(block: np.ndarray) -> float:
    """Return the share of a square block's energy in the span of I and 11^T, in [0, 1].

    Example:
        >>> round(diagonal_share(np.eye(3) + 0.5), 9)
        1.0
    """
    p = len(block)
    on = float(np.trace(block)) / p
    off = (float(block.sum()) - p * on) / (p * (p - 1))
    nearest = off + (on - off) * np.eye(p)
    return 1 - float(np.sum((block - nearest) ** 2)) / float(np.sum(block**2))


def hollow_share(block: np.ndarray) -> float:
    """Return the share of the energy beside a square block's diagonal that lies in the mean, in [0, 1].

    Example:
        >>> round(hollow_share(np.eye(3) + 0.5), 9), hollow_share(np.eye(3))
        (1.0, 0.0)
    """
    beside = block[~np.eye(len(block), dtype=bool)]
    energy = float(np.sum(beside**2))
    return len(beside) * float(beside.mean()) ** 2 / energy if energy else 0.0


def measure_diagonal(evidence: Evidence) -> ClaimResult:
    """Measure how near both diagonal blocks of the last M are to c1 I + c2 11^T."""
    rows, shares, hollow = [], [], []
    for run in evidence["first"]:
        feature_matrix, p = matrices(run)[run.row.step], run.task.p
        in_domain = [np.flatnonzero(row >= 0) for row in run.basis.operands]
        blocks = [feature_matrix[s * p + at][:, s * p + at] for s, at in enumerate(in_domain)]
        each = [diagonal_share(block) for block in blocks]
        shares += each
        beside = [hollow_share(block) for block in blocks]
        hollow += beside
        rows.append(
            {"task": operation(run), "block of x": shown(each[0]), "block of y": shown(each[1])}
            | {"beside the diagonal, x": shown(beside[0]), "beside the diagonal, y": shown(beside[1])}
        )
    values = {"diagonal_least": min(shares), "beside_diagonal_least": min(hollow)}
    marks = [
        charts.Point(f"{operation(run)}, block of {'xy'[s]}", shares[2 * i + s], 0.9, 1.0)
        for i, run in enumerate(evidence["first"])
        for s in (0, 1)
    ]
    text = ", ".join(f"{point.name} {point.value:.3f}" for point in marks)
    cell = charts.points(marks, f"{text}.", domain=(0.0, 1.0))
    caption = "Share of the energy of a diagonal block of M in c1 I + c2 11^T; of products without zero."
    return ClaimResult(values, (single("diagonal", "The diagonal blocks of M", caption, cell, 12),), rows)


DIAGONAL = Claim(
    "mallinar2024/observation1-diagonal",
    "Observation 1",
    "The diagonal blocks of M become c1 I + c2 11^T.",
    plan_first,
    measure_diagonal,
    (
        Expected("diagonal_least", "of that form (Observation 1); at least 90% of the energy", low=0.9),
        Expected(
            "beside_diagonal_least",
            "entries beside the diagonal are equal (Observation 1); 90% of their energy in the mean, a bound "
            "of ours",
            low=0.9,
            essential=False,
        ),
    ),
    {"tiny": TINY, "laptop": (ONE_SEED, CENTRED), "paper": (ONE_SEED, CENTRED)},
)


def measure_evolution(evidence: Evidence) -> ClaimResult:
    """Follow the deviation of the blocks of products in both orders, iteration by iteration."""
    natural_least, ratios, curves, rows = 1.0, [], [], []
    for run in evidence["run"]:
        by_step = {step: m for step, m in matrices(run).items() if step >= 1}
        own = own_and_other(run)[0]
        both = natural_structures(run.task.p)
        natural = [min(float(deviations([m], s)[0]) for s in both) for m in by_step.values()]
        logarithmic = deviations(list(by_step.values()), own)
        steps = list(by_step)
        start = min(1, len(steps) - 1)
        natural_least = min(natural_least, *natural[start:])
        ratios.append(float(logarithmic[-1] / logarithmic[start]))
        curves += [
            Line(f"{operation(run)}, values", steps[start:], natural[start:], dashed=True),
            Line(f"{operation(run)}, logarithms", steps[start:], logarithmic[start:]),
        ]
        rows += [
            {"task": operation(run), "iteration": step, "values' order": shown(n), "by logarithms": shown(d)}
            for step, n, d in zip(steps, natural, logarithmic.tolist(), strict=True)
            if step in SHOWN_AT
        ]
    values = {"natural_least": natural_least, "logarithmic_ratio": max(ratios)}
    text = (
        f"In the values' order never below {natural_least:.3f}; by logarithms it falls to {max(ratios):.3f}."
    )
    cell = charts.lines(curves, text, x="iteration", log_x=False, domain=(0.0, 1.0), height=210)
    caption = (
        "Circulant deviation of M's off-diagonal block, from iteration 2 on, in two orders of the values."
    )
    return ClaimResult(values, (single("evolution", "Stripes appear", caption, cell, 12),), rows)


FIRST = (
    "iteration 1, which App. Fig. 2 shows too, is left out: there x/y has a deviation of 0.62 to 0.64 in the "
    "values' order"
)
EVOLUTION = Claim(
    "mallinar2024/appfig2-evolution",
    "App. Fig. 2",
    "From iteration 2 on stripes appear in the features of xy and x/y by logarithms, and at no iteration in "
    "the values' own order.",
    plan_products,
    measure_evolution,
    (
        Expected("natural_least", "no stripes at any iteration (App. Fig. 2); at least 0.8 of 1", low=0.8),
        Expected("logarithmic_ratio", "stripes appear (App. Fig. 2): to a half of that at 2", high=0.5),
    ),
    {"tiny": TINY, "laptop": (ONE_SEED, CENTRED, FIRST), "paper": (ONE_SEED, CENTRED, FIRST)},
)


CLAIMS = (ORIENTATION, DIAGONAL, LOGARITHMS, EVOLUTION)
