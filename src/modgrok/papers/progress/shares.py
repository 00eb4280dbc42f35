"""The explained share of each paper's networks: at memorising, at grokking and at the end.

Owns: these claims. The runs are those of the papers' own claims, so that each is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ...reports.charts.claim_charts import LINES, Line, Panel, single, step_lines
from ...runs.schedule import GROKKED
from ..claims import tiny
from ..claims.budget import BudgetName
from ..claims.claim import Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from ..claims.seeds import median
from ..doshi2024.trained import plan_four, plan_product
from ..furuta2024.elementary import quick
from ..gromov2023.runs import descent
from ..mallinar2024.setup import quadratic_runs
from .readings import explained_share_at

RunPlan = Callable[[BudgetName], Mapping[str, RunGroup]]
NAMES = {"x + y": "sum", "x*y": "product"}
STAGES = ("memorised", "grokked", "end")


@dataclass(frozen=True)
class PaperNetworks:
    """The networks of a paper on one task.

    Arguments:
        name: of the claim.
        source: in the paper.
        sentence: the claim.
        plan: their runs.
        tasks: expression -> bounds of the share at memorising (most), at grokking and at the end (least).
        words: why these bounds.
    """

    name: str
    source: str
    sentence: str
    plan: RunPlan
    tasks: Mapping[str, tuple[float, float, float]]
    words: str

    def prefix(self, expression: str) -> str:
        """Return how the numbers of a task begin: with its name if there are several."""
        return f"{NAMES[expression]}_" if len(self.tasks) > 1 else ""


def plan_descent(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the runs of Gromov 2023, Fig. 1, with weights on the way."""
    return {name: replace(group, weights="schedule") for name, group in descent(budget).items()}


