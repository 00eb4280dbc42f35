"""`modgrok measure`: every measure of every kept checkpoint, or of the network in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

from cyclopts import Parameter

from ..display import percent
from ..io.weights_path import names_file
from ..measures import basis_of_task
from ..measures.fourier.task_basis import NO_PHASES
from ..measures.network_measures import measure_classes, measure_network, network_circuit
from ..models.transformer import Transformer
from ..runs import NetworkFile, Store, read_network_file
from ..runs.assets import stored_experiment
from ..runs.splits import split_of
from ..tasks import InputError, Split, Task
from ..tasks.errors import shorten
from ..tasks.null import LEAKAGE, leakage_numbers
from .display.measure_transformer import measure_transformer, print_circuit, with_former_name
from .display.pruning import print_pruning, prune_last, pruning_json
from .leakage import explained_shares, leakage_words
from .shared.columns import broken, line_width
from .shared.computing import prepare_to_compute
from .shared.file_options import NO_TRAINED_OPTIONS, OfTrainedFile, TrainedFileOptions
from .shared.options import DEFAULT_RUNS, Json, Runs
from .shared.output import note, say, say_json

Place = dict[str, Any]

NO_COLUMNS = ("step", "reasons", "accuracy", "explained_share", "per_class")
"""Keys of a checkpoint's object that have a place of their own."""


@dataclass(frozen=True)
class _Subject:
    """What is measured: the networks of a run, or the one of a file.

    Arguments:
        name: the run's id, or the file as it was typed.
        task: theirs.
        files: (where it stands in the run, the network), by step.
        centred: whether the AGOP of a kernel machine is.
        split: of the run; None where it is unknown.
    """

    name: str
    task: Task
    files: Sequence[tuple[Place, NetworkFile]]
    centred: bool
    split: Split | None

    def leakage(self) -> dict[str, Any]:
        """Return what the split gives away; nulls where it is unknown."""
        return dict.fromkeys(LEAKAGE) if self.split is None else leakage_numbers(self.task, self.split)


def measure(
    run: Annotated[
        str, Parameter(help="Run id, the beginning of one, or latest; or a file or folder of weights.")
    ],
    /,
    *,
    file: OfTrainedFile = NO_TRAINED_OPTIONS,
    per_class: Annotated[
        bool, Parameter(negative=(), help="Also measure the average gradient outer product of each class.")
    ] = False,
    prune: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Remove the neurons of the last network one by one, once from the lowest IPR up and once "
            "from the highest down, and print the accuracies.",
        ),
    ] = False,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Measure every checkpoint of a run, or the network in a file, in its task's basis."""
    prepare_to_compute()
    if names_file(run):
        if prune and file.train is None:
            raise InputError(
                f"prune: must be used with a stored run, or with --train for a file, got {shorten(run)}"
            )
        subject = _from_file(run, file)
    else:
        file.refuse_with_run(run)
        subject = _from_store(run, runs)
    if any(isinstance(content.network, Transformer) for _, content in subject.files):
        for option, is_set in (("prune", prune), ("per_class", per_class)):
            if is_set:
                raise InputError(f"{option}: must be used with a run of two-layer networks, got transformers")
        return _measure_transformers(subject, json=json)
    return _measure_others(subject, per_class=per_class, prune=prune, json=json)


def _measure_transformers(subject: _Subject, *, json: bool) -> int:
    task, split = subject.task, subject.split
    networks = [(place, content.network) for place, content in subject.files]
    shares = explained_shares(task, split, [network for _, network in networks])
    files = [
        ({**place, "explained_share": share}, network)
        for (place, network), share in zip(networks, shares, strict=True)
    ]
    train = None if split is None else split.train
    return measure_transformer(subject.name, task, files, train, subject.leakage(), json=json)


def _measure_others(subject: _Subject, *, per_class: bool, prune: bool, json: bool) -> int:
    task, split, content = subject.task, subject.split, subject.files[-1][1]
    curves = prune_last(content, task, split) if prune and split is not None else {}
    basis = basis_of_task(task)
    # Key frequencies are those of the last network, which is therefore measured first.
    measure_one = partial(measure_network, task=task, split=split, last=content.network, basis=basis)
    of_last = measure_one(content.network)
    key = of_last.key_frequencies
    entries = []
    for place, each in subject.files:
        measured = of_last if each is content else measure_one(each.network, key_frequencies=key)
        entries.append({**place, "explained_share": measured.explained_share, **measured.values})
        if per_class:
            classes = measure_classes(each.network, task, centred=subject.centred, basis=basis)
            entries[-1]["per_class"] = classes
    circuit = network_circuit(of_last, task, basis)
    say(f"{task.name} mod {task.p}  ·  {subject.name}  ·  {basis.name} basis of order {basis.order}")
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
    leakage = subject.leakage()
    if split is not None:
        say(leakage_words(leakage))
    if json:
        result = {"run": subject.name, "basis": basis.name, "order": basis.order, **leakage}
        entries = [with_former_name(entry) for entry in entries]
        result |= {"measures": entries, "circuits": [] if circuit is None else [circuit]}
        say_json({**result, "pruning": pruning_json(curves, entries[-1]["step"])} if prune else result)
    return 0


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


def _from_store(run: str, runs: Path) -> _Subject:
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
        experiment = stored_experiment(store, row)
    task = files[-1][1].task()
    centred = bool(getattr(experiment.learner, "centred", False))
    return _Subject(row.id, task, files, centred, split_of(experiment, experiment.build_task()))


def _from_file(name: str, file: TrainedFileOptions) -> _Subject:
    content = file.read(Path(name))
    origin = content.notes.get("construction", "imported" if content.notes.get("made") else "file")
    place = {"step": content.notes.get("step"), "reasons": [origin]}
    task = content.task()
    return _Subject(name, task, [(place, content)], True, file.split(task))
