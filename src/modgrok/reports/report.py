"""What a report says, before it has a format: title, facts, panels, provenance.

Owns: which panels make up a run's report, a comparison, and the report of a network alone. Pieces that
cannot be shown leave a note; nothing here fails because a run did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..algebra import Basis
from ..learners.mlp.settings import MLPSettings
from ..learners.transformer.settings import TransformerSettings
from ..measures import basis_of_task
from ..models import MLP
from ..models.transformer import Transformer
from ..runs import Checkpoint, Experiment, Record, RunRow, Store
from ..runs.splits import split_of
from ..tasks import InputError, Task, task_from_table
from ..version import __version__
from . import words
from .charts.chart import Panel
from .charts.scores import Score, number, scores
from .charts.timeline import Frame
from .learners.rfm import machine_panels
from .learners.transformer import network_panels, transformer_panels
from .panels import curves
from .panels.features import features
from .panels.grids import logit_maps, unit_maps
from .panels.phases import phases
from .panels.pruning import pruning_panel
from .views.mlp_view import Portrait, accuracy_of
from .views.tables import Stage, histogram_at, load_stage, moment_table, stages


@dataclass(frozen=True, eq=False)
class Report:
    """A report without a format.

    Arguments:
        title: one line.
        summary: what happened, one or two sentences.
        facts: (name, value) in plain words.
        panels: pictures, in reading order.
        notes: what is missing and why.
        commands: (what it does, command line); empty commands are not shown.
        colophon: version and provenance.
    """

    title: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    colophon: str = f"modgrok {__version__}"


@dataclass(frozen=True, eq=False)
class _Stored:
    """A run read from the store, with the exact objects of its task."""

    row: RunRow
    experiment: Experiment
    records: list[Record]
    checkpoints: list[Checkpoint]
    task: Task
    basis: Basis


def _read(store: Store, run: str) -> _Stored:
    row = store.get(run)
    experiment = Experiment.model_validate_json(row.experiment)
    digest = experiment.task.table
    table = task_from_table(store.table(digest)) if digest is not None else None
    task = experiment.build_task(table)
    return _Stored(
        row, experiment, store.records(row.id), store.checkpoints(row.id), task, basis_of_task(task)
    )


def run_report(store: Store, run: str, path: Path) -> Report:
    """Gather the report of a stored run.

    Arguments:
        store: where it is.
        run: its id, the beginning of it, or `latest`.
        path: where the report will be written, for the command it carries.
    """
    found = _read(store, run)
    row, records = found.row, found.records
    panels, notes = _panels(found)
    if not records:
        notes.append("Nothing was observed yet, so there are no curves.")
    if row.status == "diverged":
        notes.append(
            f"Training stopped at {words.unit_of(row)} {row.step + 1:,}, where a loss or weight was no "
            f"longer finite; the last finite state is shown. A {_REMEDIES[row.learner]} helps."
        )
    elif row.grokked_at is None:
        notes.append(
            f"Test accuracy did not reach 99% within {words.steps_words(row.step, words.unit_of(row))}."
        )
    last = records[-1].scalars if records else {}
    return Report(
        words.title(row, found.experiment, last),
        words.summary(row, last),
        _facts(found),
        tuple(panels),
        tuple(notes),
        (
            ("made the run", str(row.context.get("command", ""))),
            ("makes this report", _command(store, row, path)),
        ),
        _colophon(row),
    )


def comparison(store: Store, run: str, closed_form: MLP, path: Path) -> Report:
    """Gather the last weights of a run beside a network in closed form, on the same axes.

    Raises:
        InputError: the network is of another task's shape, or the run has no readable weights.
    """
    found = _read(store, run)
    row, task = found.row, found.task
    check_shape(closed_form, found.basis, task.k)
    if not isinstance(found.experiment.learner, MLPSettings):
        raise InputError(
            f"run: must be of two-layer networks to stand beside a closed form, got {row.id} of {row.learner}"
        )
    stage = stages(row)[-1]
    net, note = load_stage(found.checkpoints, stage)
    if net is None:
        raise InputError(f"run: {row.id} has no weights to compare. {note}")
    portraits = [
        Portrait(f"trained, {stage.label}", net, found.basis, task.operands),
        Portrait("closed form", closed_form, found.basis, task.operands),
    ]
    return Report(
        f"{words.task_name(row, found.experiment)}: trained against closed form",
        f"A network of width {net.width:,} after {words.steps_words(row.step)} of training, beside one of "
        f"width {closed_form.width:,} whose weights were written down. Accuracy is over all {task.size:,} "
        "inputs.",
        _facts(found),
        (scores(_scores(portraits, task)), *weight_panels(portraits)),
        (),
        (("made the run", str(row.context.get("command", ""))),),
        _colophon(row),
    )


def network_report(
    net: MLP, basis: Basis, title: str, *, summary: str = "", task: Task | None = None, command: str = ""
) -> Report:
    """Gather the report of a network alone, whatever its source.

    Arguments:
        net: the weights.
        basis: of the task.
        title: one line.
        summary: one or two sentences.
        task: adds accuracy over all inputs and the operands' names.
        command: what made the network.
    """
    check_shape(net, basis, len(basis.operands))
    names = task.operands if task is not None else ("x", "y", "z", "a", "b", "n")[: len(basis.operands)]
    portrait = Portrait("", net, basis, names)
    numbers = ", ".join(f"{score.name} {number(score.values[0])}" for score in _scores([portrait], task))
    facts = (
        ("Measured", numbers + (f", over all {task.size:,} inputs" if task is not None else "")),
        ("Network", f"width {net.width:,}, activation {words.activation_words(net.activation)}"),
        ("Fourier basis", words.basis_words(basis)),
    )
    return Report(
        title,
        summary,
        facts,
        tuple(weight_panels([portrait])),
        (),
        (("made the network", command),),
    )


def transformer_report(net: Transformer, task: Task, title: str, *, command: str = "") -> Report:
    """Gather the report of a transformer alone, whatever its source.

    Arguments:
        net: the weights.
        task: what it computes, or one of them.
        title: one line.
        command: what made the picture.
    """
    panels, notes = network_panels([(Stage("these weights", 0), net)], task)
    heads, width, head = net.blocks[0].query.shape
    neurons, layers = net.blocks[0].mlp_in.shape[1], len(net.blocks)
    parts = [
        f"transformer of {layers} layer{'s' if layers > 1 else ''}, width {width}, {heads} heads of {head}",
        f"MLP of {neurons} {net.activation} units",
        f"tokens {net.layout}",
    ]
    facts = (
        ("Network", ", ".join(parts)),
        ("Fourier basis", words.basis_words(basis_of_task(task))),
    )
    return Report(title, "", facts, tuple(panels), tuple(notes), (("made the picture", command),))


def check_shape(net: MLP, basis: Basis, k: int) -> None:
    """Refuse a network whose operands, values or classes are not those of the basis."""
    p = len(basis.operands[0])
    if (net.operands, net.modulus) != (k, p) or net.classes <= int(basis.outputs.max()):
        raise InputError(
            f"network: must have {k} operands of {p} values and their classes, "
            f"got {net.operands} of {net.modulus} with {net.classes} classes"
        )


def weight_panels(
    portraits: Sequence[Portrait],
    phase_sources: Sequence[tuple[str, np.ndarray]] | None = None,
    *,
    one_network: bool = False,
) -> list[Panel]:
    """Draw everything that depends on weights alone: features, phase sums, maps over pairs.

    Arguments:
        portraits: to draw side by side.
        phase_sources: (label, counts) of the phase sums; None counts them from the weights.
        one_network: the portraits are stages of one network.
    """
    sources = [(p.label, p.phase_counts) for p in portraits] if phase_sources is None else list(phase_sources)
    panels: list[Panel] = []
    if portraits:
        panels.append(features(portraits, one_network=one_network))
    if sources:
        operands = len(portraits[-1].operands) if portraits else 2
        panels.append(phases(sources, operands))
    if portraits and len(portraits[-1].operands) >= 2:
        panels += [unit_maps(portraits, one_network=one_network), logit_maps(portraits)]
    return [replace(panel, span=6) if len(panel.groups) == 1 else panel for panel in panels]


_REMEDIES = {"mlp": "smaller learning rate", "rfm": "ridge", "transformer": "smaller learning rate"}


def _panels(found: _Stored) -> tuple[list[Panel], list[str]]:
    """Draw what a run's learner has to show; also list what is missing."""
    learner = found.experiment.learner
    if isinstance(learner, TransformerSettings):
        return transformer_panels(found.row, found.records, found.checkpoints, found.task, learner.loss)
    if not isinstance(learner, MLPSettings):
        return machine_panels(found.row, found.records, found.checkpoints, found.basis, found.task.operands)
    portraits, notes = _portraits(found)
    panels = _curves(found, learner.loss) if found.records else []
    panels += weight_panels(portraits, _phase_sources(found, portraits), one_network=True)
    if portraits and found.experiment.corruption:
        split = split_of(found.experiment, found.task)
        last = portraits[-1]
        panels.append(pruning_panel(last.net, found.basis, found.task, split, last.label))
    if portraits and len(found.task.operands) < 2:
        notes.append("A task of one operand has no map over pairs of values.")
    return panels, notes


