"""Print the predictions of docs/predictions.md: `uv run python tools/make_predictions.py`.

They follow from the splits alone: nothing is trained.
"""

from __future__ import annotations

import sys

import numpy as np

from modgrok import Experiment
from modgrok.runs.splits import split_of
from modgrok.tasks.null import leakage_numbers

CASES = (
    *(("x^2 + x*y + y^2", 37, fraction) for fraction in (0.6, 0.75, 0.9)),
    *((task, 37, 0.9) for task in ("x + y", "x*y")),
    ("x^2 + x*y + y^2", 97, 0.8),
)
SEEDS = range(3)


def rows() -> list[str]:
    """Return the table: one line a task and fraction, the three seeds side by side."""
    names = [f"{split}, seed {seed}" for split in ("plain", "swap") for seed in SEEDS]
    lines = ["| task | fraction | " + " | ".join(names) + " |", "| --- " * (2 + len(names)) + "|"]
    for task, p, fraction in CASES:
        cells = [
            f"{100 * _null(task, p, fraction, orbits, seed):.1f}%"
            for orbits in ("none", "swap")
            for seed in SEEDS
        ]
        lines.append(f"| {task} mod {p} | {fraction:g} | " + " | ".join(cells) + " |")
    return lines


def _null(text: str, p: int, fraction: float, orbits: str, seed: int) -> float:
    experiment = Experiment.of(text, p=p, fraction=fraction, orbits=orbits, seed=seed, learner="transformer")
    task = experiment.build_task()
    return float(np.round(leakage_numbers(task, split_of(experiment, task))["orbit_accuracy"], 6))


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows()) + "\n")
