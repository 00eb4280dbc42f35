"""The explained share: for how many inputs a formula in the index alone accounts for the answer.

    F_K(s, c) = the mean of F(., c) + its K frequencies of largest energy
    an input with index s and label y is explained by F_K if
    F_K(s, y) - max_{c != y} F_K(s, c) > max_c (L - F_K) - min_c (L - F_K)

What the formula leaves out is then too small to have changed the answer, so that an explained input is
answered correctly.

Owns: the definition, the curve over K, and the choice of the shortest list of frequencies.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...display import Displayed, Facts
from ...tasks import InputError, Split, Task
from ...tasks.split import held_out
from .cosets import CosetExplanation, explain_by_cosets
from .explained_count import ROUNDING, count_explained, shortest
from .formula import formula
from .index_means import constant_part, index_means, parts
from .rows import Rows, cached, chunks, rows_of_array, rows_of_network
from .sparse_accuracy import AccuracyCurve, accuracy_curve
from .task_index import Frequency, TaskIndex, task_index


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Explanation(Displayed):
    """What a formula in the index explains of a network's logits.

    Arguments:
        task: name of the task.
        p: modulus, or number of classes.
        accuracy: share of right answers of the logits, on the test inputs; without a split on all inputs.
            This and the shares below are None for a task of a mixture that has no test input; the frequencies
            are then those that explain its training inputs.
        train_accuracy: the same on training inputs with their clean labels; None without a split.
        formula_accuracy: share of right answers of the formula, on the same inputs as `accuracy`.
        means_accuracy: share of right answers of F with all its frequencies. Where it is above `accuracy`,
            what depends on the index is right already, and the rest hides it.
        explained_share: share of those inputs that the formula explains, at most `accuracy`.
        explained_share_train: the same on the training inputs. A memorised input can explain itself.
        frequencies: of the formula, the one of largest energy first.
        amplitudes: root mean square over indices and classes of each of them.
        energies: share of the variation of F over s that each of them has.
        order: of the group in which F is expanded.
        curve: explained share for K = 0, 1, ... frequencies.
        curve_train: the same on the training inputs.
        ranking: all frequencies by decreasing energy, which K counts.
        index: the index of the inputs; None where the task has no known form.
        formula: the formula in plain notation.
        seconds: wall-clock time, without the network's own.
        cosets: of the task of a group, how much functions of cosets explain; else None.
        without_form: where the task has no known form, test accuracy against the number of characters kept.
        parts: explanations of each task of a mixture.
        counts: inputs behind `accuracy`, and those of them right, right by the formula, and explained.
    """

    task: str
    p: int
    accuracy: float | None
    train_accuracy: float | None
    formula_accuracy: float | None
    means_accuracy: float | None
    explained_share: float | None
    explained_share_train: float | None
    frequencies: tuple[Frequency, ...] | None = None
    amplitudes: tuple[float, ...] | None = None
    energies: tuple[float, ...] | None = None
    order: int | None = None
    curve: tuple[float, ...] | None = None
    curve_train: tuple[float, ...] | None = None
    ranking: tuple[Frequency, ...] | None = None
    index: TaskIndex | None = None
    formula: str | None = None
    seconds: float
    cosets: CosetExplanation | None = None
    without_form: AccuracyCurve | None = None
    parts: tuple[Explanation, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def _facts(self) -> Facts:
        index = None if self.index is None else self.index.description
        facts = {"task": self.task, "p": self.p, "accuracy": self.accuracy, "index": index}
        return {**facts, "explained_share": self.explained_share, "frequencies": self.frequencies}

    @property
    def largest_share(self) -> float | None:
        """The largest explained share over all K, at most 0.01 above `explained_share`."""
        return None if self.curve is None else max(self.curve)


def explain(task: Task, logits: Any, *, split: Split | None = None, form: str | None = None) -> Explanation:
    """Explain a network's answers by a formula in the index of its task, input by input.

    Arguments:
        task: any task; each task of a mixture is explained apart, and all together.
        logits: an array over the domain, shape (n, p), or over all inputs, (p^k, p) or (p, ..., p, p); or a
            network: a function of inputs (n, k) that returns logits (n, p), such as what `modgrok.load`
            returns.
        split: which inputs train. Shares are then of the test inputs, and labels are always the clean ones.
        form: `additive` or `multiplicative` where a task has both, and the first is not wanted.

    Returns:
        The explanation. Its formula has the shortest list of frequencies, by decreasing energy of F, whose
        explained share is within 0.01 of the largest over all numbers of frequencies. Where an index occurs
        once, its input counts as not explained, since the formula would be the logits themselves.

    Raises:
        InputError: logits of another shape, or not finite in the domain; a form that the task does not have.

    Example:
        >>> import numpy as np
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 7)
        >>> x, y = task.inputs().T
        >>> sums = (x + y)[:, None] - np.arange(7)
        >>> result = explain(task, np.cos(2 * np.pi * 2 * sums / 7) + 0.1 * np.cos(x)[:, None])
        >>> result.explained_share, result.frequencies, result.order
        (1.0, (2,), 7)

    Source: the index means are the function-space form of Nanda et al. 2023, Sec. 4.1; the margin condition
    is this project's.
    """
    rows = rows_of_network(task, logits) if callable(logits) else rows_of_array(task, logits)
    if split is not None and len(split.train) + len(split.test) != task.size:
        raise InputError(f"split: must cover the {task.size} inputs of the task, got another task's")
    rows = cached(task, rows)
    tests = held_out(task, split)
    return _explain_mixture(task, rows, tests, form) if task.parts else _explain(task, rows, tests, form)


def _explain_mixture(task: Task, rows: Rows, tests: np.ndarray, form: str | None) -> Explanation:
    started, count = time.perf_counter(), len(task.parts)
    explanations = []
    for number, part in enumerate(task.parts):
        places = np.flatnonzero(task.domain % count == number)

        def chosen(start: int, stop: int, places: np.ndarray = places) -> np.ndarray:
            at = places[start:stop]
            return rows(int(at[0]), int(at[-1]) + 1)[at - at[0]]

        explanations.append(_explain(part, chosen, tests[places], form))
    known = [part for part in explanations if part.index is not None]
    together = {name: sum(part.counts[name] for part in explanations) for name in explanations[0].counts}
    complete = len(known) == len(explanations)

    def share(name: str, size: str) -> float | None:
        if (not complete and name.startswith(("formula", "explained"))) or not together[size]:
            return None
        return together[name] / together[size]

    return Explanation(
        task=task.name,
        p=task.p,
        accuracy=_share(together["correct"], together["size"]),
        train_accuracy=share("correct_train", "size_train"),
        formula_accuracy=share("formula", "size"),
        means_accuracy=share("formula_of_means", "size"),
        explained_share=share("explained", "size"),
        explained_share_train=share("explained_train", "size_train"),
        seconds=time.perf_counter() - started,
        parts=tuple(explanations),
        counts=together,
    )


def _explain(task: Task, rows: Rows, tests: np.ndarray, form: str | None) -> Explanation:
    started = time.perf_counter()
    index = task_index(task, form)
    if index is None:
        return _without_form(task, rows, tests, started)
    means = index_means(index, rows)
    base = constant_part(index, means)
    ranked = [part for part in parts(index, means) if part.energy > (ROUNDING * means.scale) ** 2]
    additions = [part.values for part in ranked]
    test, train = count_explained(task, index, means, rows, base, additions, tests)
    number = shortest(test.explained, test.size) if test.size else shortest(train.explained, train.size)
    chosen = ranked[:number]
    total = sum(part.energy for part in ranked) or 1.0
    expanded = max(int((index.position >= 0).sum()), 1)
    cosets = None
    if test.size and index.group is not None and not index.group.startswith("C"):
        share = test.explained[number] / test.size
        energy = sum(part.energy for part in chosen) / total
        dimension = 1 + sum(part.dimension for part in chosen)
        cosets = explain_by_cosets(task, index, means, rows, tests, share, energy, dimension)
    return Explanation(
        task=task.name,
        p=task.p,
        accuracy=_share(test.correct, test.size),
        train_accuracy=_share(train.correct, train.size),
        formula_accuracy=_share(test.formula[number], test.size),
        means_accuracy=_share(test.formula[-1], test.size),
        explained_share=_share(test.explained[number], test.size),
        explained_share_train=_share(train.explained[number], train.size),
        frequencies=tuple(part.frequency for part in chosen),
        amplitudes=tuple(float(np.sqrt(part.energy / (expanded * task.p))) for part in chosen),
        energies=tuple(part.energy / total for part in chosen),
        order=index.order,
        curve=tuple((test.explained / test.size).tolist()) if test.size else None,
        curve_train=tuple((train.explained / train.size).tolist()) if train.size else None,
        ranking=tuple(part.frequency for part in ranked),
        index=index,
        formula=formula(index, chosen),
        seconds=time.perf_counter() - started,
        cosets=cosets,
        counts={
            "size": test.size,
            "correct": test.correct,
            "formula": int(test.formula[number]),
            "formula_of_means": int(test.formula[-1]),
            "explained": int(test.explained[number]),
            "size_train": train.size,
            "correct_train": train.correct,
            "explained_train": int(train.explained[number]),
        },
    )


def _share(count: int | np.integer, size: int) -> float | None:
    return float(count / size) if size else None


def _without_form(task: Task, rows: Rows, tests: np.ndarray, started: float) -> Explanation:
    labels = task.labels()
    right = np.concatenate([rows(start, stop).argmax(axis=1) for start, stop in chunks(task.size)]) == labels
    size, size_train = int(tests.sum()), int((~tests).sum())
    correct, correct_train = int(right[tests].sum()), int(right[~tests].sum())
    return Explanation(
        task=task.name,
        p=task.p,
        accuracy=_share(correct, size),
        train_accuracy=_share(correct_train, size_train),
        formula_accuracy=None,
        means_accuracy=None,
        explained_share=None,
        explained_share_train=None,
        seconds=time.perf_counter() - started,
        without_form=accuracy_curve(task, rows, tests) if size else None,
        counts={
            "size": size,
            "correct": correct,
            "formula": 0,
            "formula_of_means": 0,
            "explained": 0,
            "size_train": size_train,
            "correct_train": correct_train,
            "explained_train": 0,
        },
    )
