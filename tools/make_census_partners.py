"""Count which inputs of tasks without a form are answered: `python tools/make_census_partners.py STORE`.

A case is an input held out with one seed. For each sweep file of atlas/census whose runs a store holds, rows
of three tables in docs/census-training.md are filled; other rows stay.

1. Classes without a form that have an exchange, f(a y + b, c x + d) = f(x, y): cases with a partner under one
   in training; of the others those with a partner under a symmetry f(a x + b, c y + d) = f(x, y) other than
   the identity, and those with neither; and how many of each are answered.
2. The same of kernel machines under their own exchange: how many have one, in that each row of the block of M
   between the operands differs most from the block's mean at the partner under one and the same exchange.
3. Classes without a form and without an exchange: cases with a partner under such a symmetry, and cases
   without.
"""

from __future__ import annotations

import re
import runpy
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from modgrok.algebra import affine_symmetries, quadratic_classes
from modgrok.io import write_atomically
from modgrok.learners.catalogue import definition_of
from modgrok.models.kernel_machine import KernelMachine
from modgrok.runs import Experiment, Store
from modgrok.runs.splits import split_of
from modgrok.sweeps.grid.sweep_file import read_sweep
from modgrok.tasks import Task

CENSUS = runpy.run_path(str(Path(__file__).parent / "make_census.py"))
PAGE = Path(__file__).parents[1] / "docs" / "census-training.md"
WITH_FORM = (*range(8), 9)
"""Places in `quadratic_classes` of the classes that have a form."""
LEARNERS = {"mlp": "two-layer network", "rfm": "kernel machine", "transformer": "transformer"}
KINDS = ("exchange", "other", "none")
"""Columns of the first table."""
Row = tuple[str, int]
"""Name of a learner in the table, and p."""


def without_form(p: int) -> frozenset[str]:
    """Return the representatives of the classes that have no form."""
    classes = enumerate(quadratic_classes(p))
    return frozenset(each.expression for place, each in classes if place not in WITH_FORM)


def machines_exchange(feature_matrix: np.ndarray, exchanges: np.ndarray) -> int | None:
    """Return the place of the exchange that pairs the values which M couples, None if there is none.

    Arguments:
        feature_matrix: M, shape (2p, 2p).
        exchanges: rows (a, b, c, d) of `affine_symmetries`.
    """
    p = len(feature_matrix) // 2
    across = feature_matrix[:p, p:]
    coupled = np.abs(across - across.mean()).argmax(1)
    for place, (_, _, c, d) in enumerate(exchanges):
        if (coupled == (c * np.arange(p) + d) % p).all():
            return place
    return None


class Partners(NamedTuple):
    """Inputs whose labels a task's symmetries keep.

    Arguments:
        exchanges: rows of `affine_symmetries`; none if there is none.
        exchanged: of every input under each exchange, shape (m, p^2).
        others: the same under each symmetry of the operands by themselves but the identity.
    """

    exchanges: np.ndarray
    exchanged: np.ndarray
    others: np.ndarray


def partners(task: Task) -> Partners:
    """Find the partners of a task's inputs."""
    exchanges = affine_symmetries(task.table, swapped=True)
    others = affine_symmetries(task.table)
    others = others[(others != (1, 0, 1, 0)).any(1)]
    images = CENSUS["partners_of"]
    return Partners(exchanges, images(exchanges, task.p), images(others, task.p, swapped=False))


