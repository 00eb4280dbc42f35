"""A sweep as two tidy tables, one row per run and one per record, with a data dictionary.

Owns: the columns, their types and meanings. Where they are written is in `write_table`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ...learners.catalogue import LEARNERS
from ...measures import MEASURES
from ...runs import Experiment, Record, RunRow, Store
from ...runs.outcome import phase_of
from ...runs.store.sweep_index import SweepMember, followed, last_records, read_listing, rows_of_sweep
from ...tasks.null import LEAKAGE

Kind = Literal["integer", "number", "text", "truth"]
Row = dict[str, Any]

OUTCOME: tuple[tuple[str, Kind, str], ...] = (
    ("run", "text", "Run id: the hash of all that determines its numbers."),
    ("expression", "text", "Task: canonical expression, group, or the hash of a table."),
    ("p", "integer", "Modulus: number of values of an operand and of classes."),
    ("learner", "text", "Model that was trained."),
    ("status", "text", "finished, diverged, interrupted, running, failed, or absent if it has not begun."),
    ("error", "text", "Why the run failed."),
    ("step", "integer", "Number of updates made."),
    ("budget", "integer", "Number of updates requested."),
    ("memorised_at", "integer", "First observed step with training accuracy at least 0.99."),
    ("grokked_at", "integer", "First observed step with test accuracy at least 0.99."),
    ("phase", "text", "Phase by the last accuracies; see modgrok.measures.corruption.corruption_phase."),
    ("chance", "number", "1/p."),
    ("majority", "number", "Share of the most frequent value of the task."),
    ("orbit_accuracy", "number", "Test accuracy of the null that knows the training labels and all swaps."),
    (
        "swap_share",
        "number",
        "Share of test inputs that a label-preserving permutation of operands maps into the training set.",
    ),
    (
        "sign_accuracy",
        "number",
        "Test accuracy of the null that also knows x -> -x, where it keeps all labels.",
    ),
    ("train_inputs", "integer", "Number of training inputs."),
    ("seconds", "number", "Wall time."),
    ("seconds_per_step", "number", "Steady-state time of a step."),
)
"""Columns of every run: name, type, meaning."""
RECORD: tuple[tuple[str, Kind, str], ...] = (
    ("run", "text", "Run id; joins the table of runs."),
    ("step", "integer", "Number of updates made."),
    ("seconds", "number", "Wall time since the run began."),
)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Arguments:
        name: of the column.
        kind: type of its values; any may be missing.
        meaning: one sentence.
        axis: whether the sweep varies it.
    """

    name: str
    kind: Kind
    meaning: str
    axis: bool = False


@dataclass(frozen=True, eq=False)
class SweepTable:
    """A sweep in tidy form.

    Arguments:
        name: of the sweep.
        axes: the fields that vary.
        axis_groups: the same, those that advance together in one group.
        columns: of the runs.
        runs: one row a member, in the order of the grid; the last record's numbers included.
        record_columns: of the records.
        store: from which records are read one run at a time.
        ends: run id -> how far the sweep follows the run, where that is known.
    """

    name: str
    axes: tuple[str, ...]
    axis_groups: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    runs: tuple[Row, ...]
    record_columns: tuple[Column, ...]
    store: Store
    ends: Mapping[str, int] = field(default_factory=dict)

    def records(self) -> Iterator[Row]:
        """Read all records, run by run, in the order of the grid, as far as the sweep follows each run."""
        for row in self.runs:
            if row["status"] != "absent":
                end = self.ends.get(row["run"], math.inf)
                for record in self.store.records(row["run"]):
                    if record.step <= end:
                        yield {"run": row["run"], **record_row(record)}

    def dictionary(self) -> list[Row]:
        """List table, column, type, whether it is an axis, and meaning."""
        return [
            describe(table, c)
            for table, columns in (("runs", self.columns), ("records", self.record_columns))
            for c in columns
        ]


def describe(table: str, column: Column) -> Row:
    """Lay out one entry of the dictionary."""
    return {
        "table": table,
        "column": column.name,
        "type": column.kind,
        "axis": column.axis,
        "meaning": column.meaning,
    }


