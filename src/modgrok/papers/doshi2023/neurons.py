"""Doshi et al. 2023: which neurons generalise and which memorise.

Owns: the neurons' IPR in each phase (Fig. 4), and what is left when neurons go by their IPR (Fig. 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from ...measures import make_fourier_frames
from ...measures.corruption.corruption_phase import HIGH
from ...measures.corruption.pruning import Direction, neuron_order, pruned
from ...models import MLP
from ...reports.charts.claim_charts import Line, histogram, lines, single
from ...training.problem import make_problem
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence, RunData
from ..claims.neuron_ipr import neuron_iprs
from ..claims.plan import RunGroup
from .phases import (
    ADDITION,
    CORRUPTION,
    DEVIATIONS,
    KINDS,
    PHASES,
    SEEDS,
    STEPS,
    base_of,
    of_decay,
    phase_of,
    plan_corrupted,
)

EDGES = np.linspace(0, 1, 11)
"""Bins of IPR in which modes are counted."""
NOISE = 0.02
"""A mode has at least this share of the neurons."""


def plan_histograms(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on corrupted labels at each weight decay; and on few, which are memorised without more."""
    base = {**base_of(budget), "expression": ADDITION, "corruption": CORRUPTION, "fraction": 0.25}
    few = {**base, "weight_decay": 0.0, "steps": tiny.STEPS if budget == "tiny" else 500, "observe_every": 20}
    return {**plan_corrupted(ADDITION, budget), "few": RunGroup(few, {"seed": SEEDS[budget]})}


def valley(counts: np.ndarray) -> float:
    """Return how deep the deepest valley between two modes is: 1 - least between / lower mode, in [0, 1].

    0 for one mode; modes of less than 2% of all do not count.

    Example:
        >>> valley(np.array([50, 10, 40])), valley(np.array([50, 40, 10])), valley(np.array([50, 0, 1]))
        (0.75, 0.0, 0.0)
    """
    deepest = 0.0
    for j in range(1, len(counts) - 1):
        lower = min(counts[:j].max(), counts[j + 1 :].max())
        if lower >= NOISE * counts.sum():
            deepest = max(deepest, 1 - float(counts[j]) / float(lower))
    return deepest


def measure_histograms(evidence: Evidence) -> ClaimResult:
    """Measure how the neurons' IPR is distributed in each phase."""
    groups = {str(phase): of_decay(evidence, decay) for decay, phase in PHASES.items()}
    groups = {"memorisation": list(evidence["few"]), **groups}
    iprs = {name: np.concatenate([neuron_iprs(run) for run in runs]) for name, runs in groups.items()}
    rows: list[dict[str, Any]] = [
        {"phase": name, "ends in": phase_of(groups[name][0]), "mean IPR": float(iprs_of_group.mean())}
        | {"below 0.3": float(np.mean(iprs_of_group < 0.3)), "above 0.6": float(np.mean(iprs_of_group > 0.6))}
        | {"valley": valley(np.histogram(iprs_of_group, EDGES)[0])}
        for name, iprs_of_group in iprs.items()
    ]
    values: dict[str, Number] = {f"valley_{row['phase'].replace(' ', '_')}": row["valley"] for row in rows}
    values["phases_as_named"] = sum(
        phase_of(run) == name for name, runs in groups.items() for run in runs[:1]
    )
    fine = np.linspace(0, 1, 41)
    panels = tuple(
        single(
            name.replace(" ", "-"),
            name.capitalize(),
            "",
            histogram(
                np.histogram(iprs_of_group, fine)[0],
                fine,
                f"{name}: {len(iprs_of_group)} neurons by IPR, mean {iprs_of_group.mean():.2f}.",
                x="IPR",
                y="neurons",
                height=100,
            ),
            4,
        )
        for name, iprs_of_group in iprs.items()
    )
    return ClaimResult(values, panels, rows)


# Pruning (Fig. 6)

FEW_STOPS = 51
"""Numbers of removed neurons at which accuracy is counted, ends included."""
LOSS = 0.1
"""How much an accuracy that stays may lose."""


