"""Doshi et al. 2023: which neurons generalise and which memorise.

Owns: the neurons' IPR in each phase (Fig. 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .charts import histogram, single
from .claim import Budget, Claim, Expected, Found, Number
from .doshi2023_phases import (
    ADDITION,
    CORRUPTION,
    DEVIATIONS,
    PHASES,
    SEEDS,
    base_of,
    of_decay,
    phase_of,
    plan_corrupted,
)
from .evidence import Evidence
from .neuron_ipr import neuron_iprs
from .plan import Group

EDGES = np.linspace(0, 1, 11)
"""Bins of IPR in which modes are counted."""
NOISE = 0.02
"""A mode has at least this share of the neurons."""


def plan_histograms(budget: Budget) -> Mapping[str, Group]:
    """Train on corrupted labels at each weight decay; and on few, which are memorised without more."""
    base = {**base_of(budget), "expression": ADDITION, "corruption": CORRUPTION, "fraction": 0.25}
    few = {**base, "weight_decay": 0.0, "steps": 20 if budget == "tiny" else 500, "observe_every": 20}
    return {**plan_corrupted(ADDITION, budget), "few": Group(few, {"seed": SEEDS[budget]})}


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


def find_histograms(evidence: Evidence) -> Found:
    """Measure how the neurons' IPR is distributed in each phase."""
    groups = {str(phase): of_decay(evidence, decay) for decay, phase in PHASES.items()}
    groups = {"memorisation": list(evidence["few"]), **groups}
    iprs = {name: np.concatenate([neuron_iprs(trial) for trial in trials]) for name, trials in groups.items()}
    rows: list[dict[str, Any]] = [
        {"phase": name, "ends in": phase_of(groups[name][0]), "mean IPR": float(found.mean())}
        | {"below 0.3": float(np.mean(found < 0.3)), "above 0.6": float(np.mean(found > 0.6))}
        | {"valley": valley(np.histogram(found, EDGES)[0])}
        for name, found in iprs.items()
    ]
    values: dict[str, Number] = {f"valley_{row['phase'].replace(' ', '_')}": row["valley"] for row in rows}
    values["phases_as_named"] = sum(
        phase_of(trial) == name for name, trials in groups.items() for trial in trials[:1]
    )
    fine = np.linspace(0, 1, 41)
    panels = tuple(
        single(
            name.replace(" ", "-"),
            name.capitalize(),
            "",
            histogram(
                np.histogram(found, fine)[0],
                fine,
                f"{name}: {len(found)} neurons by IPR, mean {found.mean():.2f}.",
                x="IPR",
                y="neurons",
                height=100,
            ),
            4,
        )
        for name, found in iprs.items()
    )
    return Found(values, panels, rows)


CLAIMS = (
    Claim(
        "doshi2023/fig4-histograms",
        "Fig. 4",
        "Where a network generalises and memorises at once, its neurons fall into two groups, of high and of "
        "low IPR.",
        plan_histograms,
        find_histograms,
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
                "1500 steps instead of 5000 at weight decay 20.",
            ),
            "paper": (*DEVIATIONS["paper"], "Memorisation is shown at a quarter of the table, 500 steps."),
        },
    ),
)
