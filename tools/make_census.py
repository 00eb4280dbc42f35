"""Write docs/census.csv, docs/census-cubics.csv and their picture: `python tools/make_census.py [STORE ...]`.

Classes, sizes and forms are computed anew. Accuracies are those of the runs of atlas/census/*.toml that a
store holds: of each seed the share of all inputs that are answered when they are held out, each in its fold,
and of these the median over seeds. Where no store has all runs of a class, what the tables have stays.
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modgrok.algebra import (
    CubicClass,
    QuadraticClass,
    affine_images,
    affine_symmetries,
    cubic_classes,
    quadratic_classes,
)
from modgrok.decide import decide_table
from modgrok.io import write_atomically
from modgrok.learners.base.wording import typeset
from modgrok.runs import Experiment, Store
from modgrok.runs.splits import split_of
from modgrok.sweeps.grid.sweep_file import read_sweep

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PRIMES = (7, 11, 13, 17, 19, 23)
CUBIC_PRIME = 11
SWEEPS = ROOT / "atlas" / "census"
"""Folder of the sweep files, which end in the name of the learner."""
LEARNERS = ("mlp", "rfm", "transformer")
NULLS = {"orbit_null": "orbit_accuracy", "sign_null": "sign_accuracy"}
"""Column -> what a run records of its split."""
EXCHANGE = "exchange_null"
"""Column of the share of inputs of which a partner under an exchange of the operands is trained on."""
TRAINED = (*NULLS, EXCHANGE, *LEARNERS)
EXACT = ("p", "representative", "size", "form", "majority")
NOT_RUN = "not run"
PICTURED = 7
POWERS = {
    QuadraticClass: ((2, 0), (1, 1), (0, 2), (1, 0), (0, 1)),
    CubicClass: ((3, 0), (2, 1), (1, 2), (0, 3)),
}
"""Exponents of x and y, coefficient by coefficient."""


def table_of(one: QuadraticClass | CubicClass, p: int) -> np.ndarray:
    """Tabulate the representative: int64, shape (p, p), entries 0..p-1."""
    x, y = np.meshgrid(np.arange(p), np.arange(p), indexing="ij")
    terms = zip(one.coefficients, POWERS[type(one)], strict=True)
    return sum((c * x**i * y**j for c, (i, j) in terms), np.zeros_like(x)) % p


def rows_of(classes: Sequence[QuadraticClass | CubicClass], p: int) -> Iterator[dict[str, str]]:
    """Give one row a class: `form` is `both` where the additive and the multiplicative form hold."""
    for one in classes:
        table = table_of(one, p)
        verdict = decide_table(table, p)
        yield {
            "p": str(p),
            "representative": one.expression,
            "size": str(one.size),
            "form": "both" if verdict.also is not None else verdict.form,
            "majority": f"{np.bincount(table.ravel()).max() / table.size:.4f}",
            **dict.fromkeys(TRAINED, NOT_RUN),
        }


def write_table(path: Path, rows: list[dict[str, str]], trained: dict[tuple[str, str, str], str]) -> None:
    """Write rows with the accuracies that are known."""
    known = {(str(row["p"]), row["representative"]): row for row in read_table(path)}
    for row in rows:
        key = (row["p"], row["representative"])
        for column in TRAINED:
            before = known.get(key, {}).get(column, NOT_RUN)
            row[column] = trained.get((*key, column), before)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*EXACT, *TRAINED], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue())


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a table; empty if there is none yet."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class FoldResult:
    """What one run says of the inputs of its fold.

    Arguments:
        seed: of the run.
        tested: number of test inputs.
        numbers: column -> share of them that is answered.
    """

    seed: int
    tested: int
    numbers: Mapping[str, float]


def over_folds(folds: Sequence[FoldResult | None], column: str) -> float | None:
    """Return the median over seeds of the share of all inputs that are answered while held out.

    None stands for a run that has not ended; there is no number then.
    """
    ended = [fold for fold in folds if fold is not None]
    if len(ended) < len(folds) or not ended:
        return None
    shares = []
    for seed in sorted({fold.seed for fold in ended}):
        own = [fold for fold in ended if fold.seed == seed]
        correct = sum(fold.tested * fold.numbers[column] for fold in own)
        shares.append(correct / sum(fold.tested for fold in own))
    return statistics.median(shares)


def trained_in(store: Path) -> dict[tuple[str, str, str], str]:
    """Return (p, representative, column) -> share of inputs answered while held out, where all have ended."""
    shares_of: dict[tuple[str, str, str], str] = {}
    with Store(store) as opened:
        for file in sorted(SWEEPS.glob("*.toml")):
            learner = file.stem.partition("_")[2]
            folds: dict[tuple[str, str], list[FoldResult | None]] = {}
            for member in read_sweep(file).members:
                experiment = member.experiment
                row, result = opened.find(experiment.id), None
                if row is not None and row.status == "finished":
                    last = opened.records(experiment.id)[-1].scalars["test_accuracy"]
                    nulls = {column: row.context[name] for column, name in NULLS.items()}
                    result = FoldResult(experiment.seed, row.context["test"], {learner: last, **nulls})
                key = (str(experiment.task.p), str(member.point["expression"]))
                folds.setdefault(key, []).append(result)
            for key, results in folds.items():
                for column in (*NULLS, learner):
                    share = over_folds(results, column)
                    if share is not None:
                        shares_of.setdefault((*key, column), f"{share:.4f}")
    return shares_of


def exchange_nulls() -> dict[tuple[str, str, str], str]:
    """Return (p, representative, column) -> share of inputs of which a partner is trained on while held out.

    The partner under any exchange; the median over seeds. Folds are those of the sweep files, so no run is
    needed.
    """
    shares_of: dict[tuple[str, str, str], str] = {}
    for file in sorted(SWEEPS.glob("*_rfm.toml")):
        folds: dict[tuple[str, str], list[Experiment]] = {}
        for member in read_sweep(file).members:
            key = (str(member.experiment.task.p), str(member.point["expression"]))
            folds.setdefault(key, []).append(member.experiment)
        for key, experiments in folds.items():
            task = experiments[0].build_task()
            served = partners_of(affine_symmetries(task.table, swapped=True), task.p)
            counts: Counter[int] = Counter()
            for experiment in experiments:
                split = split_of(experiment, task)
                counts[experiment.seed] += int(np.isin(served[:, split.test], split.train).any(0).sum())
            shares = [count / task.size for count in counts.values()]
            shares_of[(*key, EXCHANGE)] = f"{statistics.median(shares):.4f}"
    return shares_of


def partners_of(symmetries: np.ndarray, p: int, *, swapped: bool = True) -> np.ndarray:
    """Return for each row of `affine_symmetries`, exchanges or not, every input's image, shape (m, p^2)."""
    images = [affine_images(row, p, swapped=swapped).ravel() for row in symmetries]
    return np.array(images, dtype=np.int64).reshape(-1, p * p)


