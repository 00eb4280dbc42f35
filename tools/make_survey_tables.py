"""Write the per-run tables of the survey from stores: `python tools/make_survey_tables.py STORE [STORE ...]`.

    modgrok sweep atlas/survey/rfm_add_11_23.toml --runs survey
    python tools/make_survey_tables.py survey

For every sweep of `atlas/survey` that a store has begun, `atlas/survey/tables/<piece>.csv` gets one row for
each run that has ended, in the order of the grid. Rows of runs that the stores do not have stay as they are,
so that pieces, and parts of pieces, can be run one after another and on several
machines.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import sys
import tomllib
from pathlib import Path
from typing import Any

from modgrok.runs import Experiment, Store
from modgrok.runs.outcome import held_at, phase_of_records
from modgrok.runs.store.database import RunRow
from modgrok.runs.store.sweep_index import followed, read_listing, rows_of_sweep, sweep_names
from modgrok.sweeps.critical.probes import ENDED
from modgrok.sweeps.forecasting.first_part import first_part_of

FOLDER = Path(__file__).parents[1] / "atlas" / "survey"
OUTCOME = (
    "run", "expression", "p", "learner", "fraction", "train_inputs", "corruption", "weight_decay", "seed",
    "budget", "step", "end", "memorised_at", "later_at", "grokked_at", "held_at", "phase",
    "train_accuracy", "test_accuracy", "train_loss", "test_loss",
)  # fmt: skip
"""First columns of every table; docs/atlas.md describes them."""
MOMENTS = ("memorised", "later")
"""Prefixes of the columns with a run's numbers when it memorised and at 1.5 times that step."""


def run_row(store: Store, row: RunRow, budget: int) -> dict[str, Any]:
    """Lay out one run: its settings, how it ended, and what it showed in its first part."""
    experiment = Experiment.from_json(row.experiment)
    records = store.records(row.id)
    part = first_part_of(store, row)
    last = records[-1].scalars
    numbers: dict[str, Any] = {}
    if part is not None:
        for moment, values in zip(MOMENTS, (part.memorised, part.later), strict=True):
            numbers |= {f"{moment}_{name}": value for name, value in values.items()}
    return {
        "run": row.id,
        "expression": row.expression,
        "p": row.p,
        "learner": row.learner,
        "fraction": experiment.fraction,
        "train_inputs": row.context["train"],
        "corruption": experiment.corruption,
        "weight_decay": getattr(experiment.learner, "weight_decay", None),
        "seed": experiment.seed,
        "budget": budget,
        "step": row.step,
        "end": reason_of_end(row, budget),
        "memorised_at": row.memorised_at,
        "later_at": None if part is None else part.later_at,
        "grokked_at": row.grokked_at,
        "held_at": held_at(store, row),
        "phase": phase_of_records(records, experiment.corruption),
        **{name: last[name] for name in ("train_accuracy", "test_accuracy", "train_loss", "test_loss")},
        **numbers,
    }


def reason_of_end(row: RunRow, budget: int) -> str | None:
    """Say why a run ended; None if it is to go on.

    Returns:
        `diverged`; `budget`; or `grokked`, where a run stops some time after grokking.
    """
    if row.status not in ENDED:
        return None
    if row.status == "finished" and row.step < budget:
        return None if row.grokked_at is None else "grokked"
    return "budget" if row.status == "finished" else row.status


def cell(value: Any) -> str:
    """Write a value: numbers to five digits, nothing where undefined."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def table_text(rows: list[dict[str, str]]) -> str:
    """Write rows as CSV; columns in which no row has a value are left out."""
    names = dict.fromkeys((*OUTCOME, *(name for row in rows for name in row)))
    columns = [name for name in names if name in OUTCOME or any(row.get(name) for row in rows)]
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a table; no rows if there is none."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def append(store: Store, sweep: str, budget: int, path: Path) -> tuple[int, int]:
    """Enter what a store has of a sweep into its table.

    Arguments:
        store: that has run the sweep, or part of it.
        sweep: its name.
        budget: of its runs, in steps; runs of an earlier, smaller budget that have not grokked do not count.
        path: of the table.

    Returns:
        (runs in the table, runs of the sweep).
    """
    order = [member.run for member in read_listing(store, sweep).members]
    rows = {row["run"]: row for row in read_table(path)}
    for whole in rows_of_sweep(store, sweep):
        row = followed(whole, budget)
        if reason_of_end(row, budget) is not None:
            rows[row.id] = {name: cell(value) for name, value in run_row(store, row, budget).items()}
    in_order = [rows[run] for run in order if run in rows]
    if in_order:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table_text(in_order), encoding="utf-8")
    return len(in_order), len(order)


def main() -> None:
    """Write the tables of all sweeps that the stores have."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stores", nargs="+", type=Path, help="folders of stores")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER / "tables", help="folder of the tables")
    arguments = parser.parse_args()
    contents = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")}
    pieces = {content["name"]: piece for piece, content in contents.items()}
    for folder in arguments.stores:
        with Store(folder, read_only=True) as store:
            for sweep in sorted(pieces.keys() & set(sweep_names(store))):
                path = arguments.output / f"{pieces[sweep]}.csv"
                budget = contents[pieces[sweep]]["base"]["steps"]
                count, total = append(store, sweep, budget, path)
                sys.stdout.write(f"{path.name}: {count} of {total} runs\n")


if __name__ == "__main__":
    main()
