"""Doshi et al. 2023, Fig. 3: which phase training ends in, over data, corrupted labels and weight decay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...measures.corruption.corruption_phase import HIGH, Phase
from ...reports.charts.claim_charts import Panel, single, table_map
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .phases import ADDITION, base_of, phase_of, run_rows

FRACTIONS: Mapping[BudgetName, tuple[float, ...]] = {
    "tiny": (tiny.FRACTION,),
    "laptop": (0.3, 0.5, 0.7),
    "paper": tuple(round(0.1 + 0.05 * i, 2) for i in range(17)),
}
CORRUPTIONS: Mapping[BudgetName, tuple[float, ...]] = {
    "tiny": (0.2, 0.4),
    "laptop": (0.2, 0.4),
    "paper": tuple(round(0.1 * i, 1) for i in range(1, 10)),  # as the released scripts; the paper says from 0
}
DECAYS: Mapping[BudgetName, tuple[float, ...]] = {
    "tiny": (0.0, 5.0, 15.0),
    "laptop": (0.0, 5.0, 15.0),
    "paper": (0.0, 5.0, 15.0, 20.0),
}
STEPS: Mapping[BudgetName, int] = {"tiny": tiny.STEPS, "laptop": 300, "paper": 2000}
INVERTED: tuple[Phase, ...] = ("partial inversion", "full inversion")


@dataclass(frozen=True)
class DiagramPoint:
    """A place of the diagram: training fraction, fraction of corrupted labels, weight decay."""

    fraction: float
    corruption: float
    decay: float


def plan_diagram(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on x + y at every place of the diagram."""
    base = {name: value for name, value in base_of(budget).items() if name != "fraction"}
    base |= {"expression": ADDITION, "observe_every": 20, "steps": STEPS[budget], "seed": 0}
    axes = {
        "weight_decay": list(DECAYS[budget]),
        "corruption": list(CORRUPTIONS[budget]),
        "fraction": list(FRACTIONS[budget]),
    }
    return {"grid": RunGroup(base, axes)}


def diagram_point(run: RunData) -> DiagramPoint:
    """Return where a run stands in the diagram."""
    return DiagramPoint(*(float(run.point[name]) for name in ("fraction", "corruption", "weight_decay")))


def breaks(generalises: Mapping[DiagramPoint, bool]) -> int:
    """Count neighbours of which the one with fewer clean labels generalises and the other does not.

    Fewer clean labels are less data, or more corrupted labels, at the same weight decay.

    Example:
        >>> a, b, c = (DiagramPoint(x, y, 0.0) for x, y in ((0.3, 0.2), (0.5, 0.2), (0.5, 0.4)))
        >>> breaks({a: True, b: False, c: False})
        1
    """
    fractions = sorted({place.fraction for place in generalises})
    corruptions = sorted({place.corruption for place in generalises})
    easier_data = dict(pairwise(fractions))
    easier_labels = dict(pairwise(reversed(corruptions)))
    count = 0
    for place in (place for place, good in generalises.items() if good):
        near = (
            DiagramPoint(easier_data.get(place.fraction, place.fraction), place.corruption, place.decay),
            DiagramPoint(place.fraction, easier_labels.get(place.corruption, place.corruption), place.decay),
        )
        count += sum(not generalises.get(other, True) for other in near)
    return count


def measure_diagram(evidence: Evidence) -> ClaimResult:
    """Name the phase at every place, and compare weight decays."""
    runs = evidence["grid"]
    phases = {diagram_point(run): phase_of(run) for run in runs}
    generalises = {diagram_point(run): run.last("test_accuracy") >= HIGH for run in runs}
    decays = sorted({place.decay for place in phases})
    counts = {
        decay: sum(good for place, good in generalises.items() if place.decay == decay) for decay in decays
    }
    values: dict[str, Number] = {f"generalising_{decay:g}": count for decay, count in counts.items()}
    values["growth"] = counts[5.0] - counts[0.0]
    values["breaks"] = breaks(generalises)
    for decay in (0.0, 15.0):
        values[f"inverting_{decay:g}"] = inverting_share(phases, generalises, decay)
    before, after = values["inverting_0"], values["inverting_15"]
    values["inversion_gain"] = None if before is None or after is None else after - before
    panels = tuple(_panel(phases, decay) for decay in decays)
    rows = [
        {"fraction": diagram_point(t).fraction, "corruption": diagram_point(t).corruption} | row
        for t, row in zip(runs, run_rows(runs), strict=True)
    ]
    return ClaimResult(values, panels, rows)


def inverting_share(
    phases: Mapping[DiagramPoint, Phase], generalises: Mapping[DiagramPoint, bool], decay: float
) -> float | None:
    """Return the share of inversion among generalising places with corrupted labels; None without any."""
    chosen = [p for p, good in generalises.items() if good and p.decay == decay and p.corruption > 0]
    return float(np.mean([phases[place] in INVERTED for place in chosen])) if chosen else None


def _panel(phases: Mapping[DiagramPoint, Phase], decay: float) -> Panel:
    phases_at_decay = {place: phase for place, phase in phases.items() if place.decay == decay}
    cells = [(place.fraction, place.corruption, phase) for place, phase in phases_at_decay.items()]
    text = "; ".join(f"{phase} at fraction {x:g} with {y:.0%} corrupted" for x, y, phase in cells)
    cell = table_map(cells, "phase", "training fraction", "corrupted")
    return single(f"decay-{decay:g}", f"Weight decay {decay:g}", f"Weight decay {decay:g}: {text}.", cell, 4)


CLAIMS = (
    Claim(
        "doshi2023/fig3-diagram",
        "Fig. 3, Table 2",
        "Over the fractions of training data and of corrupted labels (here at six places for each weight "
        "decay), networks generalise in a region with enough clean labels; weight decay widens this region "
        "and, within it, turns coexistence into inversion.",
        plan_diagram,
        measure_diagram,
        (
            Expected("breaks", "one region (Fig. 3): no neighbour with more clean labels fails", high=0.0),
            Expected("growth", "wider at weight decay 5 than without (Fig. 3)", low=1.0),
            Expected("inverting_15", "inversion everywhere in it at weight decay 15 (Fig. 3)", low=1.0),
            Expected(
                "inversion_gain",
                "weight decay turns coexistence into inversion (Fig. 3): from 0 to 15 by 30 points at least",
                low=0.3,
            ),
        ),
        {
            "tiny": (tiny.TINY_DEVIATION,),
            "laptop": (
                "3 fractions, 2 shares of corrupted labels and 3 weight decays instead of 17, 9 and 4: 18 "
                "runs instead of 612, one seed.",
                "300 steps instead of 2000; within them none forgets, which fig1-forgetting tests.",
                "The figure gives no numbers: what is expected is our reading of it in words.",
            ),
            "paper": ("One seed.", "The figure gives no numbers: what is expected is our reading of it."),
        },
    ),
)
