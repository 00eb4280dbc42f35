"""Furuta et al. 2024: what the networks of whole families of polynomials are made of.

Owns: the claims of Fig. 4 to 8 and A.14 about degrees of 4 to 7, differences, shifted squares and the
quadratic form, and that of Fig. A.16 about the threshold of FFS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...measures import make_token_basis
from ...measures.fourier.sparsity import frequency_sparsity
from ...measures.fourier.token_waves import wave_norms
from ...models.transformer import Transformer
from ...reports.charts.claim_charts import Line, Panel, Point, points, single, step_lines
from ...runs.schedule import GROKKED
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .elementary import DENSE, FALL, HIGH, SPARSE
from .fractions import DEVIATIONS as FRACTION_DEVIATIONS
from .fractions import QUADRATIC, fractions
from .polynomials import DEVIATIONS, FOLLOWED, measure_waves, plan_of
from .runs import ONE_SEED, TINY, best_accuracy, every, group, measured, of_task

SHIFTED = ("x^2 + y", "x^3 + 2y", "x^3 - 2y")
SUMS_OF_POWERS = tuple(f"x^{n} + y^{n}" for n in (4, 5, 6, 7))
POWERS_OF_SUMS = tuple(f"(x + y)^{n}" for n in (4, 5, 6, 7))
FACTORS = ("x^2 - y^2", "(x + y)^2 + x + y")
DIFFERENCES = ("(x - y)^2", "(x - y)^3", "(x - y)^4")
AT_FIXED_LENGTH: Mapping[BudgetName, tuple[str, ...]] = {
    **DEVIATIONS,
    "laptop": (*DEVIATIONS["laptop"], "Runs go on to their last step: waves settle later than accuracy."),
}


# Fig. 4, Table A.5: a power of one operand and a multiple of the other ------------------------------------


def measure_shifted(evidence: Evidence) -> ClaimResult:
    """Take the accuracies of a^2 + b and a^3 +- 2b."""
    named = {task: of_task(every(evidence), task) for task in SHIFTED}
    best = {task: best_accuracy(runs) for task, runs in named.items()}
    values = {f"accuracy_{i}": best[task] for i, task in enumerate(SHIFTED, 1)}
    marks = [Point(task, best[task], low=GROKKED) for task in SHIFTED]
    words = ", ".join(f"{task} {best[task]:.1%}" for task in SHIFTED)
    cell = points(marks, f"Best test accuracy: {words}.", percent=True)
    panel = single("shifted", "Best test accuracy", "Shaded: grokked. Of several seeds the least.", cell, 12)
    return ClaimResult(values, (panel,), [measured(runs) for runs in named.values()])


# Fig. 6 to 8: degrees of 4 to 7 ---------------------------------------------------------------------------


def plan_degrees(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan a^n + b^n and (a + b)^n for n of 4 to 7, followed for the same number of steps."""
    tasks = {"powers": SUMS_OF_POWERS, "sums": POWERS_OF_SUMS}
    if budget == "tiny":
        tasks = {name: each[:2] for name, each in tasks.items()}
    early = None if budget == "paper" else False
    seeds = 3 if budget == "paper" else 1
    return {
        name: group(budget, *each, seeds=seeds, steps=FOLLOWED[budget], early_stop=early)
        for name, each in tasks.items()
    }


def measure_degrees(evidence: Evidence) -> ClaimResult:
    """Compare FFS and FCR of W_E of even and of odd degrees."""
    rows: list[dict[str, Any]] = []
    values: dict[str, float] = {}
    marks = []
    for family in ("powers", "sums"):
        runs = evidence[family]
        tasks = tuple(dict.fromkeys(str(run.point["expression"]) for run in runs))
        table = {task: measured(of_task(runs, task)) for task in tasks}
        for parity, name in ((0, "even"), (1, "odd")):
            chosen = [row for task, row in table.items() if int(task[-1]) % 2 == parity]
            values[f"fcr_{family}_{name}"] = float(np.mean([row["FCR W_E"] for row in chosen]))
            values[f"ffs_{family}_{name}"] = float(np.mean([row["FFS W_E"] for row in chosen]))
        values[f"fcr_{family}_lower_by"] = values[f"fcr_{family}_odd"] - values[f"fcr_{family}_even"]
        values[f"least_accuracy_{family}"] = min(row["test accuracy"] for row in table.values())
        for task, row in table.items():
            marks += [Point(f"{task}: {key}", row[key]) for key in ("FFS W_E", "FCR W_E")]
        rows += list(table.values())
    words = "; ".join(f"{row['task']} FFS {row['FFS W_E']:.2f}, FCR {row['FCR W_E']:.2f}" for row in rows)
    cell = points(marks, f"FFS and FCR of W_E at the end: {words}.", domain=(0.0, 1.0))
    caption = "At the end of the runs, means over seeds. Both are near 1 at random weights."
    return ClaimResult(values, (single("degrees", "FFS and FCR of W_E", caption, cell, 12),), rows)


