"""Accuracy as neurons are removed by IPR: where a run with corrupted labels keeps what it learnt.

Owns: the panel. The counts are in `measures.corruption.pruning`.
"""

from __future__ import annotations

import altair as alt
import numpy as np

from ...algebra import Basis
from ...measures import make_fourier_frames
from ...measures.corruption.pruning import Pruning, pruning_curves
from ...models import MLP
from ...tasks import Split, Task
from ...training.problem import make_problem
from ..charts.chart import Cell, Group, Margins, Panel, data
from ..charts.palette import SECOND, SOFT, TEST, TRAIN

PLACES = 101
"""Points of a curve."""
LINES = (
    ("clean", SOFT, "clean training labels", "grey"),
    ("corrupted", SECOND, "corrupted training labels", "brown"),
    ("train", TRAIN, "all training labels", "blue"),
    ("test", TEST, "test inputs", "rust"),
)
"""Group, colour, and both in words; the last is drawn on top."""


def pruning_panel(net: MLP, basis: Basis, task: Task, split: Split, label: str) -> Panel:
    """Draw the accuracies of each group as neurons are removed, from the lowest and from the highest IPR on.

    Arguments:
        net: a two-layer network.
        basis: of its task.
        task, split: what it was trained on.
        label: which weights these are.
    """
    stops = np.unique(np.linspace(0, net.width, PLACES).round().astype(int)).tolist()
    curves = pruning_curves(net, make_fourier_frames(basis), make_problem(task, split), stops)
    groups = tuple(
        Group(f"{direction.replace('-', ' ')}, {label}", (_cell(curve, net.width, direction),))
        for direction, curve in curves.items()
    )
    share = split.corrupted.mean()
    caption = (
        "Accuracy after removing the neurons of lowest, or of highest, inverse participation ratio: "
        + ", ".join(f"{words} ({colour})" for _, _, words, colour in reversed(LINES))
        + f". The dashed line is 1 less the share of corrupted labels, {100 * (1 - share):.0f}%. After Doshi "
        "et al. 2023, Fig. 6."
    )
    return Panel("pruning", "Removing neurons by IPR", caption, groups, 12)


def _cell(curve: Pruning, width: int, direction: str) -> Cell:
    accuracies = curve.accuracies()
    x = alt.X(
        "removed:Q",
        title="neurons removed",
        scale=alt.Scale(domain=[0, width], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    scale = alt.Scale(domain=[0, 1], nice=False)
    y = alt.Y("accuracy:Q", title=None, scale=scale, axis=alt.Axis(values=[0, 0.5, 1], format=".0%"))
    clean = 1 - float(curve.size[curve.names.index("corrupted")] / curve.size[curve.names.index("train")])
    line = alt.Chart(data([{"clean": clean}])).mark_rule(color=TRAIN, strokeDash=[3, 3], opacity=0.5)
    layers: list[alt.Chart] = [line.encode(y=alt.Y("clean:Q", scale=scale))]
    for name, colour, _, _ in LINES:
        if name in accuracies:
            rows = [
                {"removed": int(at), "accuracy": float(value)}
                for at, value in zip(curve.stops, accuracies[name], strict=True)
            ]
            layers.append(alt.Chart(data(rows)).mark_line(color=colour, strokeWidth=1.8).encode(x=x, y=y))
    middle = len(curve.stops) // 2
    summary = ", ".join(
        f"{words} {accuracies[name][middle]:.0%}" for name, _, words, _ in LINES if name in accuracies
    )
    text = f"Accuracy as neurons are removed, IPR {direction}. At half of them: {summary}."
    return Cell(alt.layer(*layers), text, 150, Margins(44, 14, 8, 36))
