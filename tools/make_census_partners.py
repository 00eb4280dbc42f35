"""Count which inputs of tasks without a form are answered: `python tools/make_census_partners.py STORE`.

An input's partners are its images under the affine relabellings of the operands, with or without exchanging
them, that leave every label unchanged. For each sweep file of atlas/census whose runs a store holds, a row of
the table in docs/census.md is filled: held-out inputs with an exchange partner in training, inputs with other
partners only, inputs with none, and how many of each are answered. Other rows stay.
"""

from __future__ import annotations

import re
import runpy
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np

from modgrok.algebra import quadratic_classes
from modgrok.learners.catalogue import definition_of
from modgrok.papers.files import write_atomically
from modgrok.runs import Experiment, Store
from modgrok.runs.splits import split_of
from modgrok.sweeps.grid.sweep_file import read_sweep
from modgrok.tasks import Task

CENSUS = runpy.run_path(str(Path(__file__).parent / "make_census.py"))
PAGE = Path(__file__).parents[1] / "docs" / "census.md"
WITH_FORM = (*range(8), 9)
"""Places in `quadratic_classes` of the classes that have a form."""
KINDS = ("exchange", "other", "none")
LEARNERS = {"mlp": "two-layer network", "rfm": "kernel machine", "transformer": "transformer"}
Row = tuple[str, int]
"""Name of a learner in the table, and p."""


def without_form(p: int) -> frozenset[str]:
    """Return the representatives of the classes that have no form."""
    classes = enumerate(quadratic_classes(p))
    return frozenset(each.expression for place, each in classes if place not in WITH_FORM)


def outcomes(store: Store, experiment: Experiment, task: Task) -> Iterator[tuple[str, bool]]:
    """Give for every held-out input of a run what partners are in training, and whether it is answered."""
    split = split_of(experiment, task)
    with definition_of(experiment.learner).precision(experiment.learner):
        network = store.checkpoints(experiment.id)[-1].load()
        logits = np.asarray(jax.device_get(network(task.inputs(split.test))))
    right = logits.argmax(1) == task.labels(split.test)
    exchanged, moved = (
        np.isin(CENSUS["partners_of"](task.table, swapped=swapped)[:, split.test], split.train).any(0)
        for swapped in (True, False)
    )
    for place in range(len(split.test)):
        kind = "exchange" if exchanged[place] else "other" if moved[place] else "none"
        yield kind, bool(right[place])


def counted_in(folder: Path) -> dict[Row, list[str]]:
    """Return the cells of each row whose runs have all ended."""
    rows: dict[Row, list[str]] = {}
    with Store(folder, read_only=True) as store:
        for file in sorted(CENSUS["SWEEPS"].glob("*.toml")):
            members = read_sweep(file).members
            p = members[0].experiment.task.p
            plain = without_form(p)
            experiments = [m.experiment for m in members if str(m.point["expression"]) in plain]
            ended = [store.find(experiment.id) for experiment in experiments]
            if any(row is None or row.status != "finished" for row in ended):
                continue
            counts: Counter[tuple[str, bool]] = Counter()
            tasks: dict[str, Task] = {}
            for experiment in experiments:
                task = tasks.setdefault(experiment.name, experiment.build_task())
                counts.update(outcomes(store, experiment, task))
            rows[LEARNERS[file.stem.partition("_")[2]], p] = [cell(counts, kind) for kind in KINDS]
    return rows


def cell(counts: Counter[tuple[str, bool]], kind: str) -> str:
    """Return how many inputs of a kind are answered, of how many."""
    right, wrong = counts[kind, True], counts[kind, False]
    return f"{right:,} of {right + wrong:,} ({right / (right + wrong):.0%})"


def main(folder: Path) -> None:
    """Fill the rows that the store has runs for."""
    page = PAGE.read_text(encoding="utf-8")
    marks = r"(?<=% partners begin\n\n).*(?=\n% partners end)"
    (table,) = re.findall(marks, page, re.DOTALL)
    head, ruler, *lines = table.strip("\n").split("\n")
    known: dict[Row, list[str]] = {}
    for line in lines:
        learner, p, *cells = (word.strip() for word in line.strip("|").split("|"))
        known[learner, int(p)] = cells
    known |= counted_in(folder)
    lines = [f"| {learner} | {p} | {' | '.join(cells)} |" for (learner, p), cells in sorted(known.items())]
    written = "\n".join([head, ruler, *lines]) + "\n"
    write_atomically(PAGE, re.sub(marks, lambda _: written, page, flags=re.DOTALL))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
