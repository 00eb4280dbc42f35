"""Print the table of docs/leakage.md: `uv run python tools/make_leakage_table.py`.

A test keeps the page equal to it.
"""

from __future__ import annotations

import sys

import numpy as np

from modgrok import Experiment
from modgrok.runs.splits import split_of
from modgrok.tasks.null import LEAKAGE, leakage_numbers

SYMMETRIC = (
    "x + y",
    "x*y",
    "x*y + x + y",
    "x^2 + y^2",
    "x^2 + x*y + y^2",
    "(x + y)^2",
    "x^2*y^2",
    "x^3 + y^3",
    "(x + y)^3",
    "x^2*y + x*y^2",
    "x^4 + y^4",
    "x^3*y + x*y^3",
)
"""Twelve tasks that do not change when x and y are exchanged."""
MODULI = (37, 97)
SEEDS = range(5)


def rows() -> list[str]:
    """Return the table: means over five seeds at half of the inputs."""
    titles = [f"{name}, p = {p}" for p in MODULI for name in ("swap share", "orbit null", "with signs")]
    lines = ["| task | " + " | ".join(titles) + " |", "| --- |" + " --- |" * len(titles)]
    for text in SYMMETRIC:
        cells = [f"{100 * value:.0f}%" for p in MODULI for value in _means(text, p)]
        lines.append("| " + " | ".join([f"`{text}`", *cells]) + " |")
    return lines


def _means(text: str, p: int) -> list[float]:
    task = Experiment.of(text, p=p).build_task()
    splits = [split_of(Experiment.of(text, p=p, seed=seed), task) for seed in SEEDS]
    numbers = [leakage_numbers(task, split) for split in splits]
    order = [LEAKAGE[1], LEAKAGE[0], LEAKAGE[2]]
    return [float(np.mean([result[name] for result in numbers])) for name in order]


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows()) + "\n")
