"""`modgrok explain`: a network's answers as a formula, and how many of them it accounts for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ..decide import FORMS
from ..display import percent
from ..interop import checkpoint_at
from ..io import is_file, read_npy
from ..io.weights_path import names_file
from ..measures.logits import Explanation, loss_frequencies
from ..measures.logits import explain as explained
from ..measures.logits.explanation_json import explanation_json
from ..measures.logits.explanation_sentence import explanation_sentence
from ..measures.replacement import replace_weights
from ..runs import NetworkFile, Store, read_network_file
from ..runs.assets import stored_experiment
from ..runs.splits import split_of
from ..tasks import InputError, Split, Task
from ..tasks.errors import shorten
from .display.replacements import print_replacements, replacements_json, write_replacement
from .shared.computing import prepare_to_compute
from .shared.file_options import NO_TRAINED_OPTIONS, OfTrainedFile, TrainedFileOptions
from .shared.options import DEFAULT_RUNS, Json, Runs, Whole
from .shared.output import check_output, say, say_json

MOST_LISTED = 12
"""Frequencies shown to a reader; the JSON object has all of them."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What is to be explained.

    Arguments:
        name: of the run or file.
        task: what its logits are compared with.
        logits: a network or an array.
        split: which inputs trained it, where that is known.
        step: of the weights, where that is known.
        content: the file of a network; None for an array.
    """

    name: str
    task: Task
    logits: Any
    split: Split | None = None
    step: int | None = None
    content: NetworkFile | None = None


def explain(
    run: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="Run id, the beginning of one, or latest; or a file of weights; or, with --logits, "
            "the expression of the task.",
        ),
    ] = None,
    expression: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True, help="Expression of a file that does not name its task; needs --p."
        ),
    ] = None,
    /,
    *,
    logits: Annotated[
        Path | None,
        Parameter(
            help="A .npy array of logits instead of a network: one row for each input of the domain, or for "
            "each of all p^k inputs, in the order of x, then y; one column for each class."
        ),
    ] = None,
    file: OfTrainedFile = NO_TRAINED_OPTIONS,
    form: Annotated[
        str | None,
        Parameter(
            help=f"Which form to use where the task has both: {' or '.join(FORMS)}; default {FORMS[0]}."
        ),
    ] = None,
    step: Annotated[
        Whole | None, Parameter(help="Step of the checkpoint to explain; default the last.")
    ] = None,
    replace: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Also replace the network's weights by their projections onto waves, and report how "
            "accurate the result is.",
        ),
    ] = False,
    by_loss: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Also list the key frequencies by ablated loss: those without which the loss rises.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        Parameter(
            name=["--output", "-o"],
            help="With --replace: .safetensors file for the network with replaced weights.",
        ),
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Explain a network's answers by a formula in the index of its task, input by input.

    The index of an input is the one number that its value depends on, such as x + y. The formula is the mean
    logit at each index, reduced to its few largest frequencies. An input is explained if the formula's margin
    for its label exceeds all that the formula leaves out.
    """
    prepare_to_compute()
    if output is not None:
        if not replace:
            raise InputError("output: must be used with --replace, got it alone")
        check_output(output, (".safetensors",))
    if expression is not None and logits is None:
        if file.expression is not None:
            raise InputError(f"expression: must be given once, got {shorten(file.expression)} as well")
        file = dataclasses.replace(file, expression=expression)
    if logits is not None:
        if step is not None:
            raise InputError(f"step: must be left out with --logits, got {step}")
        subject = _from_logits(logits, run or file.expression, expression, file)
    elif run is None:
        raise InputError("run: must name a run or a file of weights, got none")
    elif names_file(run):
        if step is not None:
            raise InputError(f"step: must be left out for a file, got {step}")
        subject = _from_file(Path(run), file)
    else:
        file.refuse_with_run(run)
        subject = _from_run(run, runs, step)
    if replace and subject.content is None:
        raise InputError("replace: must be used with a network, got an array of logits")
    explanation = explained(subject.task, subject.logits, split=subject.split, form=form)
    results = replace_weights(subject.task, subject.logits, split=subject.split) if replace else ()
    tell(explanation, subject)
    replaced: dict[str, Any] = {}
    if by_loss:
        loss_increases = loss_frequencies(subject.task, subject.logits)
        _tell_by_loss(loss_increases)
        replaced["key_frequencies"] = None if loss_increases is None else list(loss_increases)
    if replace and subject.content is not None:
        print_replacements(results)
        replaced["replacements"] = replacements_json(results)
        if output is not None:
            write_replacement(output, results, subject.content)
    if json:
        say_json({"run": subject.name, "step": subject.step, **explanation_json(explanation), **replaced})
    return 0


