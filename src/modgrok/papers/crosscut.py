"""Beyond single papers: the same tasks under every learner, `decide` against outcomes, who needs least data.

Owns: claims that compare learners. What each paper says of its own learner is in that paper's file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..analytic import Construction, construct
from ..decide import Verdict, decide_table
from ..measures.circuit.logit_parts import SumLogits
from ..measures.circuit.task_grid import task_grids
from ..models.kernel_machine import KernelMachine
from ..reports.charts.claim_charts import Line, Point, lines, points, single, table_map
from ..runs.schedule import GROKKED
from ..runs.store.network_file import Network
from ..tasks import Task, task_from_text
from .claims import tiny
from .claims.claim import FULL, BudgetName, Claim, ClaimResult, Expected, Number
from .claims.evidence import Evidence, RunData
from .claims.plan import RunGroup, no_runs

TITLE = "Across the papers: the same tasks under every learner"
CITATION = "Our own comparisons; hypotheses by Doshi, He, Das, Gromov 2024, arXiv 2406.03495"

MODULUS: Mapping[BudgetName, int] = {"tiny": tiny.P, "laptop": 31, "paper": 47}
FRACTION: Mapping[BudgetName, float] = {"tiny": tiny.FRACTION, "laptop": 0.8, "paper": 0.8}
MLP, TRANSFORMER, RFM, CLOSED = "MLP", "transformer", "RFM", "closed form"
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    MLP: {
        "learner": "mlp",
        "parametrisation": "doshi",
        "optimiser": "adamw",
        "lr": 0.01,
        "weight_decay": 1.0,
        "width": 256,
    },
    TRANSFORMER: {"learner": "transformer", "lr": 0.003},
    RFM: {"learner": "rfm"},
}
"""Two-layer network of z^2 with AdamW (Doshi et al. 2023); one-layer transformer with AdamW (Furuta et al.
2024, three times its rate); quadratic kernel (Mallinar et al. 2024)."""
STEPS: Mapping[BudgetName, Mapping[str, int]] = {
    "tiny": {MLP: tiny.STEPS, TRANSFORMER: 12, RFM: tiny.ITERATIONS},
    "laptop": {MLP: 1000, TRANSFORMER: 1200, RFM: 25},
    "paper": {MLP: 10_000, TRANSFORMER: 40_000, RFM: 50},
}
SMALL: Mapping[str, Mapping[str, Any]] = {
    MLP: {"width": tiny.WIDTH},
    TRANSFORMER: {"d_model": 16, "d_mlp": 64},
    RFM: {},
}
DEVIATIONS: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": (tiny.SAYS_NOTHING,),
    "laptop": (
        "p = 31; the papers have 59 to 97.",
        "One seed. At most 1,000 steps of the MLP, 1,200 of the transformer, 25 iterations of the RFM.",
    ),
    "paper": ("p = 47, one seed.",),
}

WITH_FORM = (
    "x + y",
    "x*y",
    "x^2 + y^2",
    "(x + y)^2",
    "x - y",
    "2x + 3y",
    "x*y + x + y",
    "x*y + y",
    "x^2 - y",
    "(x + y)^3",
    "x^3 + y^3",
    "x^3 + 2y",
    "x^2*y",
    "(2x + 3y)^2",
    "(4x + y^2)^3",
)
WITHOUT = (
    "x^2 + x*y + y^2",
    "x^3 + x*y",
    "x^2 + x*y",
    "x^2 + x*y + y^2 + x",
    "x^3 + x*y^2 + y",
    "(x + y)^3 + x*y",
    "x^2*y + x*y^2",
    "x^2*y + x + y",
    "x^3 + x*y^2",
    "(4x + y^2)^3 + x*y",
    "(2x + 3y)^4 - x^2",
    "(x + y)^2 + x*y",
    "x^2 + 3x*y + 2y^2",
    "x^3 + y^2 + x*y",
    "(5x^3 + 2y^4)^2 - y",
)
"""Polynomials that `decide` finds to have neither form at p = 31; this is measured again, not assumed."""
FEW = (*WITH_FORM[:4], *WITHOUT[:2])
"""The polynomials for all learners, the transformer too."""


def runs_of(
    budget: BudgetName,
    learner: str,
    tasks: Sequence[str],
    fractions: Sequence[float] | None = None,
    **options: bool,
) -> RunGroup:
    """Plan a learner on tasks, at one share of the inputs or several; options are fields of `train`."""
    base = {
        **SETTINGS[learner],
        **(SMALL[learner] if budget == "tiny" else {}),
        "p": MODULUS[budget],
        "steps": STEPS[budget][learner],
        "seed": 0,
        **options,
    }
    return RunGroup(base, {"expression": list(tasks), "fraction": list(fractions or (FRACTION[budget],))})


def best_accuracy(run: RunData) -> float:
    """Return the best test accuracy along a run."""
    return float(run.curve("test_accuracy").max())


# One table: every learner, the same measures ----------------------------------------------------------------


def plan_table(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the few tasks under the three trained learners, to their last step: logits settle late."""
    return {learner: runs_of(budget, learner, FEW, early_stop=False) for learner in SETTINGS}