# Fig. A.14, Table A.5: products of two linear factors, and powers of a difference ---------------------------


def measure_differences(evidence: Evidence) -> ClaimResult:
    """Take the accuracies of powers of a - b, and the waves of that of degree 2."""
    result = measure_waves(evidence, {"_2": DIFFERENCES[0], "_3": DIFFERENCES[1]})
    fourth = best_accuracy(of_task(every(evidence), DIFFERENCES[2]))
    return replace(result, values={**result.values, "test_accuracy_4": fourth})


# Fig. 8: the quadratic form -------------------------------------------------------------------------------


def plan_quadratic(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan a^2 + ab + b^2 at every share, as the claim of Table A.5 does."""
    return {"fractions": fractions(budget, QUADRATIC)}


def measure_quadratic(evidence: Evidence) -> ClaimResult:
    """Take FFS and FCR of W_E at every share."""
    runs = evidence["fractions"]
    rows = [measured([run]) for run in runs]
    values = {
        "ffs_least": min(row["FFS W_E"] for row in rows),
        "fcr_least": min(row["FCR W_E"] for row in rows),
        "ffs_at_most_data": rows[-1]["FFS W_E"],
    }
    return ClaimResult(values, (_ffs_panel(runs),), rows)


def _ffs_panel(runs: Sequence[RunData]) -> Panel:
    curves = [
        Line(f"{run.experiment.fraction:.0%} of the pairs", run.steps, run.curve("ffs_embedding"))
        for run in runs
    ]
    words = ", ".join(f"{line.name} {float(line.y[-1]):.2f}" for line in curves)
    cell = step_lines(curves, f"FFS of W_E against steps: at the end {words}.", domain=(0.0, 1.05))
    return single("ffs", "FFS of W_E", "Share of waves above half of the largest of their kind.", cell, 12)


# Fig. A.16: the threshold ---------------------------------------------------------------------------------

THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the largest wave from which a wave counts; the paper's choice is 0.5."""


def plan_threshold(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan addition with its weights kept at every observation."""
    early = None if budget == "paper" else False
    runs = group(budget, "x + y", early_stop=early)
    axes = runs.axes if budget == "tiny" else {**runs.axes, "seed": [3]}  # others keep fewer weights
    return {"sum": replace(runs, axes=axes, weights="observations")}


def half_way(steps: np.ndarray, curve: np.ndarray) -> float | None:
    """Return the first step at which a curve has covered half of its way from its start to its end.

    None if it ends where it began, or above.

    Example:
        >>> half_way(np.array([0, 10, 20, 30]), np.array([1.0, 0.9, 0.4, 0.2]))
        20.0
    """
    if curve[-1] >= curve[0]:
        return None
    return float(steps[np.argmax(curve <= (curve[0] + curve[-1]) / 2)])


def measure_threshold(evidence: Evidence) -> ClaimResult:
    """Take FFS of W_E over training at several thresholds, and when it has fallen half of its way."""
    run = evidence.one("sum")
    basis = make_token_basis(run.task.p).natural
    steps = np.array([checkpoint.step for checkpoint in run.checkpoints])
    table = np.empty((len(THRESHOLDS), len(steps)))
    for column, checkpoint in enumerate(run.checkpoints):
        net = checkpoint.load()
        assert isinstance(net, Transformer)
        norms = wave_norms(net.embedding, basis)
        table[:, column] = [float(frequency_sparsity(norms, eta)) for eta in THRESHOLDS]
    when = {eta: half_way(steps, curve) for eta, curve in zip(THRESHOLDS, table, strict=True)}
    middle = when[0.5]
    values: dict[str, float | None] = {
        "test_accuracy": best_accuracy([run]),
        **{f"ffs_{eta:g}": float(curve[-1]) for eta, curve in zip(THRESHOLDS, table, strict=True)},
        "small_over_middle": when[0.3] / middle if when[0.3] and middle else None,
        "large_over_middle": when[0.7] / middle if when[0.7] and middle else None,
    }
    curves = [Line(f"threshold {eta:g}", steps, curve) for eta, curve in zip(THRESHOLDS, table, strict=True)]
    words = ", ".join(f"{eta:g} at step {at:,.0f}" for eta, at in when.items() if at is not None)
    cell = step_lines(
        curves,
        f"FFS of W_E of addition at several thresholds; half of its fall is covered with {words}.",
        domain=(0.0, 1.05),
        milestones=(("memorised", run.row.memorised_at), ("grokked", run.row.grokked_at)),
    )
    caption = "Share of waves above this share of the largest of their kind."
    rows = [
        {"threshold": eta, "FFS at the end": values[f"ffs_{eta:g}"], "half-way at": when[eta]}
        for eta in THRESHOLDS
    ]
    return ClaimResult(values, (single("threshold", "FFS of W_E by threshold", caption, cell, 12),), rows)


def _groks(name: str, paper: str) -> Expected:
    return Expected(name, paper, low=GROKKED)


CLAIMS = (
    Claim(
        "furuta2024/fig4-shifted-powers",
        "Fig. 4, Table A.5",
        "a^2 + b, a^3 + 2b and a^3 - 2b grok from the share of pairs from which a + b does.",
        plan_of(*SHIFTED),
        measure_shifted,
        tuple(_groks(f"accuracy_{i}", "groks at r = 0.3 (Table A.5)") for i in (1, 2, 3)),
        DEVIATIONS,
    ),
    Claim(
        "furuta2024/fig8-degrees",
        "Fig. 6 to 8",
        "For n of 4 to 7, FCR of the embedding is lower for even n than for odd n, in networks of a^n + b^n "
        "and of (a + b)^n; FFS stays high for a^n + b^n with even n, and falls for (a + b)^n.",
        plan_degrees,
        measure_degrees,
        (
            _groks("least_accuracy_powers", "groks at r = 0.3 (Table A.5)"),
            _groks("least_accuracy_sums", "groks at r = 0.3 (Table A.5)"),
            Expected(
                "fcr_powers_lower_by",
                "lower for even n (Fig. 8)",
                low=FALL,
                given="least_accuracy_powers",
            ),
            Expected("fcr_sums_lower_by", "lower for even n (Fig. 8)", low=FALL, given="least_accuracy_sums"),
            Expected(
                "ffs_powers_even",
                "stays 1, falls for odd n alone (Fig. 8)",
                low=DENSE,
                given="least_accuracy_powers",
            ),
            Expected("ffs_sums_odd", "falls (Fig. 8)", high=SPARSE, given="least_accuracy_sums"),
            Expected(
                "ffs_sums_even",
                "falls (Fig. 8)",
                high=SPARSE,
                given="least_accuracy_sums",
                essential=False,
            ),
        ),
        AT_FIXED_LENGTH,
    ),
    Claim(
        "furuta2024/figA14-factors",
        "Fig. 7, Fig. A.14",
        "The neuron-logit maps of a^2 - b^2 and (a + b)^2 + a + b, products of two linear factors, stay "
        "dense and unbiased.",
        plan_of(*FACTORS),
        partial(measure_waves, tasks={"_2": FACTORS[0], "_3": FACTORS[1]}),
        (
            _groks("test_accuracy_2", "groks at r = 0.3 (Table A.5)"),
            _groks("test_accuracy_3", "groks at r = 0.3 (Table A.5)"),
            *(
                Expected(f"{name}_{ending}", paper, low=low, given=f"test_accuracy_{ending}")
                for ending in ("2", "3")
                for name, paper, low in (
                    ("ffs_readout", "stays high (Fig. A.14)", 0.8),
                    ("fcr_readout", "stays high (Fig. A.14)", HIGH),
                )
            ),
        ),
        DEVIATIONS,
    ),
    Claim(
        "furuta2024/tableA5-differences",
        "Table A.5, Fig. 8",
        "(a - b)^2 groks from the share of pairs from which a + b does, with an embedding biased to cosines "
        "or sines; (a - b)^3 and (a - b)^4 need more pairs.",
        plan_of(*DIFFERENCES),
        measure_differences,
        (
            _groks("test_accuracy_2", "groks at r = 0.3 (Table A.5)"),
            Expected("fcr_embedding_2", "falls for even n (Fig. 8)", high=HIGH, given="test_accuracy_2"),
            Expected(
                "test_accuracy_3", "5.9% at r = 0.3, groks from 0.5 (Table A.5)", high=0.9, absence=True
            ),
            Expected(
                "test_accuracy_4", "85% at r = 0.3, groks from 0.7 (Table A.5)", high=0.95, absence=True
            ),
        ),
        DEVIATIONS,
    ),
    Claim(
        "furuta2024/fig8-quadratic-form",
        "Fig. 8",
        "FFS of the embedding does not change in networks of a^2 + ab + b^2.",
        plan_quadratic,
        measure_quadratic,
        (
            Expected("ffs_least", "unchanged (Fig. 8)", low=DENSE, absence=True),
            Expected("fcr_least", "no number in the paper; high", low=HIGH, essential=False),
        ),
        FRACTION_DEVIATIONS,
    ),
    Claim(
        "furuta2024/figA16-threshold",
        "Fig. A.16",
        "The smaller the threshold from which FFS counts a wave, the later FFS falls.",
        plan_threshold,
        measure_threshold,
        (
            _groks("test_accuracy", "groks at r = 0.3"),
            Expected(
                "small_over_middle",
                "later at a smaller threshold (Fig. A.16)",
                low=1.0,
                given="test_accuracy",
            ),
            Expected(
                "large_over_middle",
                "earlier at a larger threshold (Fig. A.16)",
                high=1.0,
                given="test_accuracy",
            ),
        ),
        {
            "tiny": TINY,
            "laptop": (*ONE_SEED, "The run goes on to its last step: waves settle later than accuracy."),
        },
        certain="at every step FFS falls with its threshold, so falls can coincide but not change order",
    ),
)