def plan_machines(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the kernel machines of Mallinar et al. 2024, Fig. 2, on a sum and a product."""
    return {"first": quadratic_runs(budget, list(NAMES))}


def plan_transformers(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the transformers of Furuta et al. 2024, Fig. 3, on a sum and a product."""
    return {name: replace(group, weights="schedule") for name, group in quick(budget).items()}


def shares_of(run: RunData) -> dict[str, Number]:
    """Return the explained share of the test inputs at memorising, at grokking and at the end.

    Returns:
        None at a milestone that never came.
    """
    steps = {"memorised": run.row.memorised_at, "grokked": run.row.grokked_at}
    numbers: dict[str, Number] = {}
    for name, step in steps.items():
        later = [] if step is None else [c for c in run.checkpoints if c.step >= step]
        numbers[name] = explained_share_at(run, later[0]) if later else None
    return {**numbers, "end": explained_share_at(run, run.checkpoints[-1])}


def measure_shares(networks: PaperNetworks, evidence: Evidence) -> ClaimResult:
    """Read explained shares that were recorded with the weights."""
    every = [run for runs in evidence.groups.values() for run in runs]
    values: dict[str, Number] = {}
    rows: list[dict[str, Any]] = []
    panels: list[Panel] = []
    for expression in networks.tasks:
        alone = len(networks.tasks) == 1
        runs = [run for run in every if alone or run.point["expression"] == expression]
        shares = [shares_of(run) for run in runs]
        for stage in STAGES:
            values[f"{networks.prefix(expression)}{stage}"] = median([share[stage] for share in shares])
        rows += [
            {"task": run.experiment.name, "seed": run.experiment.seed}
            | {"memorised at": run.row.memorised_at, "grokked at": run.row.grokked_at}
            | {f"explained, {stage}": share[stage] for stage in STAGES}
            | {"test accuracy": run.last("test_accuracy")}
            for run, share in zip(runs, shares, strict=True)
        ]
        panels.append(_panel(expression, runs, 12 if alone else 6))
    return ClaimResult(values, tuple(panels), rows)


def _panel(expression: str, runs: Sequence[RunData], span: int) -> Panel:
    series = []
    for run in runs:
        steps = [checkpoint.step for checkpoint in run.checkpoints]
        shares = [explained_share_at(run, checkpoint) for checkpoint in run.checkpoints]
        first = run is runs[0]
        series += [
            Line("test accuracy" if first else "", run.steps, run.curve("test_accuracy"), LINES[0]),
            Line("explained share" if first else "", steps, shares, LINES[1], dots=True),
        ]
    row = runs[0].row
    cell = step_lines(
        series,
        f"Test accuracy and explained share of the test inputs of {expression}, against steps.",
        percent=True,
        level=GROKKED,
        milestones=(("memorised", row.memorised_at), ("grokked", row.grokked_at)),
    )
    caption = "Explained shares at the kept weights; the dotted line is 99%."
    return single(f"explained_{NAMES.get(expression, 'sum')}", expression, caption, cell, span)


def _claim(networks: PaperNetworks) -> Claim:
    expected = []
    for expression, (memorised, grokked, end) in networks.tasks.items():
        prefix = networks.prefix(expression)
        expected += [
            Expected(f"{prefix}memorised", f"at most {memorised:.0%}: {networks.words}", high=memorised),
            Expected(f"{prefix}grokked", f"at least {grokked:.0%}: {networks.words}", low=grokked),
            Expected(f"{prefix}end", f"at least {end:.0%}: {networks.words}", low=end),
        ]
    deviations: dict[BudgetName, tuple[str, ...]] = {
        "tiny": (tiny.TINY_DEVIATION,),
        "laptop": ("the runs of the paper's own claims, one or two seeds",),
    }
    return Claim(
        f"progress/{networks.name}",
        f"our own measure of the networks of {networks.source}",
        networks.sentence,
        networks.plan,
        partial(measure_shares, networks),
        tuple(expected),
        deviations,
    )


PROTOTYPE = "a prototype on other runs had 0.00 to 0.01, 0.93 to 0.99 and 1.00"
ZEROS = (
    f"{PROTOTYPE}; inputs with a zero, (2p - 1)/p^2 of all, may be explained by how often the label 0 occurs"
)
MACHINES = (
    "at first M is the identity and nothing of a sum is in the logits; later nearly all test inputs, as "
    "training inputs are interpolated and test inputs are not"
)
NETWORKS = (
    PaperNetworks(
        "explained-gromov2023",
        "Gromov 2023, Fig. 1",
        "Of a two-layer network that gradient descent has trained on x + y, a formula in x + y explains no "
        "test inputs when it has memorised, 93% when it has grokked, and 99% at the end.",
        plan_descent,
        {"x + y": (0.01, 0.93, 0.99)},
        PROTOTYPE,
    ),
    PaperNetworks(
        "explained-doshi2024-product",
        "Doshi et al. 2024, Fig. 3",
        "Of a two-layer network that AdamW has trained on a product, a formula in the product explains next "
        "to no test inputs when it has memorised, 93% when it has grokked, and 99% at the end.",
        plan_product,
        {"n1*n2": (0.03, 0.93, 0.99)},
        ZEROS,
    ),
    PaperNetworks(
        "explained-doshi2024-four",
        "Doshi et al. 2024, Fig. 2",
        "Of a two-layer network that AdamW has trained on a sum of four terms, a formula in the sum explains "
        "at most half of the test inputs when it has memorised, 93% when it has grokked, and 99% at the end.",
        plan_four,
        {"n1 + n2 + n3 + n4": (0.5, 0.93, 0.99)},
        "as for two terms, but at the paper's width these networks memorise at step 60 and grok at step 70, "
        "so the share has already begun to rise",
    ),
    PaperNetworks(
        "explained-mallinar2024",
        "Mallinar et al. 2024, Fig. 2",
        "Of a quadratic kernel machine, a formula in the sum or the product explains next to no test inputs "
        "at its first solution, which has memorised, 90% when it has grokked, and 95% at the end.",
        plan_machines,
        {"x + y": (0.01, 0.9, 0.95), "x*y": (0.04, 0.9, 0.95)},
        MACHINES,
    ),
    PaperNetworks(
        "explained-furuta2024",
        "Furuta et al. 2024, Fig. 3",
        "Of a transformer trained on a sum or a product, a formula in it explains next to no test inputs "
        "when the network has memorised, 93% when it has grokked, and 99% at the end.",
        plan_transformers,
        {"x + y": (0.01, 0.93, 0.99), "x*y": (0.06, 0.93, 0.99)},
        ZEROS,
    ),
)
CLAIMS = tuple(_claim(networks) for networks in NETWORKS)
