"""`modgrok measure`: every measure of every kept checkpoint, or of the network in a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

from cyclopts import Parameter

from ..io.weights_path import names_file
from ..measures import basis_of_task
from ..measures.fourier.task_basis import NO_PHASES
from ..measures.network_measures import measure_classes, measure_network, network_circuit
from ..models.transformer import Transformer
from ..runs import Experiment, NetworkFile, Store, read_network_file
from ..runs.assets import stored_experiment
from ..runs.splits import split_of
from ..tasks import InputError, Split, Task
from ..tasks.errors import shorten
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

NO_COLUMNS = ("step", "reasons", "accuracy", "explained_share", "per_class")
"""Keys of a checkpoint's object that have a place of their own."""


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
        for name, option in (("prune", prune), ("per_class", per_class)):
            if option:
                raise InputError(f"{name}: must be used with a run of two-layer networks, got transformers")
        shares = explained_shares(task, split, [network for _, network in transformers])
        for (place, _), share in zip(transformers, shares, strict=True):
            place["explained_share"] = share
        return measure_transformer(
            name, task, transformers, None if split is None else split.train, numbers, json=json
        )
    curves = prune_last(name, files[-1][1], task, runs) if prune else {}
    basis, last = basis_of_task(task), files[-1][1].network
    entries = []
    for place, content in files:
        measured = measure_network(content.network, task, split=split, last=last, basis=basis)
        entries.append({**place, "explained_share": measured.explained_share, **measured.values})
        if per_class:
            entries[-1]["per_class"] = measure_classes(content.network, task, centred=centred, basis=basis)
    circuit = network_circuit(measured, task, basis)
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
