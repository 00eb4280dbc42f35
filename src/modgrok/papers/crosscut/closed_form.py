"""The closed form of every task that has a form, checked on every input.

Owns: the claim on networks that are written down.
"""

from __future__ import annotations

from typing import Any

from ...reports.charts.claim_charts import Point, points, single
from ...tasks import task_from_text
from ..claims.claim import Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence
from ..claims.plan import no_runs
from .setup import DEVIATIONS, MODULUS, SMALL_SET, WITH_FORM, WITHOUT, closed_form, verdict_of


def measure_closed(evidence: Evidence) -> ClaimResult:
    """Write the network of every task down, and check it on every input."""
    p = MODULUS[evidence.budget]
    rows: list[dict[str, Any]] = []
    for text in SMALL_SET[:4] if evidence.budget == "tiny" else (*WITH_FORM, *WITHOUT):
        task = task_from_text(text, p)
        construction = closed_form(task)
        rows.append(
            {"task": text, "form": verdict_of(text, p).form, "width": None, "errors": None, "margin": None}
            if construction is None
            else {"task": text, "form": construction.form, "width": construction.width}
            | {"errors": construction.report.errors, "margin": construction.report.margin}
        )
    written = [row for row in rows if row["width"] is not None]
    values: dict[str, Number] = {
        "written": len(written),
        "errors": sum(row["errors"] for row in written),
        "least_margin": min(row["margin"] for row in written),
        "most_width": max(row["width"] for row in written),
    }
    summary = ", ".join(f"{row['task']} {row['width']}" for row in written)
    cell = points(
        [Point(row["task"], row["width"]) for row in written],
        f"Hidden neurons of the closed form: {summary}.",
        x="hidden neurons",
    )
    caption = "Neurons of the network found, with exact phases; every one is checked on all inputs."
    return ClaimResult(values, (single("widths", "Networks in closed form", caption, cell, 8),), rows)


CLAIMS = (
    Claim(
        "crosscut/closed-form",
        "our own comparison: Gromov 2023, Claims I and II; Doshi et al. 2024, Sec. 2 and 3",
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
)
