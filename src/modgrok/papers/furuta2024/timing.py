"""Furuta et al. 2024, Fig. 8: FFS and FCR as progress measures.

Owns: that claim: when FFS of addition and FCR of multiplication move, and whether they stay where grokking
fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...reports.charts.claim_charts import Line, Panel, single, step_lines
from ...runs.schedule import GROKKED
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .elementary import PRODUCT, QUICK, SUM, quick
from .runs import FAILING, failing, of_task

MEASURE = {SUM: "ffs_embedding", PRODUCT: "fcr_embedding"}
"""Task -> what falls while it groks (Fig. 8)."""
STILL = 0.25
"""A measure stays if it moves by at most this share of its way where the network groks."""


def plan(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan + and * from enough pairs, followed to the end, and from too few."""
    return {**quick(budget), **failing(budget, SUM, PRODUCT)}


def share_at(run: RunData, name: str, step: float) -> float | None:
    """Return the share of its way from start to end that a recorded number has covered at a step.

    None if it ends where it began.
    """
    curve = run.curve(name)
    way = float(curve[-1] - curve[0])
    return None if way == 0 else (run.at(name, step) - float(curve[0])) / way


def measure(evidence: Evidence) -> ClaimResult:
    """Take how far each measure has come when the network groks, and how far it moves where it does not."""
    values: dict[str, float | None] = {}
    rows, panels = [], []
    for task, slug in ((SUM, "ffs"), (PRODUCT, "fcr")):
        name = MEASURE[task]
        good, bad = (of_task(evidence[part], task) for part in ("operations", FAILING))
        shares = [
            None if run.row.grokked_at is None else share_at(run, name, run.row.grokked_at) for run in good
        ]
        known = [share for share in shares if share is not None]
        way = float(np.median([run.last(name) - run.curve(name)[0] for run in good]))
        still = [abs(float(run.last(name) - run.curve(name)[0])) for run in bad]
        values |= {
            f"{slug}_accuracy": min(run.last("test_accuracy") for run in good),
            f"{slug}_covered_at_grokking": min(known) if len(known) == len(shares) else None,
            f"{slug}_failing_accuracy": max(run.last("test_accuracy") for run in bad),
            f"{slug}_moved_where_failing": max(still) / abs(way) if way else None,
        }
        rows += [
            {"task": task, "seed": run.experiment.seed, "fraction": run.experiment.fraction}
            | {"grokked at": run.row.grokked_at, "test accuracy": run.last("test_accuracy")}
            | {"at the start": float(run.curve(name)[0]), "at the end": run.last(name)}
            for run in (*good, *bad)
        ]
        panels.append(_panel(task, slug, good[:1], bad[:1]))
    return ClaimResult(values, tuple(panels), rows)


def _panel(task: str, slug: str, good: Sequence[RunData], bad: Sequence[RunData]) -> Panel:
    name = MEASURE[task]
    curves = [
        Line(f"{run.experiment.fraction:.0%} of the pairs", run.steps, run.curve(name))
        for run in (*good, *bad)
    ]
    words = ", ".join(f"{line.name} {float(line.y[-1]):.2f}" for line in curves)
    row = good[0].row
    cell = step_lines(
        curves,
        f"{slug.upper()} of W_E of {task} against steps; at the end {words}.",
        domain=(0.0, 1.05),
        milestones=(("memorised", row.memorised_at), ("grokked", row.grokked_at)),
    )
    caption = "From enough pairs, with its marks, and from too few."
    return single(slug, f"{slug.upper()} of W_E, {task}", caption, cell, 6)


CLAIMS = (
    Claim(
        "furuta2024/fig8-progress",
        "Fig. 8, App. Fig. A.15",
        "FFS of addition and FCR of multiplication, of the embedding, have covered half of their fall when "
        "the network groks, and do not move where grokking fails.",
        plan,
        measure,
        (
            Expected("ffs_accuracy", "a + b groks", low=GROKKED),
            Expected("fcr_accuracy", "ab groks", low=GROKKED),
            Expected(
                "ffs_failing_accuracy",
                "fails from few pairs",
                high=0.9,
                given="ffs_failing_accuracy",
            ),
            Expected(
                "fcr_failing_accuracy",
                "fails from few pairs",
                high=0.9,
                given="fcr_failing_accuracy",
            ),
            *(
                expected
                for slug, words in (("ffs", "FFS"), ("fcr", "FCR"))
                for expected in (
                    Expected(
                        f"{slug}_covered_at_grokking",
                        f"{words} falls while the network groks (Fig. 8): half of its way",
                        low=0.5,
                        given=f"{slug}_accuracy",
                    ),
                    Expected(
                        f"{slug}_moved_where_failing",
                        f"{words} does not move where grokking fails: a quarter of that way at most",
                        high=STILL,
                        given=f"{slug}_accuracy",
                    ),
                )
            ),
        ),
        {
            **QUICK,
            "laptop": (
                *QUICK["laptop"],
                "15% of the pairs stand for too few: 30%, tried first, is enough for both tasks in the end.",
            ),
        },
    ),
)
