"""Print the table of bounds in docs/explain.md: `uv run python tools/make_bound_table.py --runs RUNS`.

Trains ten quadratic networks of width 500 on half of the inputs of a sum mod 97, well beyond the step at
which they grok, and bounds the accuracy of every checkpoint from there on, and where they have memorised.
Runs that the store has are not trained again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

import modgrok
from modgrok import Experiment, Store
from modgrok.measures.replacement import accuracy_bound
from modgrok.runs import read_network_file

P = 97
ADAMW = {"parametrisation": "doshi", "optimiser": "adamw"}
NETWORKS: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("x + y", {**ADAMW, "weight_decay": 1.0, "seed": 0}, 300),
    ("x + y", {**ADAMW, "weight_decay": 1.0, "seed": 1}, 300),
    ("x + y", {**ADAMW, "weight_decay": 1.0, "seed": 2}, 300),
    ("x + y", {**ADAMW, "weight_decay": 5.0, "seed": 3}, 300),
    ("x + y", {**ADAMW, "weight_decay": 5.0, "seed": 4}, 300),
    ("2*x + 3*y", {**ADAMW, "weight_decay": 1.0, "seed": 0}, 300),
    ("2*x + 3*y", {**ADAMW, "weight_decay": 5.0, "seed": 1}, 300),
    ("x - y", {**ADAMW, "weight_decay": 1.0, "seed": 0}, 300),
    ("x + y", {"seed": 0}, 5000),
    ("x + y", {"seed": 1}, 5000),
)
"""Expression, settings, and steps."""


def rows_of(store: Store, text: str, settings: dict[str, Any], steps: int) -> list[str]:
    """Train a network unless it is stored, and return the lines of its checkpoints."""
    experiment = Experiment.of(text, p=P, learner="mlp", fraction=0.5, width=500, **settings)
    modgrok.run(experiment, store=store, steps=steps, early_stop=False)
    task = modgrok.task_from_expression(text, P)
    labels, inputs = task.labels(), np.asarray(task.inputs(), np.int32)
    row = store.get(experiment.id)
    kind = f"AdamW, decay {settings['weight_decay']:g}" if "optimiser" in settings else "gradient descent"
    lines = []
    for checkpoint in store.checkpoints(row.id):
        if checkpoint.step != row.memorised_at and checkpoint.step < (row.grokked_at or steps):
            continue
        network = read_network_file(checkpoint.path)
        bound = accuracy_bound(network, task)
        accuracy = np.mean(np.argmax(np.asarray(network(inputs)), 1) == labels)
        cells = [f"`{text}`", kind, str(settings["seed"]), f"{checkpoint.step:,}", f"{bound.wave_share:.3f}"]
        cells += [f"{accuracy:.3f}", f"{bound.accuracy:.3f}", f"{bound.operations / bound.exhaustive:.4f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="store of the runs")
    options = parser.parse_args()
    columns = ("task", "optimiser", "seed", "step", "wave_share", "accuracy", "bound", "share of operations")
    sys.stdout.write(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n")
    with Store(options.runs) as store:
        for text, settings, steps in NETWORKS:
            for line in rows_of(store, text, settings, steps):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