def sum_logits(network: Network, task: Task) -> SumLogits:
    """Read a network's logits at every pair, each pair's mean over classes taken off: softmax ignores it."""
    (at,) = task_grids(task)
    with jax.enable_x64(isinstance(network, KernelMachine)):
        logits = np.asarray(network(jnp.asarray(at.grid.inputs)), np.float64)
    return SumLogits(logits - logits.mean(axis=1, keepdims=True), at.grid)


def sum_share(logits: SumLogits) -> float:
    """Return the share of the logits' variance that depends on g_1(x) + g_2(y) alone, in [0, 1]."""
    spread = logits.logits - logits.logits.mean(axis=0)
    total = float(np.sum(spread**2))
    return 1 - float(np.sum(logits.residual**2)) / total if total else 0.0


def frequency_number(logits: SumLogits) -> float:
    """Return (sum P)^2 / sum P^2 over the powers P of frequencies in that sum: how many equal ones it has."""
    power = np.sum(np.abs(logits.transform[1:]) ** 2, axis=1)
    squares = float(np.sum(power**2))
    return float(power.sum()) ** 2 / squares if squares else 0.0


def closed_form(task: Task) -> Construction | None:
    """Write a task's network down; None if it has no form."""
    verdict = decide_table(task.table, task.p)
    return None if verdict.witness is None else construct(task.table, task.p, verdict.witness)


def measure_table(evidence: Evidence) -> ClaimResult:
    """Measure every learner on every task, and the closed form beside them."""
    rows: list[dict[str, Any]] = []
    for place, text in enumerate(FEW):
        task = evidence[MLP][place].task
        for learner in SETTINGS:
            run = evidence[learner][place]
            rows.append(_row(text, learner, best_accuracy(run), run.row.grokked_at, run.network(), task))
        made = closed_form(task)
        if made is not None:
            rows.append(_row(text, CLOSED, made.report.accuracy, 0, made.network, task))
    inside = [row for row in rows if row["task"] in WITH_FORM]
    outside = [row for row in rows if row["task"] in WITHOUT]
    values: dict[str, Number] = {
        **{
            f"least_accuracy_{name}": min(row["accuracy"] for row in inside if row["learner"] == learner)
            for name, learner in (
                ("mlp", MLP),
                ("closed_form", CLOSED),
                ("transformer", TRANSFORMER),
                ("rfm", RFM),
            )
        },
        "least_sum_share": min(row["share of the sum"] for row in inside),
        "most_accuracy_without": max(row["accuracy"] for row in outside),
    }
    maps = (
        (
            "accuracy",
            "test_accuracy",
            "Accuracy",
            "Best accuracy on test inputs, per cent; of the closed form on all.",
        ),
        (
            "share of the sum",
            "share_accuracy",
            "Logits that depend on the sum alone",
            "Share of the variance of the logits over all pairs, per cent, that is a function of "
            "g1(x) + g2(y), in the basis of the task; of the numbers where it has none.",
        ),
    )
    panels = tuple(
        single(
            name,
            title,
            caption,
            table_map([(r["learner"], r["task"], r[key]) for r in rows], name, "learner", "task"),
            6,
        )
        for key, name, title, caption in maps
    )
    return ClaimResult(values, panels, rows)


def _row(
    text: str, learner: str, accuracy: float, grokked_at: int | None, network: Any, task: Task
) -> dict[str, Any]:
    logits = sum_logits(network, task)
    return {
        "task": text,
        "learner": learner,
        "accuracy": accuracy,
        "grokked at": grokked_at,
        "share of the sum": sum_share(logits),
        "frequencies": frequency_number(logits),
    }


# decide against what is learned -----------------------------------------------------------------------------


