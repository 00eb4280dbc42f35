"""Write docs/symmetric-tasks.csv, print its tables in docs/leakage.md: `make_symmetric_table.py [STORE ...]`.

The runs are those of docs/symmetric-*.toml that a store holds and that have ended; rows of other runs stay as
they are. The table gives, for each task, learner and split, the median over seeds of test accuracy minus that
of the null model on the same split, in percentage points, with the least and the greatest. A second table
compares x^3 y + x y^3 with a model that also knows the fourth roots of 1, a third one tasks with equal rows
with a model that copies from one to another.
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from modgrok import Experiment
from modgrok.decide import decide_table
from modgrok.io import write_atomically
from modgrok.runs import Store
from modgrok.runs.splits import split_of
from modgrok.sweeps.grid.sweep_file import read_sweep
from modgrok.tasks import Split, Task, task_from_expression

DOCS = Path(__file__).parents[1] / "docs"
TABLE = DOCS / "symmetric-tasks.csv"
LEARNERS = {"mlp": "MLP", "rfm": "kernel machine", "transformer": "transformer"}
SPLITS = {("none", "0.5"): "plain", ("swap", "0.5"): "swap", ("swap", "0.75"): "swap 3/4"}
"""Orbits and fraction -> title."""
KEY = ("learner", "expression", "orbits", "fraction", "seed")
NUMBERS = ("test_accuracy", "orbit_accuracy", "sign_accuracy", "grokked_at")
P = 37
SEEDS = range(3)
QUARTIC = "x^3*y + x*y^3"
ROOTS = (1, 6, 31, 36)
"""The fourth roots of 1 mod 37."""
Row = dict[str, str]


def planned() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield key and run id of every run of the sweep files, in the order of the table."""
    for learner in LEARNERS:
        for member in read_sweep(DOCS / f"symmetric-{learner}.toml").members:
            point = member.point
            yield (learner, *(str(point[name]) for name in KEY[1:])), member.experiment.id


