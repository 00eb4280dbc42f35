"""Print the table of docs/explain.md: `uv run python tools/make_explained_table.py --runs RUNS`.

Explains the networks that `construct` writes down, then trains a network of each learner on each task, and
explains it where it begins, where it has memorised and where it ended. `--large` adds networks at p = 97 and
on S5, the ones that take longest last. Every row is added to `explained.jsonl` in RUNS as soon as it is
known; rows that are there and runs that the store has are not computed again, so that the command can be
stopped and repeated. `--markdown` only prints the rows that are there.
"""

from __future__ import annotations

import argparse
import json
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
GROUP = "S5"
Trained = tuple[str, dict[str, Any], int | None]
"""A learner, its settings, and steps (None: those of `modgrok train`)."""
SMALL: tuple[Trained, ...] = (
    ("mlp", {"fraction": 0.6, "width": 200}, None),
    ("rfm", {"fraction": 0.6}, None),
    ("transformer", {"fraction": 0.6}, 2500),
)
LARGE: tuple[Trained, ...] = (
    ("mlp", {"fraction": 0.5, "width": 500}, None),
    ("rfm", {"fraction": 0.5}, 20),
)
LARGE_TRANSFORMER: Trained = ("transformer", {"fraction": 0.8, "batch_size": 1024}, 2000)
"""Goes on after it has grokked, since its formula explains nothing then."""
ON_GROUP: tuple[Trained, ...] = (
    ("rfm", {"fraction": 0.5}, 5),
    ("mlp", {"fraction": 0.8, "width": 500}, 1500),
    ("transformer", {"fraction": 0.8, "batch_size": 1024}, 2000),
)
COLUMNS = ("task", "network", "accuracy", "explained", "of training", "frequencies", "strongest", "formula")
LONGEST_FORMULA = 90
STRONGEST = 3


def experiments(*, large: bool) -> Iterator[tuple[str, Experiment, int | None]]:
    """Yield what is trained, the cheapest first: every task mod 31; if large, mod 97, and a group."""
    plan = [(31, SMALL)] + ([(97, LARGE)] if large else [])
    for p, learners in plan:
        for text in TASKS:
            for learner, settings, steps in learners:
                yield named(text, p), Experiment.of(text, p=p, learner=learner, **settings), steps
    if large:
        learner, settings, steps = LARGE_TRANSFORMER
        for text in TASKS:
            yield named(text, 97), Experiment.of(text, p=97, learner=learner, **settings), steps
        for learner, settings, steps in ON_GROUP:
            yield GROUP, Experiment.of(group=GROUP, learner=learner, **settings), steps


def named(text: str, p: int) -> str:
    """Return the name of a task in the table."""
    return f"`{text}` mod {p}"


class Rows:
    """The rows in a file of JSON lines.

    Arguments:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        for line in lines:
            row = json.loads(line)
            self.rows[row["task"], row["network"]] = row

    def add(self, name: str, kind: str, task: Task, network: Any, split: Split | None = None) -> None:
        """Explain a network unless its row is known, and print the row."""
        if (name, kind) not in self.rows:
            row = {"task": name, "network": kind, **values(task, network, split)}
            self.rows[name, kind] = row
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        say(markdown(self.rows[name, kind]))


def values(task: Task, network: Any, split: Split | None) -> dict[str, Any]:
    """Explain a network, and return what its row says."""
    network(np.asarray(task.inputs(), np.int32))  # compiled before the time is taken
    began = time.process_time()
    explanation = explain(task, network, split=split)
    return {
        "accuracy": explanation.accuracy,
        "explained_share": explanation.explained_share,
        "explained_share_train": explanation.explained_share_train,
        "frequencies": explanation.frequencies,
        "number": None if explanation.ranking is None else len(explanation.ranking),
        "formula": explanation.formula,
        "seconds": round(time.process_time() - began, 3),
    }


def markdown(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    frequencies, formula = row["frequencies"], row["formula"] or "–"
    if len(formula) > LONGEST_FORMULA:
        formula = formula[:LONGEST_FORMULA].rpartition(" ")[0] + " …"
    shares = [
        "–" if row[share] is None else f"{row[share]:.3f}"
        for share in ("accuracy", "explained_share", "explained_share_train")
    ]
    number = "–" if frequencies is None else f"{len(frequencies)} of {row['number']}"
    strongest = ", ".join(str(k) for k in (frequencies or ())[:STRONGEST]) or "–"
    return "| " + " | ".join((row["task"], row["network"], *shares, number, strongest, f"`{formula}`")) + " |"


def add_trained(rows: Rows, store: Store, name: str, experiment: Experiment, steps: int | None) -> None:
    """Train unless the store has the run, and add the rows of its first, memorised and last network."""
    known = store.find(experiment.id)
    if known is None or known.status in ("running", "interrupted"):
        began = time.process_time()
        large_transformer = experiment.learner.kind == "transformer" and name.endswith("mod 97")
        early_stop = False if large_transformer else None
        modgrok.run(experiment, store=store, steps=steps, early_stop=early_stop)
        sys.stderr.write(f"{name}: trained in {time.process_time() - began:.0f} s of processor time\n")
    task = experiment.build_task()
    split, run = split_of(experiment, task), store.get(experiment.id)
    by_step = {checkpoint.step: checkpoint for checkpoint in store.checkpoints(run.id)}
    stages = {0: "random", run.memorised_at: "memorised", max(by_step): "trained"}
    for step, stage in stages.items():
        if step in by_step:
            network = read_network_file(by_step[step].path, by_step[step].sha256).network
            rows.add(name, f"{run.learner}, {stage} (step {step:,})", task, network, split)


def add_constructed(rows: Rows, name: str, task: Task) -> None:
    """Add the row of the network in closed form, if there is one."""
    witness = decide_table(task.table, task.p).witness
    if witness is not None:
        rows.add(name, "constructed", task, modgrok.construct(task.table, task.p, witness).network)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="store of the runs")
    parser.add_argument("--large", action="store_true", help="also train networks at p = 97 and on S5")
    parser.add_argument("--markdown", action="store_true", help="only print the rows that are known")
    options = parser.parse_args()
    options.runs.mkdir(parents=True, exist_ok=True)
    rows = Rows(options.runs / "explained.jsonl")
    say("| " + " | ".join(COLUMNS) + " |")
    say("|" + " --- |" * len(COLUMNS))
    if options.markdown:
        for row in rows.rows.values():
            say(markdown(row))
        return
    for p in (31, 97):
        for text in TASKS:
            add_constructed(rows, named(text, p), modgrok.task_from_expression(text, p))
    with Store(options.runs) as store:
        for name, experiment, steps in experiments(large=options.large):
            add_trained(rows, store, name, experiment, steps)


if __name__ == "__main__":
    main()