def sweep_table(store: Store, name: str) -> SweepTable:
    """Read a sweep from the store.

    Raises:
        InputError: no such sweep.
    """
    listing = read_listing(store, name)
    known = {row.id: row for row in rows_of_sweep(store, name)}
    last = last_records(store, name, tuple(known.values()))
    runs = tuple(
        run_row(store, member, followed(known[member.run], member.steps), last.get(member.run))
        if member.run in known
        else absent_row(member)
        for member in listing.members
    )
    axes = tuple(name for axis in listing.axes for name in axis)
    scalars = tuple(dict.fromkeys(scalar for row in known.values() for scalar in row.scalars))
    settings = tuple(column for column in setting_columns() if any(column.name in row for row in runs))
    numbers = tuple(scalar_column(scalar) for scalar in scalars)
    outcome = tuple(Column(*entry) for entry in OUTCOME)
    columns = tuple(
        Column(c.name, c.kind, c.meaning, c.name in axes) for c in (*outcome, *settings, *numbers)
    )
    ends = {member.run: member.steps for member in listing.members if member.steps is not None}
    records = (*(Column(*c) for c in RECORD), *numbers)
    return SweepTable(name, axes, listing.axes, columns, runs, records, store, ends)


def run_row(store: Store, member: SweepMember, row: RunRow, record: Record | None) -> Row:
    """Lay out one run: outcome, settings, the last record's numbers."""
    experiment = Experiment.from_json(row.experiment)
    last = record_row(record) if record is not None else {}
    last.pop("step", None)
    last.pop("seconds", None)
    return {
        "run": row.id,
        "expression": row.expression,
        "p": row.p,
        "learner": row.learner,
        "status": row.status,
        "error": member.error,
        "step": row.step,
        "budget": row.budget,
        "memorised_at": row.memorised_at,
        "grokked_at": row.grokked_at,
        "phase": None if record is None else phase_of(store, row, record, experiment.corruption),
        "chance": row.context["chance"],
        "majority": row.context["majority"],
        **{name: row.context.get(name) for name in LEAKAGE},
        "train_inputs": row.context["train"],
        "seconds": row.seconds,
        "seconds_per_step": row.seconds_per_step,
        **experiment.model_dump(exclude={"task", "learner"}),
        **experiment.learner.model_dump(exclude={"kind"}),
        **last,
    }


def absent_row(member: SweepMember) -> Row:
    """Lay out a member that has not begun: the point of the grid, and why it failed if it did."""
    status = "absent"
    return {**member.point, "run": member.run, "status": status, "error": member.error}


def record_row(record: Record) -> Row:
    """Lay out one record; undefined numbers are missing."""
    values = {name: value if math.isfinite(value) else None for name, value in record.scalars.items()}
    return {"step": record.step, "seconds": record.seconds, **values}


def setting_columns() -> list[Column]:
    """List the fields of experiments and of every learner, once each."""
    by_name: dict[str, Column] = {}
    sources = [Experiment.model_fields, *(known.settings.model_fields for known in LEARNERS)]
    for fields in sources:
        for name, info in fields.items():
            if name not in ("task", "learner", "kind"):
                by_name.setdefault(name, Column(name, _kind(info.annotation), info.description or name))
    return list(by_name.values())


def scalar_column(name: str) -> Column:
    """Describe a number of a record; those of a mixture's tasks are named after its parts."""
    titles = {measure.name: measure.title for measure in MEASURES}
    meaning = f"{titles[name][0].upper()}{titles[name][1:]}." if name in titles else None
    side, _, rest = name.partition("_")
    order, _, quantity = rest.partition("_")
    if meaning is None and order.isdigit() and quantity in ("accuracy", "loss"):
        what = "Accuracy" if quantity == "accuracy" else "Mean loss"
        meaning = f"{what} on the {side} inputs of task {order} of a mixture."
    return Column(name, "number", meaning or name.replace("_", " "))


def _kind(annotation: Any) -> Kind:
    kinds = [part for part in (get_args(annotation) or (annotation,)) if part is not type(None)]
    return {bool: "truth", int: "integer", float: "number"}.get(kinds[0], "text")  # type: ignore[return-value]
