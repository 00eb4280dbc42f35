"""Print the table of docs/explain.md: `uv run python tools/make_explained_table.py --runs RUNS`.

Trains a network of each learner on each task, explains it where it begins, where it has memorised and where
it ended, and explains the network that `construct` writes down. Runs that the store has are not trained
again, so that the command can be stopped and repeated. `--large` adds networks at p = 97.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import modgrok
from modgrok import Experiment, Store
from modgrok.decide import decide_table
from modgrok.measures.logits import explain
from modgrok.runs import read_network_file
from modgrok.runs.splits import split_of
from modgrok.tasks import Split, Task

TASKS = ("x + y", "x*y", "x^2 + y^2", "x*y + x + y")
TRAINED: dict[int, dict[str, tuple[dict[str, Any], int | None]]] = {
    31: {
        "mlp": ({"fraction": 0.6, "width": 200}, None),
        "rfm": ({"fraction": 0.6}, None),
        "transformer": ({"fraction": 0.6}, 2500),
    },
    97: {
        "mlp": ({"fraction": 0.5, "width": 500}, None),
        "rfm": ({"fraction": 0.5}, 20),
        "transformer": ({"fraction": 0.8}, 3000),
    },
}
"""Modulus -> learner -> settings, and steps (None: those of `modgrok train`)."""
GROUP = "S5"
TRAINED_ON_GROUP: dict[str, tuple[dict[str, Any], int | None]] = {
    "mlp": ({"fraction": 0.7, "width": 400}, None),
    "rfm": ({"fraction": 0.5}, 20),
    "transformer": ({"fraction": 0.7}, 3000),
}
COLUMNS = ("task", "network", "accuracy", "explained", "of training", "frequencies", "formula")
LONGEST_FORMULA = 90


def experiments(*, large: bool) -> Iterator[tuple[str, Experiment, int | None]]:
    """Yield what is trained: every task mod 31, and if large, every task mod 97 and a group."""
    for p in (31, 97) if large else (31,):
        for text in TASKS:
            for learner, (settings, steps) in TRAINED[p].items():
                yield f"`{text}` mod {p}", Experiment.of(text, p=p, learner=learner, **settings), steps
    for learner, (settings, steps) in TRAINED_ON_GROUP.items() if large else ():
        yield GROUP, Experiment.of(group=GROUP, learner=learner, **settings), steps


def row(name: str, kind: str, task: Task, network: Any, split: Split | None = None) -> str:
    """Explain a network, and return its row of the table."""
    network(np.asarray(task.inputs(), np.int32))  # compiled before the time is taken
    began = time.process_time()
    explanation = explain(task, network, split=split)
    seconds = time.process_time() - began
    sys.stderr.write(f"{name}, {kind}: {seconds:.2f} s of processor time to explain\n")
    frequencies = explanation.frequencies
    number = "–" if frequencies is None else f"{len(frequencies)} of {len(explanation.ranking or ())}"
    formula = explanation.formula or "–"
    if len(formula) > LONGEST_FORMULA:
        formula = formula[:LONGEST_FORMULA].rpartition(" ")[0] + " …"
    shares = [
        "–" if share is None else f"{share:.3f}"
        for share in (explanation.explained_share, explanation.explained_share_train)
    ]
    return (
        "| " + " | ".join((name, kind, f"{explanation.accuracy:.3f}", *shares, number, f"`{formula}`")) + " |"
    )


def trained_rows(store: Store, name: str, experiment: Experiment, steps: int | None) -> Iterator[str]:
    """Train unless the store has the run, and yield the rows of its first, memorised and last network."""
    known = store.find(experiment.id)
    if known is None or known.status == "interrupted":
        began = time.process_time()
        modgrok.run(experiment, store=store, steps=steps)
        sys.stderr.write(f"{name}: trained in {time.process_time() - began:.0f} s of processor time\n")
    task = experiment.build_task()
    split, run = split_of(experiment, task), store.get(experiment.id)
    by_step = {checkpoint.step: checkpoint for checkpoint in store.checkpoints(run.id)}
    stages = {0: "random", run.memorised_at: "memorised", max(by_step): "trained"}
    for step, stage in stages.items():
        if step in by_step:
            network = read_network_file(by_step[step].path, by_step[step].sha256).network
            yield row(name, f"{run.learner}, {stage}", task, network, split)


def constructed_row(name: str, task: Task) -> str | None:
    """Return the row of the network in closed form; None where there is none."""
    witness = decide_table(task.table, task.p).witness
    if witness is None:
        return None
    network = modgrok.construct(task.table, task.p, witness).network
    return row(name, "constructed", task, network)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="store of the runs")
    parser.add_argument("--large", action="store_true", help="also train networks at p = 97")
    options = parser.parse_args()
    say("| " + " | ".join(COLUMNS) + " |")
    say("|" + " --- |" * len(COLUMNS))
    for p in (31, 97):
        for text in TASKS:
            line = constructed_row(f"`{text}` mod {p}", modgrok.task_from_expression(text, p))
            if line is not None:
                say(line)
    with Store(options.runs) as store:
        for name, experiment, steps in experiments(large=options.large):
            for line in trained_rows(store, name, experiment, steps):
                say(line)


if __name__ == "__main__":
    main()
