"""F(s, c): the mean centred logit over all inputs with one index, and its expansion in s."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .rows import Rows, chunks
from .task_index import Frequency, TaskIndex


@dataclass(frozen=True, eq=False)
class IndexMeans:
    """F and how often each index occurs.

    Arguments:
        means: F(s, c), float64, shape (m, c); 0 where s does not occur. Rows sum to 0.
        counts: inputs with each index, int64, shape (m,).
        scale: the largest absolute centred logit.
    """

    means: np.ndarray
    counts: np.ndarray
    scale: float


@dataclass(frozen=True, eq=False)
class Part:
    """One frequency's part of F.

    Arguments:
        frequency: its name.
        values: the projection of F(., c) on the waves of the frequency, shape (m, c).
        energy: sum of squares of the values at indices that occur or not.
        dimension: number of real waves.
    """

    frequency: Frequency
    values: np.ndarray
    energy: float
    dimension: int


def centred(logits: np.ndarray) -> np.ndarray:
    """Subtract the mean over classes, in float64."""
    values = logits.astype(np.float64)
    return np.asarray(values - values.mean(axis=1, keepdims=True))


def index_means(index: TaskIndex, rows: Rows) -> IndexMeans:
    """Average the centred logits over the inputs of each index, exactly over the whole domain.

        F(s, c) = mean over inputs x of the domain with index s of (L(x, c) - mean_c' L(x, c'))

    Arguments:
        index: of the task.
        rows: logits over the domain.
    """
    sums: np.ndarray | float = 0.0
    counts = np.bincount(index.values, minlength=index.size)
    scale = 0.0
    for start, stop in chunks(len(index.values)):
        logits = centred(rows(start, stop))
        scale = max(scale, float(np.abs(logits).max()))
        chosen = index.values[start:stop]
        order = np.argsort(chosen, kind="stable")
        present, first = np.unique(chosen[order], return_index=True)
        total = np.zeros((index.size, logits.shape[1]))
        total[present] = np.add.reduceat(logits[order], first, axis=0)
        sums = sums + total
    return IndexMeans(np.asarray(sums) / np.maximum(counts, 1)[:, None], counts, scale)


def constant_part(index: TaskIndex, index_means: IndexMeans) -> np.ndarray:
    """Return F_0: the mean over the expanded indices that occur, and F itself at indices never expanded.

    Returns:
        float64, shape (m, c).
    """
    expanded = index.position >= 0
    occurring = expanded & (index_means.counts > 0)
    base = index_means.means.copy()
    if occurring.any():
        base[expanded] = index_means.means[occurring].mean(axis=0)
    return base


def parts(index: TaskIndex, index_means: IndexMeans) -> list[Part]:
    """Split F - F_0 into its frequencies, the one of the largest energy first.

    An index that does not occur counts as one where F is F_0.
    """
    base = constant_part(index, index_means)
    varying = np.where((index_means.counts > 0)[:, None], index_means.means - base, 0.0)
    split = []
    for number, frequency in enumerate(index.frequencies):
        waves = index.waves(number)
        coefficients = waves.T @ varying
        split.append(Part(frequency, waves @ coefficients, float(np.sum(coefficients**2)), waves.shape[1]))
    return sorted(split, key=lambda part: -part.energy)
