"""`modgrok measure` of transformers: weights in both orders, the circuit of every task of two operands.

Owns: which numbers are taken of which checkpoint, and their tables. Key frequencies are the last one's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...analytic import verify
from ...display import percent
from ...measures import basis_of_task, make_token_basis, transformer_measures, transformer_numbers
from ...measures.circuit.circuit import CIRCUIT_MEASURES, Circuit, attention_maps, circuit_numbers, circuit_of
from ...measures.circuit.frequency_use import frequency_use
from ...measures.circuit.task_grid import TaskGrid, has_circuit, task_grids
from ...measures.fourier.task_basis import NO_ORDER
from ...models.transformer import Transformer
from ...tasks import Task
from ..leakage import leakage_words
from ..shared.columns import broken, line_width
from ..shared.output import note, say, say_json

Place = dict[str, Any]
PLACES = ("step", "reasons", "accuracy", "explained_share", "least_margin")


def measure_transformer(
    name: str,
    task: Task,
    files: Sequence[tuple[Place, Transformer]],
    train: np.ndarray | None,
    leakage: Mapping[str, Any],
    *,
    json: bool,
) -> int:
    """Measure every network of a run, say it in tables, and write the JSON object if asked.

    Arguments:
        name: of the run or file.
        task: what it learned.
        files: (where it stands in the run, weights), by step.
        train: flat indices of the training set; None where it is unknown.
        leakage: what the split gives away; see `modgrok.tasks.null.leakage_numbers`.
        json: write the object.
    """
    token_basis = None if basis_of_task(task).group is not None else make_token_basis(task.p)
    grids = task_grids(task) if has_circuit(task, files[-1][1]) else ()
    last = [circuit_of(files[-1][1], measures.grid, measures.number) for measures in grids]
    measures = []
    for place, net in files:
        values: Place = {}
        if token_basis is not None:
            numbers = transformer_numbers(net, token_basis)
            values = {m.name: float(numbers[m.name]) for m in transformer_measures(token_basis)}
        for at, ending in zip(grids, last, strict=True):
            circuit = ending if net is files[-1][1] else circuit_of(net, at.grid, at.number)
            chosen = None if train is None else at.chosen(task, train)
            numbers_of_circuit = circuit_numbers(circuit, ending.key, chosen)
            values |= {f"{key}{_suffix(at)}": value for key, value in numbers_of_circuit.items()}
        report = verify(net, task.table, task.p)
        measures.append({**place, **values, "least_margin": report.margin, "accuracy": report.accuracy})
    if token_basis is None:
        note(NO_ORDER.format(group=task.name))
    circuits = [_described(at, circuit) for at, circuit in zip(grids, last, strict=True)]
    _print_table_and_circuits(name, task, measures, circuits)
    if train is not None:
        say(leakage_words(leakage))
    if json:
        entries = [with_former_name(entry) for entry in measures]
        say_json({"run": name, **leakage, "measures": entries, "circuits": circuits})
    return 0


def with_former_name(entry: Place) -> Place:
    """Return what is measured of a network with `margin` as well, the former name of `least_margin`."""
    return {**entry, "margin": entry["least_margin"]}


def _suffix(at: TaskGrid) -> str:
    """Return what tells the tasks of a mixture apart in names."""
    return "" if at.number is None else f"_{at.number + 1}"


def _described(at: TaskGrid, circuit: Circuit) -> Place:
    """Return what has one value a frequency, a head or a neuron, of the last network."""
    return {
        "task": at.task.name,
        "basis": at.grid.name,
        "order": at.grid.order,
        **frequency_use(circuit.logits, circuit.shares),
        "attention": attention_maps(circuit).mean(axis=(-2, -1)).tolist(),
    }


def _print_table_and_circuits(
    name: str, task: Task, measures: Sequence[Place], circuits: Sequence[Place]
) -> None:
    say(f"{task.name} mod {task.p}  ·  {name}")
    columns = [column for column in measures[-1] if column not in PLACES]
    losses = {m.name for m in CIRCUIT_MEASURES if m.name.endswith(("_loss", "_train"))}
    weights = [column for column in columns if column.startswith(("ffs_", "fcr_", "gini_"))]
    parts = [column for column in columns if column.rstrip("_0123456789") in losses]
    rest = [column for column in columns if column not in weights and column not in parts]
    for group in (weights, parts, rest):
        for part in broken([max(len(column), 11) + 2 for column in group], line_width() - 8):
            _table(group[part], measures)
    say("    step  least margin   accuracy on all inputs   explained")
    for entry in measures:
        step = _step(entry)
        numbers = f"{percent(entry['accuracy']):>22}   {percent(entry['explained_share']):>9}"
        say(f"{step}{entry['least_margin']:>14.6g}   {numbers}  {'/'.join(entry['reasons'])}")
    for circuit in circuits:
        print_circuit(circuit)
    say(f"chance: 1/p {percent(1 / task.p)}, most frequent value {percent(task.majority_share)}")


def _table(columns: Sequence[str], measures: Sequence[Place]) -> None:
    wide = [max(len(column), 11) + 2 for column in columns]
    say("    step" + "".join(f"{column:>{size}}" for column, size in zip(columns, wide, strict=True)))
    for entry in measures:
        cells = (f"{entry[column]:>{size}.5g}" for column, size in zip(columns, wide, strict=True))
        say(_step(entry) + "".join(cells))
    say()


def _step(entry: Place) -> str:
    return f"{'–' if entry['step'] is None else format(entry['step'], ','):>8}"


def print_circuit(circuit: Place) -> None:
    """Say which frequencies a network uses, by the loss and by its neurons."""
    by_loss = ", ".join(map(str, circuit["key_frequencies"])) or "none"
    line = (
        f"{circuit['task']}: {circuit['basis']} basis of order {circuit['order']}; key frequencies by loss "
        f"{by_loss}"
    )
    if circuit["neuron_frequencies"] is not None:
        by_neurons = ", ".join(map(str, circuit["neuron_frequencies"])) or "none"
        line += f", by neurons {by_neurons}; {circuit['idle_neurons']} neurons never vary"
    for part in textwrap.wrap(line, line_width(), subsequent_indent="  "):
        say(part)
