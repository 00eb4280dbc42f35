"""`modgrok measure`: every measure of every kept checkpoint, or of the network in a file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Annotated, Any, NamedTuple

import equinox as eqx
import numpy as np
from cyclopts import Parameter
from jaxtyping import Array, Float, Int

from ..algebra import Basis
from ..analytic import verify
from ..analytic.verify import margins
from ..io.weights_path import names_file
from ..measures import basis_of_task
from ..measures.circuit.gradient_symmetricity import (
    gradient_symmetricity,
    has_operand_gradients,
    random_triples,
)
from ..measures.features.alignment import agop_alignment
from ..measures.features.features import class_values, network_values
from ..measures.fourier.task_basis import NO_PHASES
from ..measures.logits import has_form
from ..measures.logits.array_numbers import (
    LOGIT_CIRCUIT,
    array_measure_names,
    circuit_of_arrays,
    hidden_numbers,
    logit_numbers,
    numbers_of_squares,
    shares_of_tables,
)
from ..measures.logits.rows import rows_of_network
from ..measures.readings import measure_weights
from ..models import MLP, DeepMLP
from ..models.circulant import structure_of
from ..models.kernel_machine import KernelMachine
from ..models.networks import network_type
from ..models.on_device import on_device
from ..models.transformer import Transformer
from ..runs import Experiment, NetworkFile, Store, read_network_file
from ..runs.assets import stored_experiment
from ..runs.splits import split_of
from ..runs.store.network_file import Network
from ..tasks import InputError, Split, Task
from ..tasks.errors import NotFiniteError, shorten
from ..tasks.null import LEAKAGE, leakage_numbers
from .display.measure_transformer import measure_transformer, print_circuit
from .display.pruning import print_pruning, prune_last, pruning_json
from .leakage import explained_shares, leakage_words
from .runs import RunName
from .shared.columns import broken, line_width
from .shared.computing import prepare_to_compute
from .shared.file_options import NO_OPTIONS, FileOptions, OfFile
from .shared.options import DEFAULT_RUNS, Json, Runs
from .shared.output import note, percent, say, say_json

Place = dict[str, Any]

LOGIT_VALUES = ("formula_accuracy", "explained_share_train", "formula_frequencies", *LOGIT_CIRCUIT)
"""What is shown of a network's logits, where its task defines it."""
HIDDEN_VALUES = ("single_frequency_share", "hidden_rank")
"""The same of the last hidden layer of an MLP, of two layers or more."""
NO_COLUMNS = ("step", "reasons", "accuracy", "explained_share", "per_class")
"""Keys of a checkpoint's object that have a place of their own."""


class HiddenLayer(NamedTuple):
    """What is measured of a hidden layer.

    Arguments:
        numbers: by name; empty where its values are not finite.
        neurons: what enters its activation over the domain, shape (n, h); None with `shares`.
        shares: of each frequency in that, shape (h, n//2), where they are known without it.
    """

    numbers: Place
    neurons: np.ndarray | None
    shares: np.ndarray | None


def measure(
    run: RunName,
    /,
    *,
    file: OfFile = NO_OPTIONS,
    per_class: Annotated[
        bool, Parameter(negative=(), help="Also measure the average gradient outer product of each class.")
    ] = False,
    prune: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Remove the neurons of the last network one by one, first those of lowest, then those of "
            "highest IPR, and print accuracies.",
        ),
    ] = False,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Measure every checkpoint of a run, or the network in a file, in its task's basis."""
    import jax

    prepare_to_compute()
    if prune and names_file(run):
        raise InputError(f"prune: must be used with a stored run, whose split is known, got {shorten(run)}")
    if names_file(run):
        name, task, files, centred = run, *_from_file(Path(run), file)
    else:
        file.refuse_with_run(run)
        name, task, files, centred = _from_store(run, runs)
    split = None if names_file(run) else _split(name, runs)
    numbers = dict.fromkeys(LEAKAGE) if split is None else leakage_numbers(task, split)
    transformers = [(place, c.network) for place, c in files if isinstance(c.network, Transformer)]
    if transformers:
        if prune:
            raise InputError("prune: must be used with a run of two-layer networks, got transformers")
        shares = explained_shares(task, split, [network for _, network in transformers])
        for (place, _), share in zip(transformers, shares, strict=True):
            place["explained_share"] = share
        return measure_transformer(
            name, task, transformers, None if split is None else split.train, numbers, json=json
        )
    curves = prune_last(name, files[-1][1], task, runs) if prune else {}
    basis, expanded = basis_of_task(task), has_form(task)
    names = array_measure_names(task, basis)
    entries = []
    for place, content in files:
        net = content.network
        logits = _logits(net, task)
        with jax.enable_x64(network_type(net).double_precision):
            values = _values(content, task, basis, files[-1][1])
            symmetricity = _symmetricity(net, task)
        values |= _margin(net, task, logits)
        with jax.enable_x64(True):
            values |= _features(net, task, basis)
            hidden = None if logits is None else _hidden_layer(net, task, basis)
            values |= _logit_values(task, basis, split, logits, names)
            values |= _hidden_values(net, hidden, names) | symmetricity
            classes = _by_class(net, task, basis, centred) if per_class else {}
        share = None if logits is None or not expanded else values.pop("explained_share")
        values.pop("explained_share", None)
        entries.append({**place, "explained_share": share, **values, **classes})
    circuit = None if logits is None else _circuit(task, basis, logits, hidden)
    say(f"{task.name} mod {task.p}  ·  {name}  ·  {basis.name} basis of order {basis.order}")
    if basis.group is not None:
        note(NO_PHASES.format(group=basis.group))
    columns = [name for name in entries[-1] if name not in NO_COLUMNS]
    _print_table(columns, entries)
    if per_class:
        _print_classes(entries[-1]["per_class"])
    if circuit is not None:
        print_circuit(circuit)
    print_pruning(curves)
    say(f"chance: 1/p {percent(1 / task.p)}, most frequent value {percent(task.majority_share)}")
    if split is not None:
        say(leakage_words(numbers))
    if json:
        result = {"run": name, "basis": basis.name, "order": basis.order, **numbers, "measures": entries}
        result["circuits"] = [] if circuit is None else [circuit]
        say_json({**result, "pruning": pruning_json(curves, entries[-1]["step"])} if prune else result)
    return 0


