"""Sentences about a run: title, summary, settings, in plain words.

Owns: the words; numbers come from the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..algebra import Basis
from ..learners.base.wording import typeset
from ..learners.catalogue import definition_named, definition_of
from ..measures.corruption.corruption_phase import Phase
from ..runs import Experiment, RunRow
from ..runs.schedule import GROKKED
from .panels.curves import percent


def task_name(row: RunRow, experiment: Experiment) -> str:
    """Name the task: `x + y mod 97`, or the group; and the share of corrupted labels, if there are any."""
    group = experiment.task.group
    task = f"{typeset(row.expression)} mod {row.p}" if group is None else f"Composition in {group}"
    corrupted = experiment.corruption
    return f"{task} with {percent(corrupted)} corrupted labels" if corrupted else task


def title(row: RunRow, experiment: Experiment, last: dict[str, float]) -> str:
    """Say in one line what happened."""
    return f"{task_name(row, experiment)}: {outcome(row, last)}"


def outcome(row: RunRow, last: dict[str, float]) -> str:
    """Say what became of the network or kernel machine, from its milestones and from where it ended."""
    network, unit = definition_named(row.learner).wording.noun, unit_of(row)
    if row.status == "diverged":
        return f"training diverged at {unit} {row.step + 1:,}"
    after = f"after {steps_words(row.step, unit)}"
    if row.grokked_at is None and row.memorised_at is None:
        return f"{network} {after}, neither memorised nor grokked"
    if row.grokked_at is None:
        test = last.get("test_accuracy", float("nan"))
        return f"memorised, {percent(test)} on test inputs {after}" if test >= 0 else f"memorised {after}"
    test = last.get("test_accuracy", float("nan"))
    if test < GROKKED:
        return f"99% on test inputs at {unit} {row.grokked_at:,}, {percent(test)} {after}"
    if row.memorised_at is not None and row.memorised_at < row.grokked_at:
        return f"{network} learns it by grokking"
    return f"{network} learns it without delay"


def phase_words(phase: Phase | None) -> str:
    """Name the phase of a run with corrupted labels, and say what it means; nothing without such labels.

    Example:
        >>> phase_words("full inversion")
        'Phase: full inversion, clean labels fitted and corrupted ones not (Doshi et al. 2023, Table 2).'
    """
    return "" if phase is None else f"Phase: {phase}, {_PHASES[phase]} (Doshi et al. 2023, Table 2)."


_PHASES: dict[Phase, str] = {
    "coexistence": "corrupted labels fitted and test inputs answered correctly at once",
    "partial inversion": "test inputs answered correctly and some corrupted labels not fitted",
    "full inversion": "clean labels fitted and corrupted ones not",
    "memorisation": "training labels fitted, corrupted ones among them, without generalising",
    "forgetting": "neither fitted nor generalising, after it had generalised",
    "confusion": "neither fitted nor generalising",
}


def unit_of(row: RunRow) -> str:
    """Name an update of a run's learner: `step`, or `iteration`."""
    return definition_named(row.learner).wording.unit


def steps_words(steps: int, unit: str = "step") -> str:
    """Count steps: `1 step`, `1,500 steps`."""
    return f"{steps:,} {unit}" + "s" * (steps != 1)