def read_table(path: Path = TABLE) -> dict[tuple[str, ...], Row]:
    """Return the rows that are committed, by their keys."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {tuple(row[name] for name in KEY): row for row in csv.DictReader(file)}


def ended_in(folder: Path) -> dict[tuple[str, ...], Row]:
    """Return a row for each run of the sweeps that has ended in a store."""
    results = {}
    with Store(folder, read_only=True) as store:
        for key, run in planned():
            row = store.find(run)
            if row is None or row.status != "finished":
                continue
            test = store.records(run)[-1].scalars["test_accuracy"]
            nulls = [row.context[name] for name in ("orbit_accuracy", "sign_accuracy")]
            numbers = [f"{value:.6f}" for value in (test, *nulls)]
            numbers.append("" if row.grokked_at is None else str(row.grokked_at))
            results[key] = dict(zip((*KEY, *NUMBERS), (*key, *numbers), strict=True))
    return results


def excess(
    rows: dict[tuple[str, ...], Row], learner: str, expression: str, split: tuple[str, str]
) -> list[float]:
    """Return test accuracy minus that of the null model, in points, for each seed that has run."""
    own = [row for key, row in rows.items() if key[:4] == (learner, expression, *split)]
    return sorted(100 * (float(row["test_accuracy"]) - float(row["orbit_accuracy"])) for row in own)


def lines_of(rows: dict[tuple[str, ...], Row]) -> list[str]:
    """Return the table as Markdown; a learner without any run has no columns."""
    expressions = list(dict.fromkeys(key[1] for key, _ in planned()))
    learners = [name for name in LEARNERS if any(key[0] == name for key in rows)]
    columns = [(learner, split) for learner in learners for split in SPLITS]
    titles = [f"{LEARNERS[learner]}, {SPLITS[split]}" for learner, split in columns]
    lines = ["| task | form | " + " | ".join(titles) + " |", "| --- |" + " --- |" * (1 + len(titles))]
    for text in expressions:
        form = decide_table(task_from_expression(text, P).table, P).form
        cells = [_cell(excess(rows, learner, text, split)) for learner, split in columns]
        lines.append("| " + " | ".join([f"`{text}`", form, *cells]) + " |")
    return lines


def _cell(values: list[float]) -> str:
    if not values:
        return "not run"
    middle, least, most = (str(round(n)) for n in (statistics.median(values), values[0], values[-1]))
    return middle if len(values) == 1 else f"{middle} ({least} to {most})"


def scaling_lines(rows: dict[tuple[str, ...], Row]) -> list[str]:
    """Return, as Markdown, what two-layer networks answer of a quartic, and what its symmetries give away."""
    lines = ["| split | networks | swap and fourth roots |", "| --- | --- | --- |"]
    for orbits, fraction in SPLITS:
        keys = [("mlp", QUARTIC, orbits, fraction, str(seed)) for seed in SEEDS]
        answered = sorted(float(rows[key]["test_accuracy"]) for key in keys if key in rows)
        known = sorted(scaling_null(orbits, float(fraction), seed) for seed in SEEDS)
        cells = (f"{values[0]:.0%} to {values[-1]:.0%}" for values in (answered, known) if values)
        lines.append(f"| {SPLITS[orbits, fraction]} | " + " | ".join(cells) + " |")
    return lines


def scaling_null(orbits: str, fraction: float, seed: int) -> float:
    """Return the test accuracy of a model that knows the labels of the quartic's training orbits.

    Orbits are those under exchanging x and y and multiplying both by a fourth root of 1, which leave every
    label unchanged. A test input whose orbit holds no training input gets the most frequent training label.
    """
    task, split = _split(QUARTIC, orbits, fraction, seed)
    x, y = task.inputs().T.astype(np.int64)
    images = [r * a % P * P + r * b % P for r in ROOTS for a, b in ((x, y), (y, x))]
    assert all(np.array_equal(task.labels()[image], task.labels()) for image in images)
    return _known_share(task, split, np.min(images, axis=0))


def copying_null(expression: str, orbits: str, fraction: float, seed: int) -> float:
    """Return the test accuracy of a model that copies training labels between equal rows or columns.

    Of a symmetric task. An input is known if a training input stands in an equal row and an equal column, or
    would with its operands exchanged; others get the most frequent training label.
    """
    task, split = _split(expression, orbits, fraction, seed)
    assert np.array_equal(task.table, task.table.T)
    row = line_classes(task.table)
    places = np.sort(row[task.inputs()], axis=1).astype(np.int64)
    return _known_share(task, split, places[:, 0] * P + places[:, 1])


def line_classes(table: np.ndarray) -> np.ndarray:
    """Return the class of each row of a table; equal rows are of one class."""
    classes: np.ndarray = np.unique(table, axis=0, return_inverse=True)[1].ravel()
    return classes


def _split(expression: str, orbits: str, fraction: float, seed: int) -> tuple[Task, Split]:
    experiment = Experiment.of(expression, p=P, seed=seed, orbits=orbits, fraction=fraction)
    task = experiment.build_task()
    return task, split_of(experiment, task)


def _known_share(task: Task, split: Split, orbit: np.ndarray) -> float:
    """Return the share of test inputs that training inputs of their orbit, or the commonest label, answer."""
    labels = task.labels()
    covered = np.isin(orbit[split.test], orbit[split.train])
    commonest = np.bincount(labels[split.train]).argmax()
    return float((covered | (labels[split.test] == commonest)).mean())


def copying_lines(rows: dict[tuple[str, ...], Row]) -> list[str]:
    """Return, as Markdown, what learners answer of tasks with equal rows, and what copying them gives."""
    titles = LEARNERS.values()
    lines = [
        "| task | distinct rows | split | copying | " + " | ".join(titles) + " |",
        "| --- |" + " --- |" * (3 + len(titles)),
    ]
    for text in dict.fromkeys(key[1] for key, _ in planned()):
        distinct = int(line_classes(task_from_expression(text, P).table).max()) + 1
        for orbits, fraction in SPLITS if distinct < P else ():
            null = {seed: copying_null(text, orbits, float(fraction), seed) for seed in SEEDS}
            cells = [_shares(sorted(null.values()))]
            for learner in LEARNERS:
                keys = {seed: (learner, text, orbits, fraction, str(seed)) for seed in SEEDS}
                own = {seed: float(rows[key]["test_accuracy"]) for seed, key in keys.items() if key in rows}
                equal = sum(abs(accuracy - null[seed]) < 1e-5 for seed, accuracy in own.items())
                cells.append(f"{_shares(sorted(own.values()))}; {equal} equal" if own else "not run")
            lines.append(
                f"| `{text}` | {distinct} | {SPLITS[orbits, fraction]} | " + " | ".join(cells) + " |"
            )
    return lines


def _shares(values: list[float]) -> str:
    low, high = (f"{100 * value:.1f}".removesuffix(".0") for value in (values[0], values[-1]))
    return f"{low}%" if low == high else f"{low} to {high}%"


def main(folders: list[Path]) -> None:
    """Add the runs of the stores to the table of runs, and print what they say together."""
    rows = read_table()
    for folder in folders:
        rows |= ended_in(folder)
    order = {key: place for place, (key, _) in enumerate(planned())}
    text = io.StringIO()
    writer = csv.DictWriter(text, [*KEY, *NUMBERS], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for _, row in sorted(rows.items(), key=lambda item: order[item[0]]))
    write_atomically(TABLE, text.getvalue())
    tables = (lines_of(rows), scaling_lines(rows), copying_lines(rows))
    sys.stdout.write("\n\n".join("\n".join(lines) for lines in tables) + "\n")


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])