def _curves(found: _Stored, loss: str) -> list[Panel]:
    row, records = found.row, found.records
    frame = Frame(max(row.step, records[-1].step), moment_table(row))
    panels = [
        curves.accuracy(frame, records, row.context),
        curves.loss(frame, records, row.context, loss),
        *curves.norms(frame, records),
        curves.fourier(frame, records, found.basis.order),
        curves.frequencies(frame, records),
    ]
    return [panel for panel in panels if panel is not None]


def _portraits(found: _Stored) -> tuple[list[Portrait], list[str]]:
    portraits, notes = [], []
    for stage in stages(found.row):
        net, note = load_stage(found.checkpoints, stage)
        if net is None:
            notes.append(note)
        else:
            portraits.append(Portrait(stage.label, net, found.basis, found.task.operands))
    return portraits, notes


def _phase_sources(found: _Stored, portraits: Sequence[Portrait]) -> list[tuple[str, np.ndarray]]:
    """Take the recorded histograms; where a step was not observed, count from the weights."""
    counted = {portrait.label: portrait for portrait in portraits}
    sources = []
    for stage in stages(found.row):
        counts = histogram_at(found.records, stage.step, "phase_sum")
        if counts is None and stage.label in counted:
            counts = counted[stage.label].phase_counts
        if counts is not None:
            sources.append((stage.label, counts))
    return sources