def _values(content: NetworkFile, task: Task, basis: Basis, last: NetworkFile) -> Place:
    """Return every measure of one network, and its accuracy and margin over all inputs."""
    net = content.network
    values: Place = dict(measure_weights(net, basis))
    if isinstance(net, KernelMachine) and isinstance(last.network, KernelMachine):
        values["alignment_with_last"] = float(agop_alignment(net.feature_matrix, last.network.feature_matrix))
    return values


def _logits(net: Network, task: Task) -> np.ndarray | None:
    """Return the logits over the domain, shape (n, p); None where some are not finite."""
    try:
        return rows_of_network(task, net)(0, task.size)
    except NotFiniteError:
        return None


def _margin(net: Network, task: Task, logits: np.ndarray | None) -> Place:
    """Return the least margin over all inputs, and the share of those with a positive one."""
    if logits is None:
        report = verify(net, task.table, task.p)
        return {"margin": report.margin, "accuracy": report.accuracy}
    gaps = margins(logits, task.labels())
    return {"margin": float(gaps.min()), "accuracy": 1 - np.count_nonzero(gaps <= 0) / task.size}


def _logit_values(
    task: Task, basis: Basis, split: Split | None, logits: np.ndarray | None, names: Sequence[str]
) -> Place:
    """Return what logits say, of the names that the task has; see `array_numbers`."""
    names = ["explained_share", *(name for name in names if name in LOGIT_VALUES)]
    numbers = {} if logits is None else logit_numbers(task, basis, split, logits, names)
    return {name: numbers.get(name, math.nan) for name in names}


def _symmetricity(net: Network, task: Task) -> Place:
    """Return the gradient symmetricity of a task of two operands; inside the network's precision."""
    if not task.is_plain or not has_operand_gradients(net):
        return {}
    return {"gradient_symmetricity": float(gradient_symmetricity(net, on_device(random_triples(task.p))))}


def _hidden_layer(net: Network, task: Task, basis: Basis) -> HiddenLayer | None:
    """Measure the last hidden layer of an MLP over the domain; None for other networks."""
    if not isinstance(net, MLP | DeepMLP):
        return None
    shares = shares_of_tables(task, basis, net.embedding) if isinstance(net, MLP) else None
    if isinstance(net, MLP) and net.activation == "power2":
        numbers = numbers_of_squares(task, net.embedding, shares)
        if numbers is not None:
            return HiddenLayer(numbers, None, shares)
    inputs, before = on_device(task.inputs()), None
    if shares is not None:
        hidden = np.asarray(_last_hidden(net, inputs))
    else:
        hidden, before = (np.asarray(values) for values in _hidden(net, inputs))
    try:
        numbers = hidden_numbers(task, basis, hidden, before, shares=shares)
    except NotFiniteError:
        numbers = {}
    return HiddenLayer(numbers, before, shares)


def _hidden_values(net: Network, hidden: HiddenLayer | None, names: Sequence[str]) -> Place:
    """Return what the hidden layer of an MLP says, of the names that the task has."""
    if not isinstance(net, MLP | DeepMLP):
        return {}
    numbers = {} if hidden is None else hidden.numbers
    return {name: numbers.get(name, math.nan) for name in names if name in HIDDEN_VALUES}