def plan_pruning(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Take the run that generalises and memorises at once, that without weight decay."""
    group = plan_corrupted(ADDITION, budget)["corrupted"]
    base = {**group.base, "weight_decay": 0.0, "steps": STEPS[budget][0]}
    return {"coexistence": RunGroup(base, group.axes)}


def pruning_of(run: RunData, direction: Direction) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return shares of neurons removed, and the accuracy of every group of inputs there."""
    net = run.network()
    assert isinstance(net, MLP)
    order = neuron_order(net, make_fourier_frames(run.basis), direction)
    stops = np.unique(np.linspace(0, net.width, FEW_STOPS).round().astype(int))
    curve = pruned(net, make_problem(run.task, run.split), order, stops.tolist())
    return curve.stops / net.width, curve.accuracies()


def first_half(curve: np.ndarray) -> int | None:
    """Return the first place at which a curve is at most half its start, None if there is none.

    Example:
        >>> first_half(np.array([0.9, 0.8, 0.4, 0.1])), first_half(np.array([0.9, 0.6]))
        (2, None)
    """
    low = curve <= curve[0] / 2
    return int(low.argmax()) if low.any() else None


def measure_pruning(direction: Direction, evidence: Evidence) -> ClaimResult:
    """Remove neurons in the order of their IPR; see which accuracy stays when the other has halved."""
    falling, staying = ("corrupted", "test") if direction == "low-first" else ("test", "corrupted")
    shares, curves = pruning_of(evidence["coexistence"][0], direction)
    half = first_half(curves[falling])
    accurate = curves["test"] >= HIGH
    last = int(np.flatnonzero(accurate)[-1]) if accurate.any() else 0
    values: dict[str, Number] = {
        f"{falling}_falls_at": None if half is None else float(shares[half]),
        f"{staying}_lost": None if half is None else float(curves[staying][0] - curves[staying][half]),
        "train_at_high_test": float(curves["train"][last]) if accurate.any() else None,
        "corrupted_at_high_test": float(curves["corrupted"][last]) if accurate.any() else None,
    }
    series = [
        Line(label, shares, curves[name.removesuffix("_accuracy")], colour) for label, name, colour in KINDS
    ]
    words = "never halves" if half is None else f"halves when {100 * shares[half]:.0f}% are removed"
    cell = lines(
        series,
        f"Accuracies against the share of neurons removed, {direction}: {falling} {words}.",
        x="share of neurons removed",
        log_x=False,
        percent=True,
    )
    title = "Lowest IPR removed first" if direction == "low-first" else "Highest IPR removed first"
    caption = "U and W of removed neurons are zero; without any neuron class 0 is the answer."
    places = [0, *([] if half is None else [half]), last]
    rows = [
        {"removed": float(shares[i])}
        | {name: float(curves[name][i]) for name in ("train", "test", "corrupted")}
        for i in sorted(set(places))
    ]
    return ClaimResult(values, (single("pruning", title, caption, cell, 8),), rows)


CLAIMS = (
    Claim(
        "doshi2023/fig4-histograms",
        "Fig. 4",
        "Where a network generalises and memorises at once, its neurons fall into two groups, of high and of "
        "low IPR; where it only memorises, they do not.",
        plan_histograms,
        measure_histograms,
        (
            Expected(
                "valley_coexistence",
                "bimodal (Fig. 4): between two modes of 2% or more, bins of 0.1 fall to half the lower one",
                low=0.5,
            ),
            Expected("valley_memorisation", "one mode (Fig. 4), by the same rule", high=0.5, essential=False),
            Expected(
                "phases_as_named", "the runs end in the five phases (Table 2)", 5.0, 5.0, essential=False
            ),
        ),
        {
            **DEVIATIONS,
            "laptop": (
                *DEVIATIONS["laptop"],
                "Memorisation is shown at a quarter of the table, 500 steps.",
            ),
            "paper": (*DEVIATIONS["paper"], "Memorisation is shown at a quarter of the table, 500 steps."),
        },
    ),
    Claim(
        "doshi2023/fig6-low-first",
        "Fig. 6",
        "Without the neurons of low IPR the network forgets the corrupted labels and still generalises.",
        plan_pruning,
        partial(measure_pruning, "low-first"),
        (
            Expected(
                "test_lost", "test accuracy stays high (Fig. 6): 10 points lost at most by then", high=LOSS
            ),
            Expected(
                "train_at_high_test",
                "training goes to 1 - xi = 65% (Fig. 6), within 5 points, while test is above 90%",
                0.60,
                0.70,
                essential=False,
            ),
        ),
        DEVIATIONS,
    ),
    Claim(
        "doshi2023/fig6-high-first",
        "Fig. 6",
        "Without the neurons of high IPR the network stops generalising and still knows corrupted labels.",
        plan_pruning,
        partial(measure_pruning, "high-first"),
        (
            Expected(
                "corrupted_lost", "memorisation stays (Fig. 6): 10 points lost at most by then", high=LOSS
            ),
        ),
        DEVIATIONS,
    ),
)