def plan_hypothesis(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan thirty polynomials under the quick learners, few under the transformer."""
    tasks = FEW if budget == "tiny" else (*WITH_FORM, *WITHOUT)
    return {
        MLP: runs_of(budget, MLP, tasks, early_stop=False),
        RFM: runs_of(budget, RFM, tasks, early_stop=False),
        TRANSFORMER: runs_of(budget, TRANSFORMER, FEW, early_stop=False),
    }


@cache
def verdict_of(text: str, p: int) -> Verdict:
    """Decide a task."""
    return decide_table(task_from_text(text, p).table, p)


def measure_hypothesis(evidence: Evidence) -> ClaimResult:
    """Count, of the tasks with a form and without, those that each learner learns."""
    known: dict[str, dict[str, Any]] = {}
    counts: dict[tuple[str, bool], list[bool]] = {}
    for learner in SETTINGS:
        for run in evidence[learner]:
            text, p = str(run.point["expression"]), run.task.p
            verdict = verdict_of(text, p)
            row = known.setdefault(
                text,
                {"task": text, "form": verdict.form, "majority": run.task.majority_share}
                | dict.fromkeys(SETTINGS),
            )
            row[learner] = best_accuracy(run)
            counts.setdefault((learner, verdict.witness is not None), []).append(row[learner] >= GROKKED)
    values: dict[str, Number] = {"tasks": len(known)}
    for learner in SETTINGS:
        name = learner.lower()
        values[f"{name}_with_form"] = float(np.mean(counts.get((learner, True), [False])))
        values[f"{name}_without"] = float(np.mean(counts.get((learner, False), [False])))
    rows = sorted(known.values(), key=lambda row: row["form"] == "neither")
    cells = [
        (learner, row["task"], row[learner])
        for row in rows
        for learner in SETTINGS
        if row[learner] is not None
    ]
    form = {"neither": "neither form"}
    said = "; ".join(
        f"{row['task']} ({form.get(row['form'], row['form'])}): MLP {row[MLP]:.0%}" for row in rows
    )
    share = FRACTION[evidence.budget]  # type: ignore[index]
    caption = (
        f"Best test accuracy, per cent, from {share:.0%} of the pairs. Tasks with a form h(g1(x) + g2(y)) "
        "or h(g1(x) g2(y)) above, those proven to have neither below. " + said + "."
    )
    panel = single(
        "outcomes", "What is learned", caption, table_map(cells, "test_accuracy", "learner", "task"), 8
    )
    return ClaimResult(values, (panel,), rows)


# The closed form of every task with a form ------------------------------------------------------------------


def measure_closed(evidence: Evidence) -> ClaimResult:
    """Write the network of every task down, and check it on every input."""
    p = MODULUS[evidence.budget]  # type: ignore[index]
    rows: list[dict[str, Any]] = []
    for text in FEW[:4] if evidence.budget == "tiny" else (*WITH_FORM, *WITHOUT):
        task = task_from_text(text, p)
        made = closed_form(task)
        rows.append(
            {"task": text, "form": verdict_of(text, p).form, "width": None, "errors": None, "margin": None}
            if made is None
            else {"task": text, "form": made.form, "width": made.width}
            | {"errors": made.report.errors, "margin": made.report.margin}
        )
    written = [row for row in rows if row["width"] is not None]
    values: dict[str, Number] = {
        "written": len(written),
        "errors": sum(row["errors"] for row in written),
        "least_margin": min(row["margin"] for row in written),
        "most_width": max(row["width"] for row in written),
    }
    said = ", ".join(f"{row['task']} {row['width']}" for row in written)
    cell = points(
        [Point(row["task"], row["width"]) for row in written],
        f"Hidden neurons of the closed form: {said}.",
        x="hidden neurons",
    )
    caption = "Neurons of the network found, with exact phases; every one is checked on all inputs."
    return ClaimResult(values, (single("widths", "Networks written down", caption, cell, 8),), rows)


# Who needs the least data -----------------------------------------------------------------------------------

SHARES: Mapping[BudgetName, tuple[float, ...]] = {
    "tiny": (tiny.FRACTION,),
    "laptop": (0.3, 0.4, 0.5, 0.6, 0.7),
    "paper": (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6),
}


def plan_data(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan addition from several shares of the pairs."""
    return {learner: runs_of(budget, learner, ("x + y",), SHARES[budget]) for learner in SETTINGS}


def measure_data(evidence: Evidence) -> ClaimResult:
    """Find the smallest share of the pairs from which each learner groks."""
    drawn, rows, least = [], [], {}
    for learner in SETTINGS:
        runs = evidence[learner]
        shares = [run.experiment.fraction for run in runs]
        best = [best_accuracy(run) for run in runs]
        drawn.append(Line(learner, shares, best, dots=True))
        grokked = [share for share, accuracy in zip(shares, best, strict=True) if accuracy >= GROKKED]
        least[learner] = min(grokked, default=None)
        rows += [
            {"learner": learner, "fraction": share, "best test accuracy": accuracy}
            | {"grokked at": run.row.grokked_at, "steps": run.row.step}
            for run, share, accuracy in zip(runs, shares, best, strict=True)
        ]
    values: dict[str, Number] = {f"{learner.lower()}_least": share for learner, share in least.items()}
    for learner in (TRANSFORMER, RFM):
        values[f"{learner.lower()}_minus_mlp"] = _difference(least[learner], least[MLP])
    said = "; ".join(f"{learner} from {share}" for learner, share in least.items())
    cell = lines(
        drawn,
        f"Best test accuracy against the share of pairs that trains; groks: {said}.",
        x="share of the pairs that trains",
        y="best test accuracy",
        log_x=False,
        percent=True,
        level=GROKKED,
    )
    caption = f"x + y; the dotted line is {GROKKED:.0%}, from which a run has grokked."
    return ClaimResult(values, (single("data", "Accuracy against data", caption, cell, 8),), rows)


def _difference(share: float | None, other: float | None) -> float | None:
    """Subtract shares; a learner that groks from none of them needs more than all."""
    if other is None:
        return None
    return (1.0 if share is None else share) - other


CLAIMS = (
    Claim(
        "crosscut/table",
        "our own comparison",
        "Whatever learns a task with a form, by gradients, by kernels or on paper, ends at logits that are "
        "mostly a function of g1(x) + g2(y); a task without a form is learned by none.",
        plan_table,
        measure_table,
        (
            Expected("least_accuracy_mlp", "100% where there is a form (Hypothesis 5.1)", low=GROKKED),
            Expected("least_accuracy_closed_form", "100%, written down", low=1.0),
            Expected("least_sum_share", "most of the variance: half, a bound of ours", low=0.5),
            Expected("most_accuracy_without", "below 100% (Hypothesis 5.2)", high=GROKKED),
            Expected("least_accuracy_transformer", "100%, a bound of ours", low=GROKKED, essential=False),
            Expected("least_accuracy_rfm", "100%, a bound of ours", low=GROKKED, essential=False),
        ),
        {
            **DEVIATIONS,
            "laptop": (
                *DEVIATIONS["laptop"],
                "80% of the pairs train, so most test pairs of a symmetric polynomial have their swap in "
                "training: a network may be right on those without a form.",
            ),
        },
    ),
    Claim(
        "crosscut/hypothesis",
        "Doshi et al. 2024, Hypotheses 5.1 and 5.2",
        "A polynomial is learned to 100% if and only if it has the form h(g1(x) + g2(y)) or "
        "h(g1(x) g2(y)), which is decided beforehand without training.",
        plan_hypothesis,
        measure_hypothesis,
        (
            Expected("mlp_with_form", "all (Hypothesis 5.1)", low=1.0, decisive=FULL),
            Expected("mlp_without", "none (Hypothesis 5.1)", high=0.0),
            Expected("rfm_without", "none (Hypothesis 5.2)", high=0.0),
            Expected("transformer_without", "none (Hypothesis 5.2)", high=0.0),
            Expected("transformer_with_form", "all (Hypothesis 5.2)", low=1.0, decisive=FULL),
            Expected("rfm_with_form", "all, were kernels included", low=1.0, essential=False),
        ),
        {
            **DEVIATIONS,
            "laptop": (
                *DEVIATIONS["laptop"],
                "The transformer sees six of the thirty polynomials.",
                "Weight decay 1 of the MLP was chosen on five of the thirty, after 5 had been too strong at "
                "this size; it is the same for those with a form and those without.",
            ),
        },
    ),
    Claim(
        "crosscut/closed-form",
        "Gromov 2023, Claims I and II; Doshi et al. 2024, Sec. 2 and 3",
        "Every polynomial with a form has a network that can be written down, without an error on any input.",
        no_runs,
        measure_closed,
        (
            Expected("written", "all 15", low=15.0, budgets=("laptop", "paper")),
            Expected("written", "all 4", low=4.0, budgets=("tiny",)),
            Expected("errors", "0", high=0.0),
            Expected("least_margin", "above 0", low=1e-6),
        ),
        {**DEVIATIONS, "laptop": DEVIATIONS["laptop"][:1], "paper": ("p = 47.",)},
    ),
    Claim(
        "crosscut/data",
        "Gromov 2023, Fig. 4; Mallinar et al. 2024, App. Fig. 10; Furuta et al. 2024, Table A.5",
        "Within 1,000 steps the two-layer network groks x + y from no more data than the transformer within "
        "1,200 and the quadratic kernel machine within 25 iterations.",
        plan_data,
        measure_data,
        (
            Expected("transformer_minus_mlp", "0.3 (p = 97) against 0.29 and less", low=0.0),
            Expected("rfm_minus_mlp", "12% accuracy at 0.3 (p = 61) against 0.29", low=0.0),
        ),
        DEVIATIONS,
    ),
)