def _from_logits(path: Path, first: str | None, second: str | None, file: TrainedFileOptions) -> Subject:
    if second is not None:
        raise InputError(
            f"expression: must be the only argument with --logits, got {shorten(second)} as well"
        )
    for name in ("layout", "activation", "heads"):
        if getattr(file, name) is not None:
            raise InputError(f"{name}: must be left out with --logits, got {shorten(getattr(file, name))}")
    task = dataclasses.replace(file, expression=first).task()
    if path.suffix != ".npy" or not is_file(path):
        raise InputError(f"logits: must be an existing .npy file, got {shorten(path)}")
    return Subject(str(path), task, read_npy(path, "logits"), file.split(task))


def _from_file(path: Path, file: TrainedFileOptions) -> Subject:
    content = file.read(path)
    step = content.notes.get("step")
    task = content.task()
    return Subject(str(path), task, content.network, file.split(task), step, content)


def _from_run(run: str, runs: Path, step: int | None) -> Subject:
    with Store(runs, read_only=True) as store:
        row = store.get(run)
        checkpoint = checkpoint_at(store.checkpoints(row.id), step)
        experiment = stored_experiment(store, row)
        task = experiment.build_task()
        content = read_network_file(checkpoint.path, checkpoint.sha256)
    return Subject(row.id, task, content.network, split_of(experiment, task), checkpoint.step, content)


def tell(explanation: Explanation, subject: Subject) -> None:
    """Say an explanation in words."""
    step = "" if subject.step is None else f"  ·  step {subject.step:,}"
    say(f"{subject.task.name} on {subject.task.p} classes  ·  {subject.name}{step}")
    which = "inputs" if subject.split is None else "test inputs"
    say(explanation_sentence(explanation, which))
    for part in explanation.parts or (explanation,):
        if explanation.parts:
            say(f"  {part.task}: {explanation_sentence(part, which)}")
        _print_formula(part)


def _tell_by_loss(loss_increases: dict[int, float] | None) -> None:
    if loss_increases is None:
        say("  key frequencies by ablated loss are those of two operands of a cyclic group; not defined here")
        return
    frequencies = ", ".join(f"{k} (+{rise:.2g})" for k, rise in list(loss_increases.items())[:MOST_LISTED])
    more = f" and {len(loss_increases) - MOST_LISTED} more" if len(loss_increases) > MOST_LISTED else ""
    say(f"  key frequencies by ablated loss: {frequencies or 'none'}{more}")


def _print_formula(explanation: Explanation) -> None:
    if explanation.without_form is not None:
        say("  characters of all operands and the class kept, accuracy, accuracy of random logits:")
        curve = explanation.without_form
        for row in zip(curve.characters, curve.accuracy, curve.random, strict=True):
            say(f"  {row[0]:>10,}  {percent(row[1]):>8}  {percent(row[2]):>8}")
    if explanation.formula is None or explanation.frequencies is None:
        return
    assert explanation.amplitudes is not None
    assert explanation.energies is not None
    say(f"  {explanation.formula}")
    alone = f"  right by the formula alone: {percent(explanation.formula_accuracy)}"
    say(f"{alone}, by all frequencies of the mean logits: {percent(explanation.means_accuracy)}")
    if explanation.explained_share_train is not None:
        say(f"  explained training inputs: {percent(explanation.explained_share_train)}")
    waves = list(zip(explanation.frequencies, explanation.amplitudes, explanation.energies, strict=True))
    for frequency, amplitude, energy in waves[:MOST_LISTED]:
        say(f"  {frequency!s:>12}  rms {amplitude:.4g}  {percent(energy)} of the variation")
    if len(waves) > MOST_LISTED:
        say(f"  and {len(waves) - MOST_LISTED} more")
    if explanation.cosets is not None and explanation.cosets.explains_more:
        spaces = ", ".join(
            f"{space.index} {space.side} cosets of order {space.order}" for space in explanation.cosets.spaces
        )
        say(
            f"  cosets explain as much with {explanation.cosets.dimension} functions instead of "
            f"{explanation.cosets.representation_dimension}: {spaces}"
        )