def picture(p: int, rows: Sequence[dict[str, str]]) -> str:
    """Draw the tables of all classes mod p, those with a form framed."""
    side, gap, across = 10, 84, 4  # the gap leaves room for the longest expression in wide fonts
    step = p * side + gap
    classes = quadratic_classes(p)
    key_top = -(-len(classes) // across) * (p * side + 42) + 6
    height = key_top + 26
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across * step} {height}" '
        f'width="{across * step}" height="{height}" font-family="sans-serif" font-size="10" role="img">',
        f"<title>The {len(classes)} quadratic polynomials of two operands mod {p}, up to relabelling</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    shades = [f"hsl({round(360 * value / p)},55%,{62 if value % 2 else 74}%)" for value in range(p)]
    for place, (one, row) in enumerate(zip(classes, rows, strict=True)):
        left, top = 8 + place % across * step, 28 + place // across * (p * side + 42)
        with_form = row["form"] != "neither"
        words = "no form" if not with_form else row["form"].replace("both", "both forms")
        lines.append(f'<text x="{left}" y="{top - 13}" fill="#222222">{typeset(one.expression)}</text>')
        lines.append(f'<text x="{left}" y="{top - 3}" fill="#666666">{words}</text>')
        lines.append(f'<g transform="translate({left},{top})">')
        for (x, y), value in np.ndenumerate(table_of(one, p)):
            corner = f'x="{y * side}" y="{x * side}" width="{side}" height="{side}"'
            lines.append(f'<rect {corner} fill="{shades[value]}"/>')
        if with_form:
            whole = f'width="{p * side}" height="{p * side}"'
            lines.append(f'<rect {whole} fill="none" stroke="#111111" stroke-width="2"/>')
        lines.append("</g>")
    lines.append(f'<text x="8" y="{key_top + 12}" fill="#666666">value</text>')
    for value, shade in enumerate(shades):
        left = 40 + 22 * value
        lines.append(f'<rect x="{left}" y="{key_top + 2}" width="{side}" height="{side}" fill="{shade}"/>')
        lines.append(f'<text x="{left + side + 2}" y="{key_top + 12}" fill="#666666">{value}</text>')
    words = "x from top to bottom, y from left to right; framed: with a form"
    lines.append(f'<text x="{52 + 22 * p}" y="{key_top + 12}" fill="#666666">{words}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def main(stores: list[Path]) -> None:
    """Write tables and picture."""
    trained = exchange_nulls()
    for store in stores:
        trained |= trained_in(store)
    rows = {p: list(rows_of(quadratic_classes(p), p)) for p in PRIMES}
    write_table(DOCS / "census.csv", [row for p in PRIMES for row in rows[p]], trained)
    write_table(DOCS / "census-cubics.csv", list(rows_of(cubic_classes(CUBIC_PRIME), CUBIC_PRIME)), trained)
    write_atomically(DOCS / "images" / "census.svg", picture(PICTURED, rows[PICTURED]))


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
