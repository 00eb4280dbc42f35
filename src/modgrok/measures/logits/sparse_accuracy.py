"""Tasks without a known form: how many characters of all operands and the class a network's answers need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...tasks import Task
from .index_means import centred
from .rows import Rows, chunks

LARGEST = 2**24
"""Most numbers p^(k+1) of the array that is transformed."""


@dataclass(frozen=True, eq=False)
class AccuracyCurve:
    """Test accuracy of the logits of which only the largest characters are kept.

    Arguments:
        characters: numbers of characters kept, powers of two, then all; a pair of conjugate ones counts as
            one.
        accuracy: of the network, for each of them.
        random: of random logits with the same labels: chance, however many are kept.
    """

    characters: tuple[int, ...]
    accuracy: tuple[float, ...]
    random: tuple[float, ...]


def accuracy_curve(task: Task, rows: Rows, tests: np.ndarray, *, seed: int = 0) -> AccuracyCurve | None:
    """Keep the N characters of largest energy of L(x_1, ..., x_k, c) on Z_p^(k+1), for N = 1, 2, 4, ....

    Arguments:
        task: one task whose form is not known.
        rows: logits over the domain; inputs outside it count as 0.
        tests: bool, shape (n,): the inputs that count.
        seed: of the random logits, independent and normal, which a network of random weights is likened to.

    Returns:
        The curves; None where p^(k+1) exceeds 2^24.
    """
    shape = (*task.table.shape, task.p)
    if task.table.size * task.p > LARGEST:
        return None
    logits = np.zeros((task.table.size, task.p))
    for start, stop in chunks(task.size):
        logits[task.domain[start:stop]] = centred(rows(start, stop))
    noise = np.zeros_like(logits)
    noise[task.domain] = np.random.default_rng(seed).standard_normal((task.size, task.p))
    numbers, accuracies = _curve(task, logits.reshape(shape), tests)
    return AccuracyCurve(numbers, accuracies, _curve(task, noise.reshape(shape), tests)[1])


def _curve(task: Task, logits: np.ndarray, tests: np.ndarray) -> tuple[tuple[int, ...], tuple[float, ...]]:
    spectrum = np.fft.rfftn(logits)
    energy = np.abs(spectrum).ravel()
    order = np.argsort(-energy, kind="stable")
    numbers = [*(2**i for i in range(len(order).bit_length()) if 2**i < len(order)), len(order)]
    places, labels = task.domain[tests], task.labels()[tests]
    partial = np.zeros(spectrum.size, dtype=complex)
    accuracies, start = [], 0
    for number in numbers:
        chosen = order[start:number]
        partial[chosen] = spectrum.ravel()[chosen]
        start = number
        values = np.fft.irfftn(partial.reshape(spectrum.shape), s=logits.shape, axes=range(logits.ndim))
        predictions = values.reshape(-1, task.p)[places].argmax(axis=1)
        accuracies.append(float(np.mean(predictions == labels)))
    return tuple(numbers), tuple(accuracies)