def _circuit(task: Task, basis: Basis, logits: np.ndarray, hidden: HiddenLayer | None) -> Place | None:
    if hidden is None:
        return circuit_of_arrays(task, basis, logits)
    return circuit_of_arrays(task, basis, logits, hidden.neurons, shares=hidden.shares)


@eqx.filter_jit
def _last_hidden(net: Any, inputs: Int[Array, "n k"]) -> Float[Array, "n h"]:
    return net.features(inputs)


@eqx.filter_jit
def _hidden(net: MLP | DeepMLP, inputs: Int[Array, "n k"]) -> tuple[Float[Array, "n h"], Float[Array, "n h"]]:
    values = net.activations(inputs)
    hidden, before = (
        [name for name in values if name.startswith(word)][-1] for word in ("features", "preactivations")
    )
    return values[hidden], values[before]


def _features(net: Network, task: Task, basis: Basis) -> Place:
    """Return what the features of a two-layer network add; inside float64."""
    if not isinstance(net, MLP) or basis.group is not None:
        return {}
    return dict(network_values(net, task.inputs(), structure_of(basis)))


def _by_class(net: Network, task: Task, basis: Basis, centred: bool) -> Place:
    """Return the measures of each class's AGOP; inside float64."""
    if not isinstance(net, MLP | KernelMachine):
        noun = network_type(net).noun
        raise InputError(
            f"per_class: must be used with a two-layer network or a kernel machine, got a {noun}"
        )
    if basis.group is not None:
        raise InputError(f"per_class: must be used with the task of a cyclic group, got {shorten(task.name)}")
    entries = class_values(net, task.inputs(), structure_of(basis), centred=centred)
    return {"per_class": {**entries.numbers, "orientation": entries.orientation}}


def _print_classes(values: Place) -> None:
    """Say the range over classes of each measure, and how many classes have each orientation."""
    names = [name for name in values if name != "orientation"]
    say("AGOP of each class at the last of these steps, over classes")
    for word, chosen in (("least", min), ("mean", mean), ("greatest", max)):
        say(f"{word:>8}" + "".join(f"  {name} {chosen(values[name]):.4g}" for name in names))
    counts: Counter[str] = Counter(values["orientation"])
    say("  least deviation is that of " + ", ".join(f"{name} in {n} classes" for name, n in counts.items()))


def _print_table(columns: list[str], entries: list[Place]) -> None:
    """Say the measures of every step, in as many tables as the terminal's width needs."""
    steps = ["–" if entry["step"] is None else f"{entry['step']:,}" for entry in entries]
    for part in broken([len(_cell(column, column)) for column in columns], line_width() - 8):
        say("    step" + "".join(_cell(column, column) for column in columns[part]))
        for step, entry in zip(steps, entries, strict=True):
            say(f"{step:>8}" + "".join(_cell(column, entry[column]) for column in columns[part]))
        say()
    say("    step   accuracy on all inputs   explained")
    for step, entry in zip(steps, entries, strict=True):
        numbers = f"{percent(entry['accuracy']):>22}   {percent(entry['explained_share']):>9}"
        say(f"{step:>8}   {numbers}  {'/'.join(entry['reasons'])}")


def _cell(column: str, value: float | str) -> str:
    """Lay a name or a value out in its column."""
    text = value if isinstance(value, str) else f"{value:.6g}"
    return f"{text:>{max(len(column), 12) + 2}}"


def _from_store(run: str, runs: Path) -> tuple[str, Task, list[tuple[Place, NetworkFile]], bool]:
    with Store(runs, read_only=True) as store:
        row = store.get(run)
        files = [
            (
                {"step": checkpoint.step, "reasons": checkpoint.reasons},
                read_network_file(checkpoint.path, checkpoint.sha256),
            )
            for checkpoint in store.checkpoints(row.id)
        ]
    if not files:
        raise InputError(f"run: must have at least one checkpoint, got none in {row.id}")
    learner = Experiment.from_json(row.experiment).learner
    centred = bool(getattr(learner, "centred", False))
    return row.id, files[-1][1].task(), files, centred


def _split(run: str, runs: Path) -> Split:
    """Draw the split of a run again."""
    with Store(runs, read_only=True) as store:
        experiment = stored_experiment(store, store.get(run))
        return split_of(experiment, experiment.build_task())


def _from_file(path: Path, file: FileOptions) -> tuple[Task, list[tuple[Place, NetworkFile]], bool]:
    content = file.read(path)
    origin = content.notes.get("construction", "imported" if content.notes.get("made") else "file")
    place = {"step": content.notes.get("step"), "reasons": [origin]}
    return content.task(), [(place, content)], True