@dataclass
class Counts:
    """Cases of the runs of a sweep file.

    Arguments:
        any_partner: (kind of partner in training, answered) -> cases: `exchange`, `other` or `none`.
        own_partner: the same under the machine's own exchange, of machines that have one.
        reflected: of classes without an exchange, the same under a symmetry of each operand by itself.
        machines, own_exchange: number of runs, and of those with an exchange of their own.
    """

    any_partner: Counter[tuple[str, bool]]
    own_partner: Counter[tuple[bool, bool]]
    reflected: Counter[tuple[bool, bool]]
    machines: int = 0
    own_exchange: int = 0

    def add(self, store: Store, experiment: Experiment, task: Task, partners: Partners) -> None:
        """Count the held-out inputs of a run."""
        split = split_of(experiment, task)
        with definition_of(experiment.learner).precision(experiment.learner):
            network = store.checkpoints(experiment.id)[-1].load()
            logits = np.asarray(jax.device_get(network(task.inputs(split.test))))
        right = (logits.argmax(1) == task.labels(split.test)).tolist()
        exchanges = partners.exchanges
        known = np.isin(partners.exchanged[:, split.test], split.train)
        other = np.isin(partners.others[:, split.test], split.train).any(0)
        if not len(exchanges):
            self.reflected.update(zip(other.tolist(), right, strict=True))
            return
        kinds = np.where(known.any(0), "exchange", np.where(other, "other", "none"))
        self.any_partner.update(zip(kinds.tolist(), right, strict=True))
        self.machines += 1
        own = None
        if isinstance(network, KernelMachine):
            own = machines_exchange(np.asarray(network.feature_matrix), exchanges)
        if own is not None:
            self.own_exchange += 1
            self.own_partner.update(zip(known[own].tolist(), right, strict=True))


def counted_in(folder: Path) -> dict[Row, Counts]:
    """Return the counts of each sweep file whose runs have all ended."""
    rows: dict[Row, Counts] = {}
    with Store(folder, read_only=True) as store:
        for file in sorted(CENSUS["SWEEPS"].glob("*.toml")):
            members = read_sweep(file).members
            p = members[0].experiment.task.p
            plain = without_form(p)
            experiments = [m.experiment for m in members if str(m.point["expression"]) in plain]
            ended = [store.find(experiment.id) for experiment in experiments]
            if any(row is None or row.status != "finished" for row in ended):
                continue
            tasks: dict[str, tuple[Task, Partners]] = {}
            counts = Counts(Counter(), Counter(), Counter())
            for experiment in experiments:
                if experiment.name not in tasks:
                    task = experiment.build_task()
                    tasks[experiment.name] = task, partners(task)
                counts.add(store, experiment, *tasks[experiment.name])
            rows[LEARNERS[file.stem.partition("_")[2]], p] = counts
    return rows


def cells(counts: Counter[Any], kinds: Sequence[Any] = (True, False)) -> list[str]:
    """Return how many cases of each kind, with and without a partner, are answered, of how many."""
    texts = []
    for partner in kinds:
        right, wrong = counts[partner, True], counts[partner, False]
        texts.append(f"{right:,} of {right + wrong:,} ({right / max(right + wrong, 1):.1%})")
    return texts


def fill(page: str, name: str, rows: dict[Row, list[str]]) -> str:
    """Return the page with rows put into the table between the marks of a name."""
    marks = rf"(?<=<!-- {name} begin -->\n\n).*(?=\n<!-- {name} end -->)"
    (table,) = re.findall(marks, page, re.DOTALL)
    head, ruler, *lines = table.strip("\n").split("\n")
    known: dict[Row, list[str]] = {}
    for line in lines:
        learner, p, *texts = (word.strip() for word in line.strip("|").split("|"))
        known[learner, int(p)] = texts
    known |= rows
    lines = [f"| {learner} | {p} | {' | '.join(texts)} |" for (learner, p), texts in sorted(known.items())]
    written = "\n".join([head, ruler, *lines]) + "\n"
    return re.sub(marks, lambda _: written, page, flags=re.DOTALL)


def main(folder: Path) -> None:
    """Fill the rows that the store has runs for."""
    counts = counted_in(folder)
    page = PAGE.read_text(encoding="utf-8")
    page = fill(page, "partners", {row: cells(each.any_partner, KINDS) for row, each in counts.items()})
    own = {
        row: [f"{each.own_exchange} of {each.machines}", *cells(each.own_partner)]
        for row, each in counts.items()
        if row[0] == LEARNERS["rfm"]
    }
    page = fill(page, "exchanges", own)
    reflected = {row: cells(each.reflected) for row, each in counts.items()}
    write_atomically(PAGE, fill(page, "reflections", reflected))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
