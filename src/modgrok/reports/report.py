"""What a report says, before it has a format: title, facts, panels, provenance.

Owns: which panels make up a run's report, a comparison, and the report of a network alone. Pieces that
cannot be shown leave a note; nothing here fails because a run did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..algebra import Basis
from ..learners.base.wording import describe_activation
from ..measures import basis_of_task
from ..measures.logits.array_numbers import logit_numbers
from ..measures.logits.rows import rows_of_network
from ..models import MLP
from ..models.networks import network_type
from ..models.transformer import Transformer
from ..runs import RunRow, Store
from ..runs.outcome import phase_of_records, task_outcomes
from ..tasks import InputError, Split, Task
from ..version import __version__
from . import words
from .charts.chart import Panel
from .charts.scores import Score, number, scores
from .checkpoint_panels import CheckpointPanels, slider
from .commands import portable, runs_option
from .learners.base import PanelsAndNotes, general_panels, other_measures, time_frame
from .learners.catalogue import LEARNER_PANELS
from .learners.mlp import check_shape, weight_panels
from .learners.transformer import network_panels
from .panels.explained import checkpoint_shares, circles, left_over_map
from .panels.task_curves import task_panels
from .stored_run import StoredRun, read_stored_run
from .views.explanation_view import ExplanationView, explanation_view, network_explanation
from .views.mlp_view import MLPView, accuracy_of
from .views.tables import Stage, load_stage, stages

LOGIT_CIRCUIT_SHOWN = ("restricted_loss", "excluded_loss", "distance_irrelevance")
"""Numbers of logits that are said of a network whose weights have no panels."""


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
        checkpoints: what a page shows on its slider; figures have none.
        files: suffix -> what was written of it.
    """

    title: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    colophon: str = f"modgrok {__version__}"
    checkpoints: tuple[CheckpointPanels, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        commands = tuple((what, portable(command)) for what, command in self.commands)
        object.__setattr__(self, "commands", commands)


def run_report(store: Store, run: str, path: Path, checkpoints: int | None = 0) -> Report:
    """Gather the report of a stored run.

    Arguments:
        store: where it is.
        run: its id, the beginning of it, or `latest`.
        path: where the report will be written, for the command it carries.
        checkpoints: most that its slider has; fewer than two for none, None for as many as fit into 1.5 MB.
    """
    stored = read_stored_run(store, run)
    row, records = stored.row, stored.records
    panels, notes = _panels(stored)
    if not records:
        notes.append("Nothing has been observed yet, so there are no curves.")
    if row.status == "diverged":
        notes.append(
            f"Training stopped at {words.unit_of(row)} {row.step + 1:,}, where a loss or weight was no "
            f"longer finite; the last finite state is shown. A {stored.definition.wording.remedy} helps."
        )
    elif row.grokked_at is None:
        notes.append(
            f"Test accuracy did not reach 99% within {words.steps_words(row.step, words.unit_of(row))}."
        )
    last = records[-1].scalars if records else {}
    explanation = explanation_view(stored)
    panels += _explained(stored, explanation)
    return Report(
        words.title(row, stored.experiment, last),
        words.summary(row, last, phase_of_records(records, stored.experiment.corruption)),
        (*_facts(stored), *_formula(explanation)),
        tuple(panels),
        tuple(notes),
        (
            *_provenance(row),
            ("to make this report", _command(store, row, path)),
        ),
        _colophon(row),
        slider(stored, checkpoints),
    )


def comparison(
    store: Store, run: str, closed_form: MLP, path: Path, *, command: str = "", report_command: str = ""
) -> Report:
    """Gather the last weights of a run beside a network in closed form, on the same axes.

    Arguments:
        store, run: as above.
        closed_form: the network beside it.
        path: where the report will be written.
        command: what constructed that network; empty if unknown.
        report_command: what makes this report.

    Raises:
        InputError: the network is of another task's shape, or the run has no readable weights.
    """
    stored = read_stored_run(store, run)
    row, task = stored.row, stored.task
    check_shape(closed_form, stored.basis, task.k)
    stage = stages(row)[-1]
    net, note = load_stage(stored.checkpoints, stage)
    if net is None:
        raise InputError(
            f"run: must have a checkpoint of a two-layer network to be compared with a closed form, got "
            f"{row.id} of {row.learner}. {note}"
        )
    views = [
        MLPView(f"trained, {stage.label}", net, stored.basis, task.operands),
        MLPView("closed form", closed_form, stored.basis, task.operands),
    ]
    return Report(
        f"{words.task_name(row, stored.experiment)}: trained against closed form",
        f"A network of width {net.width:,} after {words.steps_words(row.step)} of training, beside one of "
        f"width {closed_form.width:,} constructed in closed form. Accuracy is over all {task.size:,} "
        "inputs.",
        _facts(stored),
        (scores(_scores(views, task)), *weight_panels(views)),
        (),
        (
            *_provenance(row),
            ("to construct the other network", command),
            ("to make this report", report_command),
        ),
        _colophon(row),
    )


def network_report(
    net: MLP,
    basis: Basis,
    title: str,
    *,
    summary: str = "",
    task: Task | None = None,
    command: str = "",
    report_command: str = "",
) -> Report:
    """Gather the report of a network alone, whatever its source.

    Arguments:
        net: the weights.
        basis: of the task.
        title: one line.
        summary: one or two sentences.
        task: adds accuracy over all inputs and the operands' names.
        command: what made the network; empty if unknown.
        report_command: what makes this report.
    """
    check_shape(net, basis, len(basis.operands))
    names = task.operands if task is not None else ("x", "y", "z", "a", "b", "n")[: len(basis.operands)]
    view = MLPView("", net, basis, names)
    numbers = ", ".join(f"{score.name} {number(score.values[0])}" for score in _scores([view], task))
    facts = (
        ("Measured", numbers + (f", over all {task.size:,} inputs" if task is not None else "")),
        ("Network", f"width {net.width:,}, activation {describe_activation(net.activation)}"),
        ("Fourier basis", words.basis_words(basis)),
    )
    explanation = None if task is None else network_explanation(task, net)
    return Report(
        title,
        summary,
        (*facts, *_formula(explanation)),
        (*weight_panels([view]), *_formula_panels(explanation)),
        (),
        _commands(command, report_command),
    )


def transformer_report(
    net: Transformer, task: Task, title: str, *, command: str = "", report_command: str = ""
) -> Report:
    """Gather the report of a transformer alone, whatever its source.

    Arguments:
        net: the weights.
        task: what it computes, or one of them.
        title: one line.
        command, report_command: as above.
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
    explanation = network_explanation(task, net)
    return Report(
        title,
        "",
        (*facts, *_formula(explanation)),
        (*panels, *_formula_panels(explanation)),
        tuple(notes),
        _commands(command, report_command),
    )


def logits_report(net: Any, task: Task, title: str, *, command: str = "", report_command: str = "") -> Report:
    """Gather the report of a network of any kind from its logits alone, such as one of two hidden layers.

    Arguments:
        net: inputs int32 (n, k) -> logits (n, p), of a kind in `NETWORKS`.
        task: what it computes.
        title: one line.
        command, report_command: as above.
    """
    explanation = network_explanation(task, net)
    noun = network_type(net).noun
    logits = rows_of_network(task, net)(0, task.size) if explanation is None else explanation.logits
    predictions = logits.argmax(axis=1)
    numbers = [f"accuracy {100 * np.mean(predictions == task.labels()):.4g}%"]
    if explanation is not None:
        parts = logit_numbers(task, basis_of_task(task), None, explanation.logits)
        numbers += [
            f"{name.replace('_', ' ')} {number(parts[name])}"
            for name in ("explained_share", *LOGIT_CIRCUIT_SHOWN)
            if np.isfinite(parts.get(name, np.nan))
        ]
    facts = (
        ("Measured", f"{', '.join(numbers)}, over all {task.size:,} inputs"),
        ("Network", f"{noun}: {net!r}"),
        ("Fourier basis", words.basis_words(basis_of_task(task))),
        *_formula(explanation),
    )
    notes = [
        f"There are no panels for the weights of a {noun}; the formula of its logits is shown."
        if explanation is not None
        else f"There are no panels for the weights of a {noun}, and no formula in one index is known for "
        "this task: the numbers above are all that this report has."
    ]
    panels = tuple(_formula_panels(explanation))
    return Report(title, "", facts, panels, tuple(notes), _commands(command, report_command))


def _panels(run: StoredRun) -> PanelsAndNotes:
    """Draw what a run's learner has to show, then what else was recorded."""
    own = LEARNER_PANELS.named(run.row.learner) if run.row.learner in LEARNER_PANELS.names else None
    panels, notes = general_panels(run) if own is None else own.draw(run)
    tasks = task_panels(time_frame(run), run.records, run.row.context) if run.records else []
    return [*tasks, *panels, *other_measures(run, () if own is None else own.measures)], notes


def explanation_panels(task: Task, network: Any, split: Split | None = None) -> list[Panel]:
    """Draw the formula of a network: what it leaves out of each answer, and its frequencies as circles.

    Arguments:
        task: of the network.
        network: inputs int32 (n, k) -> logits (n, p), or an array of logits.
        split: which inputs train; None counts all inputs.

    Returns:
        No panel where there is no formula.
    """
    return _formula_panels(network_explanation(task, network, split))


def _explained(run: StoredRun, view: ExplanationView | None) -> list[Panel]:
    """Draw how much a formula explains: over training, and of the last network."""
    recorded = any("explained_share" in record.scalars for record in run.records)
    shares = checkpoint_shares(time_frame(run), run.checkpoints) if run.records and not recorded else None
    return [*([] if shares is None else [shares]), *_formula_panels(view)]


def _formula_panels(view: ExplanationView | None) -> list[Panel]:
    """Draw what a formula leaves out of each answer, and its frequencies."""
    panels = () if view is None else (left_over_map(view), circles(view))
    return [panel for panel in panels if panel is not None]


def _formula(view: ExplanationView | None) -> tuple[tuple[str, str], ...]:
    if view is None:
        return ()
    return (("Explained", f"{view.sentence}: {view.formula}"),)


def _scores(views: Sequence[MLPView], task: Task | None) -> list[Score]:
    rows = [
        Score("IPR", [view.ipr for view in views]),
        Score("phase coherence", [view.coherence for view in views]),
    ]
    if task is not None:
        inputs, labels = task.inputs(), task.labels()
        rows.insert(0, Score("accuracy", [accuracy_of(view.net, inputs, labels) for view in views]))
    names = [view.label for view in views]
    return [Score(row.name, row.values, names) for row in rows]


def _facts(stored: StoredRun) -> tuple[tuple[str, str], ...]:
    row, wording = stored.row, stored.definition.wording
    tasks = words.tasks_words(row, task_outcomes(stored.records, row.context.get("tasks", [])))
    return (
        ("Task", f"{stored.experiment.name}, {row.p} values per operand, {row.p} classes"),
        *((("Each task", tasks),) if tasks else ()),
        (wording.heading, words.settings(stored.experiment)),
        ("Data", words.data_words(row.context)),
        (wording.basis_heading, words.basis_words(stored.basis)),
    )


def _provenance(row: RunRow) -> tuple[tuple[str, str], ...]:
    return (("to make the run", str(row.context.get("command", ""))),)


def _commands(command: str, report_command: str) -> tuple[tuple[str, str], ...]:
    return (("to make the network", command), ("to make this report", report_command))


def _command(store: Store, row: RunRow, path: Path) -> str:
    return f"modgrok report {row.id} -o {path.name}{runs_option(store.folder)}"


def _colophon(row: RunRow) -> str:
    version, jax = row.context.get("version", "?"), row.context.get("jax", "?")
    steps = f"Run {row.id}: {words.steps_words(row.step, words.unit_of(row))} in {row.seconds:.1f} s"
    if row.context.get("recorded"):
        trained = f"{steps}, trained elsewhere and recorded by modgrok {version}."
    else:
        trained = f"{steps} on {row.context.get('device', '?')}, modgrok {version}, JAX {jax}."
    return f"{trained} Report by modgrok {__version__}."
