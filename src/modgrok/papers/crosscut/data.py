"""Who needs the least data: each learner from several shares of the pairs.

Owns: the claim on the smallest share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...reports.charts.claim_charts import Line, lines, single
from ...runs.schedule import GROKKED
from ..claims import tiny
from ..claims.budget import BudgetName
from ..claims.claim import Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence
from ..claims.plan import RunGroup
from .setup import CONTENDERS, DEVIATIONS, MLP, RFM, TRANSFORMER, best_accuracy, runs_of

SHARES: Mapping[BudgetName, tuple[float, ...]] = {
    "tiny": (tiny.FRACTION,),
    "laptop": (0.3, 0.4, 0.5, 0.6, 0.7),
    "paper": (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6),
}


def plan_data(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan addition from several shares of the pairs."""
    return {
        contender.name: runs_of(budget, contender, ("x + y",), SHARES[budget]) for contender in CONTENDERS
    }


def measure_data(evidence: Evidence) -> ClaimResult:
    """Find the smallest share of the pairs from which each learner groks."""
    curves: list[Line] = []
    rows: list[dict[str, Any]] = []
    least: dict[str, float | None] = {}
    for contender in CONTENDERS:
        runs = evidence[contender.name]
        shares = [run.experiment.fraction for run in runs]
        best = [best_accuracy(run) for run in runs]
        curves.append(Line(contender.title, shares, best, dots=True))
        grokked = [share for share, accuracy in zip(shares, best, strict=True) if accuracy >= GROKKED]
        least[contender.name] = min(grokked, default=None)
        rows += [
            {"learner": contender.title, "fraction": share, "best test accuracy": accuracy}
            | {"grokked at": run.row.grokked_at, "steps": run.row.step}
            for run, share, accuracy in zip(runs, shares, best, strict=True)
        ]
    values: dict[str, Number] = {f"{name}_least": share for name, share in least.items()}
    for contender in (TRANSFORMER, RFM):
        values[f"{contender.name}_minus_mlp"] = _difference(least[contender.name], least[MLP.name])
    summary = "; ".join(f"{contender.title} from {least[contender.name]}" for contender in CONTENDERS)
    cell = lines(
        curves,
        f"Best test accuracy against the fraction of pairs used for training; groks: {summary}.",
        x="fraction of pairs used for training",
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
        "crosscut/data",
        "our own comparison: Gromov 2023, Fig. 4; Mallinar et al. 2024, App. Fig. 10; Furuta et al. 2024, "
        "Table A.5",
        "Within the steps followed, the two-layer network groks x + y from no more data than the transformer "
        "and the quadratic kernel machine.",
        plan_data,
        measure_data,
        (
            Expected("transformer_minus_mlp", "0.3 (p = 97) against 0.29 and less", low=0.0),
            Expected("rfm_minus_mlp", "12% accuracy at 0.3 (p = 61) against 0.29", low=0.0),
        ),
        DEVIATIONS,
    ),
)