def _scores(portraits: Sequence[Portrait], task: Task | None) -> list[Score]:
    rows = [
        Score("IPR", [portrait.ipr for portrait in portraits]),
        Score("phase coherence", [portrait.coherence for portrait in portraits]),
    ]
    if task is not None:
        inputs, labels = task.inputs(), task.labels()
        rows.insert(
            0, Score("accuracy", [accuracy_of(portrait.net, inputs, labels) for portrait in portraits])
        )
    names = [portrait.label for portrait in portraits]
    return [Score(row.name, row.values, names) for row in rows]


def _facts(found: _Stored) -> tuple[tuple[str, str], ...]:
    row = found.row
    return (
        ("Task", f"{found.experiment.name}, {row.p} values an operand, {row.p} classes"),
        (
            "Kernel machine" if row.learner == "rfm" else "Network and training",
            words.settings(found.experiment),
        ),
        ("Data", words.data_words(row.context)),
        ("Basis" if row.learner == "rfm" else "Fourier basis", words.basis_words(found.basis)),
    )


def _command(store: Store, row: RunRow, path: Path) -> str:
    where = "" if store.folder == Path("runs") else f" --runs {store.folder}"
    return f"modgrok report {row.id} -o {path.name}{where}"


def _colophon(row: RunRow) -> str:
    version, jax = row.context.get("version", "?"), row.context.get("jax", "?")
    device = row.context.get("device", "?")
    trained = (
        f"Run {row.id}: {words.steps_words(row.step, words.unit_of(row))} in {row.seconds:.1f} s "
        f"on {device}, modgrok {version}, JAX {jax}."
    )
    return f"{trained} Report by modgrok {__version__}."