def summary(row: RunRow, last: dict[str, float], phase: Phase | None = None) -> str:
    """Say when it memorised and grokked, where it ended, and in which phase.

    Arguments:
        row: of the run.
        last: numbers of its last record.
        phase: of a run with corrupted labels; see `runs.outcome.phase_of_records`.
    """
    summary, unit = [], unit_of(row)
    if row.memorised_at is not None:
        summary.append(f"Training accuracy reaches 99% at {unit} {row.memorised_at:,}")
    if row.grokked_at is not None and row.memorised_at is not None:
        delay = row.grokked_at - row.memorised_at
        if delay > 0:
            summary.append(f"test accuracy at {unit} {row.grokked_at:,}, {steps_words(delay, unit)} later")
        else:
            summary.append(f"test accuracy at {unit} {row.grokked_at:,}, no later")
    elif row.grokked_at is not None:
        summary.append(f"Test accuracy reaches 99% at {unit} {row.grokked_at:,}")
    elif row.memorised_at is not None:
        summary.append("test accuracy never does")
    parts = ["; ".join(summary) + "."] if summary else []
    end = [f"{name} {percent(last[key])}" for name, key in _ENDS if last.get(key, float("nan")) >= 0]
    if end:
        state = f"last finite {unit}" if row.status == "diverged" else "end"
        parts.append(f"At the {state} ({unit} {row.step:,}): {', '.join(end)}.")
    if phase is not None:
        parts.append(phase_words(phase))
    if row.status in ("running", "interrupted"):
        budget = f"; its budget is {steps_words(row.budget, unit)}" if row.budget else ""
        parts.append(f"The run is {row.status}{budget}.")
    return " ".join(parts)


def tasks_words(row: RunRow, outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Say when each task of a mixture memorised and grokked, and where it ended; nothing of a single task.

    Arguments:
        row: of the run.
        outcomes: see `runs.outcome.task_outcomes`.
    """

    def at(step: int | None) -> str:
        return "never" if step is None else f"at {unit_of(row)} {step:,}"

    return "; ".join(
        f"{typeset(task['expression'])} memorised {at(task['memorised_at'])}, "
        f"grokked {at(task['grokked_at'])}, test accuracy {percent(task['test_accuracy'])} at the end"
        for task in outcomes
    )


_ENDS = (("training accuracy", "train_accuracy"), ("test accuracy", "test_accuracy"))


def settings(experiment: Experiment) -> str:
    """Say how it was trained, in one line."""
    parts = definition_of(experiment.learner).wording.describe(experiment.learner)
    parts += [f"corrupted labels {experiment.corruption:g}"] if experiment.corruption else []
    if experiment.symmetric:
        parts += ["split by signed orbits" if experiment.orbits == "sign" else "symmetric split"]
    parts += [f"fold {experiment.fold} of {experiment.folds}"] if experiment.folds else []
    return ", ".join([*parts, f"seed {experiment.seed}"])


def basis_words(basis: Basis) -> str:
    """Say in which order the Fourier measures read the values."""
    if basis.group is not None:
        return f"irreducible representations of {basis.group}, a group of order {basis.order}"
    plain = all((labels == np.arange(len(labels))).all() for labels in basis.operands)
    if basis.name == "multiplicative":
        return f"discrete logarithms, cyclic group of order {basis.order}"
    if plain:
        return f"the values themselves, Z_{basis.order}"
    return f"relabelled values g(x), where the task is h(g(x) + g(y)) over Z_{basis.order}"


def data_words(context: dict[str, Any]) -> str:
    """Say how many inputs train and test, what is left out, the chance levels, and the orbit null."""
    train, test = int(context["train"]), int(context["test"])
    summary = f"{train:,} training and {test:,} test inputs ({percent(train / (train + test))} train)"
    if context.get("excluded"):
        summary += f", {context['excluded']:,} inputs outside the domain"
    if context.get("corrupted"):
        summary += f", {context['corrupted']:,} training labels redrawn"
    chance, majority = percent(float(context["chance"])), percent(float(context["majority"]))
    return f"{summary}; chance {chance}, most frequent class {majority}{_leakage_words(context)}"


def _leakage_words(context: dict[str, Any]) -> str:
    """Say what the split gives away; nothing of runs that did not record it."""
    if context.get("orbit_accuracy") is None:
        return ""
    words = f", orbit null {percent(float(context['orbit_accuracy']))}"
    words += f" (with signs {percent(float(context['sign_accuracy']))})"
    if context["swap_share"] is not None:
        share = percent(float(context["swap_share"]))
        words += f"; {share} of the test inputs have a permutation in the training set"
    return words
