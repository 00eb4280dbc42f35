"""Accuracy as neurons are removed by IPR: where a run with corrupted labels keeps what it learnt.

Owns: the panel. The counts are in `measures.corruption.pruning`.
"""

from __future__ import annotations

import numpy as np

from ...algebra import Basis
from ...measures import make_fourier_frames
from ...measures.corruption.pruning import Pruning, pruning_curves
from ...models import MLP
from ...tasks import Split, Task
from ...training.problem import make_problem
from ..charts.chart import Cell, Group, Panel
from ..charts.palette import CLEAN, CORRUPTED, TEST, TRAIN
from ..charts.table import Table
from ..charts.timeline import CurveStyle, Frame, Reference, Vertical, timeline

PLACES = 101
"""Points of a curve."""
LINES = (
    ("clean", CLEAN, "clean training labels"),
    ("corrupted", CORRUPTED, "corrupted training labels"),
    ("train", TRAIN, "all training labels"),
    ("test", TEST, "test inputs"),
)
"""Group, colour, and what it is; the last is drawn on top."""
LABELS = {"clean": "clean", "corrupted": "corrupted", "train": "training", "test": "test"}
"""Group -> what is written next to its curve, as in the panel of accuracies."""


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
        "Accuracy after removing the neurons of lowest, or of highest, inverse participation ratio, on "
        + ", ".join(words for _, _, words in reversed(LINES))
        + f". The dashed line is 1 minus the share of corrupted labels, {100 * (1 - share):.0f}%. After "
        "Doshi et al. 2023, Fig. 6."
    )
    return Panel("pruning", "Removing neurons by IPR", caption, groups, 12)


def _cell(curve: Pruning, width: int, direction: str) -> Cell:
    accuracies = curve.accuracies()
    visible = [line for line in LINES if line[0] in accuracies]
    rows: Table = [
        {"step": int(at), "name": name, "value": float(value)}
        for name, _, _ in visible
        for at, value in zip(curve.stops, accuracies[name], strict=True)
    ]
    clean = 1 - float(curve.size[curve.names.index("corrupted")] / curve.size[curve.names.index("train")])
    middle = len(curve.stops) // 2
    summary = ", ".join(f"{words} {accuracies[name][middle]:.0%}" for name, _, words in visible)
    return timeline(
        Frame(width, [], linear=True, unit="neurons removed"),
        rows,
        [CurveStyle(name, LABELS[name], colour) for name, colour, _ in visible],
        Vertical(0, 1, format=".0%", values=(0.0, 0.5, 1.0)),
        f"Accuracy as neurons are removed, IPR {direction}. At half of them: {summary}.",
        references=(Reference(clean, f"clean share {clean:.0%}"),),
        height=150,
        right=96,
    )
