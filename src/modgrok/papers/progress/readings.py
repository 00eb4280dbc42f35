"""Progress measures of a run at the weights that it has kept.

Owns: what is read of a network, for every learner in the same way. Explained shares are those recorded with
the weights; losses of parts of the logits and Fourier measures are computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...measures import make_token_basis
from ...measures.circuit.restricted_loss import combination_losses, mean_loss
from ...measures.circuit.task_grid import task_grids
from ...measures.fourier.sparsity import frequency_sparsity
from ...measures.fourier.token_waves import wave_norms
from ...measures.logits import explain, explained_share_of
from ...models.on_device import on_device
from ...runs import Checkpoint
from ..claims.evidence import RunData
from ..crosscut.table import sum_logits
from .course import ACCURACY, Course

MEASURES = ("explained_share", "restricted_loss", "excluded_loss", "ffs", "ipr")
"""Progress measures, in the order shown."""
TITLES = {
    ACCURACY: "test accuracy",
    "explained_share": "explained share",
    "restricted_loss": "restricted loss",
    "excluded_loss": "excluded loss",
    "ffs": "FFS",
    "ipr": "IPR",
}
Vectors = Callable[[Any], np.ndarray]
"""Network -> weight vectors along the tokens 0..p-1, shape (p, m), whose waves FFS and IPR count."""


def ipr_of_columns(vectors: np.ndarray) -> float:
    """Return the mean inverse participation ratio of columns: sum_f power_f^2 of the real DFT of each.

    Arguments:
        vectors: shape (p, m); columns of zeros are left out.

    Returns:
        A number in [1/(p//2 + 1), 1], 1 for waves of one frequency each; 0 if all are zero.

    Example:
        >>> angle = 2 * np.pi * np.arange(7) / 7
        >>> round(ipr_of_columns(np.stack([np.cos(angle), np.sin(3 * angle), 0 * angle], axis=1)), 6)
        1.0

    Source: Doshi et al. 2024, Sec. 3; see `measures.fourier.ipr`.
    """
    energy = np.abs(np.fft.rfft(np.asarray(vectors, np.float64), axis=0)) ** 2
    energy = energy[:, energy.sum(axis=0) > 0]
    if energy.shape[1] == 0:
        return 0.0
    power = energy / energy.sum(axis=0)
    return float(np.mean(np.sum(power**2, axis=0)))


def ffs_of(vectors: np.ndarray) -> float:
    """Return the Fourier frequency sparsity of weight vectors; see `frequency_sparsity`."""
    matrix = on_device(np.asarray(vectors), np.float32)
    return float(frequency_sparsity(wave_norms(matrix, make_token_basis(len(vectors)).natural)))


def key_frequencies(run: RunData, network: Any, number: int | None = None) -> list[int]:
    """Return the frequencies by which losses are parted.

    Arguments:
        run: whose task and split.
        network: the last one (Nanda et al. 2023, Sec. 5.1).
        number: how many of largest energy; None takes those of its formula, at least one.
    """
    explanation = explain(run.task, network, split=run.split)
    assert explanation.frequencies is not None
    assert explanation.ranking is not None
    count = len(explanation.frequencies) if number is None else number
    return [int(str(frequency)) for frequency in explanation.ranking[: max(count, 1)]]


def measures_at(
    run: RunData, checkpoint: Checkpoint, vectors: Vectors, key: Sequence[int]
) -> dict[str, float]:
    """Return the progress measures of kept weights, and test accuracy.

    Arguments:
        run: that kept them; of one task of two operands, defined for all pairs.
        checkpoint: the weights.
        vectors: which weight vectors FFS and IPR are of.
        key: key frequencies.

    Returns:
        By name: `test_accuracy`; `explained_share` of the test inputs; `restricted_loss` over all pairs and
        `excluded_loss` over the training pairs (Nanda et al. 2023, Sec. 5.1); `ffs`, `ipr`.
    """
    network = checkpoint.load()
    logits = sum_logits(network, run.task)
    losses = combination_losses(logits, key, ["restricted_loss", "excluded_loss"])
    (at,) = task_grids(run.task)
    train = np.isin(np.ravel_multi_index(tuple(at.grid.inputs.T), run.task.table.shape), run.split.train)
    weights = vectors(network)
    return {
        ACCURACY: run.at(ACCURACY, checkpoint.step),
        "explained_share": explained_share_at(run, checkpoint),
        "restricted_loss": mean_loss(losses["restricted_loss"], np.ones(len(train), dtype=bool)),
        "excluded_loss": mean_loss(losses["excluded_loss"], train),
        "ffs": ffs_of(weights),
        "ipr": ipr_of_columns(weights),
    }


def explained_share_at(run: RunData, checkpoint: Checkpoint) -> float:
    """Return the explained share recorded with kept weights; counted here where it was not."""
    share = checkpoint.explained_share
    if share is None:
        share = explained_share_of(run.task, run.split, checkpoint.load())
    return float("nan") if share is None else share


def course_of(run: RunData, vectors: Vectors) -> Course | None:
    """Return the measures of a run from memorising to the end; None if it did not memorise or grok."""
    memorised, grokked = run.row.memorised_at, run.row.grokked_at
    if memorised is None or not grokked:
        return None
    checkpoints = [checkpoint for checkpoint in run.checkpoints if checkpoint.step >= memorised]
    key = key_frequencies(run, checkpoints[-1].load())
    each = [measures_at(run, checkpoint, vectors, key) for checkpoint in checkpoints]
    steps = np.array([checkpoint.step for checkpoint in checkpoints])
    return Course(steps, {name: np.array([one[name] for one in each]) for name in each[0]}, grokked)


def changes(run: RunData, vectors: Vectors, key: Sequence[int]) -> dict[str, float] | None:
    """Return by how much each measure changes from memorising to the end; None if the run did not memorise.

    Arguments:
        run: any.
        vectors: which weight vectors FFS and IPR are of.
        key: key frequencies.
    """
    memorised = run.row.memorised_at
    if memorised is None:
        return None
    first = next(checkpoint for checkpoint in run.checkpoints if checkpoint.step >= memorised)
    before, after = (measures_at(run, at, vectors, key) for at in (first, run.checkpoints[-1]))
    return {name: after[name] - before[name] for name in before}
