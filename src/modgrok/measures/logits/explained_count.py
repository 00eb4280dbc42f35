"""How many inputs each of a sequence of formulas explains.

Owns: the exact count, and the bounds that settle most inputs without it. With F the means of the logits L
over the inputs of each index, L - F_K = (L - F) + (F - F_K), and for the spread max - min of these

    |spread(L - F) - spread(F - F_K)| <= spread(L - F_K) <= spread(L - F) + spread(F - F_K),

of which the first term is one number for each input and the second one for each index and K. From K to K + 1
the spread moves by at most that of the added frequency, so that few inputs are counted exactly at every K.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...analytic.verify import margins
from ...tasks import Task
from .index_means import IndexMeans, centred
from .rows import Rows, chunks
from .task_index import TaskIndex

SLACK = 0.01
"""How far below the largest explained share the listed frequencies may stay."""
ROUNDING = 1e-12
"""Differences below this share of the largest logit count as ties: they are rounding in float64."""
BLOCK = 1024
"""Inputs compared at once: their logits stay in a core's cache."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts over one set of inputs, for F_0, F_1, ....

    Arguments:
        explained: explained inputs for each K, int64, shape (K + 1,).
        formula: inputs whose greatest F_K is their label, shape (K + 1,).
        correct: inputs whose greatest logit is their label.
        size: number of inputs.
    """

    explained: np.ndarray
    formula: np.ndarray
    correct: int
    size: int


def count_explained(
    task: Task,
    index: TaskIndex,
    means: IndexMeans,
    rows: Rows,
    base: np.ndarray,
    additions: Sequence[np.ndarray],
    tests: np.ndarray,
) -> tuple[Counts, Counts]:
    """Count explained inputs for F_0 = base and F_K = F_(K-1) + additions[K-1].

    Arguments:
        task: gives the labels.
        index: of the task.
        means: gives how often an index occurs, and the scale of the logits.
        rows: logits over the domain.
        base: F_0, shape (m, c).
        additions: of shape (m, c).
        tests: bool, shape (n,): which inputs are counted first, the others second.

    Returns:
        Counts over the test inputs, and over the others.
    """
    labels = task.labels().astype(np.int64)
    label_of = np.zeros(index.size, dtype=np.int64)
    label_of[index.values] = labels
    formulas = _cumulated(base, additions)
    safe_margins = np.stack([margins(values, label_of) for values in formulas])
    safe_margins[:, means.counts < 2] = -np.inf
    formula_correct = np.stack([values.argmax(axis=1) == label_of for values in formulas])
    tolerance = ROUNDING * means.scale
    safe_margins -= tolerance
    tails = np.stack([_spread((means.means - values).T) for values in formulas])
    moves = np.stack([np.zeros(len(base)), *(_spread(values.T) for values in additions)])
    possible = safe_margins.max(axis=0) > 0
    explained = np.zeros((2, len(formulas)), dtype=np.int64)
    correct = np.zeros(2, dtype=np.int64)
    for first, last in chunks(task.size):
        logits = rows(first, last)
        right = logits.argmax(axis=1) == labels[first:last]
        correct += right[tests[first:last]].sum(), right[~tests[first:last]].sum()
        inputs = np.flatnonzero(right & possible[index.values[first:last]])
        for start in range(0, len(inputs), BLOCK):
            at = inputs[start : start + BLOCK]
            explained += _explained(
                np.ascontiguousarray(centred(logits[at]).T),
                index.values[first + at],
                means.means,
                formulas,
                safe_margins,
                tails,
                moves,
                tolerance,
                tests[first + at],
            )
    sizes = [np.bincount(index.values[chosen], minlength=index.size) for chosen in (tests, ~tests)]
    return tuple(  # type: ignore[return-value]
        Counts(explained[side], formula_correct @ size, int(correct[side]), int(size.sum()))
        for side, size in enumerate(sizes)
    )


def shortest(explained: np.ndarray, size: int) -> int:
    """Return the least K whose explained share is within 0.01 of the largest.

    Example:
        >>> shortest(np.array([0, 50, 995, 1000]), 1000)
        2
    """
    return int(np.argmax(explained >= explained.max() - SLACK * size - 1e-9))


def _cumulated(base: np.ndarray, additions: Sequence[np.ndarray]) -> list[np.ndarray]:
    formulas = [base]
    for values in additions:
        formulas.append(formulas[-1] + values)
    return formulas


def _spread(columns: np.ndarray) -> np.ndarray:
    """Return max - min over the first axis."""
    return np.asarray(columns.max(axis=0) - columns.min(axis=0))


def _explained(
    columns: np.ndarray,
    indices: np.ndarray,
    means: np.ndarray,
    formulas: list[np.ndarray],
    margins: np.ndarray,
    tails: np.ndarray,
    moves: np.ndarray,
    slack: float,
    tests: np.ndarray,
) -> np.ndarray:
    """Count over one block of inputs whose greatest logit is their label; no other is explained.

    Arguments:
        columns: centred logits, classes along the first axis, so that a maximum over them runs along memory.
        indices: of the inputs.
        tests: bool: which of them are counted first, the others second.
        means: F, shape (m, c).
        formulas: F_0, F_1, ..., shape (m, c) each.
        margins, tails, moves: of F_K, spread of F - F_K, spread of F_K - F_(K-1), shape (K + 1, m).
        slack: more than the rounding of the bounds; inputs this close to one are counted exactly.

    Returns:
        int64, shape (2, K + 1): test inputs, other inputs.
    """
    counts = np.zeros((2, len(formulas)), dtype=np.int64)
    rest = _spread(columns - means.T[:, indices])
    low, high = np.zeros(len(indices)), np.full(len(indices), np.inf)
    for number, values in enumerate(formulas):
        margin, tail, move = margins[number][indices], tails[number][indices], moves[number][indices]
        low, high = np.maximum(low - move, np.abs(rest - tail)), np.minimum(high + move, rest + tail)
        yes = margin > high + slack
        at = np.flatnonzero((margin > 0) & (margin > low - slack) & ~yes)
        if len(at):
            chosen = columns if len(at) == len(indices) else columns[:, at]
            spread = _spread(chosen - np.take(values.T, indices[at], axis=1))
            low[at], high[at], yes[at] = spread, spread, margin[at] > spread
        counts[0, number] = np.count_nonzero(yes & tests)
        counts[1, number] = np.count_nonzero(yes) - counts[0, number]
    return counts
