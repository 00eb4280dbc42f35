"""Losses of parts of the logits: restricted to key frequencies, without them, and every other combination."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .logit_parts import SumLogits

COMBINATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("full_loss", ("key", "nonkey", "residual")),
    ("restricted_loss", ("key",)),
    ("nonkey_loss", ("nonkey",)),
    ("residual_loss", ("residual",)),
    ("key_nonkey_loss", ("key", "nonkey")),
    ("key_residual_loss", ("key", "residual")),
    ("excluded_loss", ("nonkey", "residual")),
)
"""The rows of Table A.4: (name, parts kept). The constant is kept in all."""


def cross_entropy_of(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each row in float64, exact down to 1e-300.

        log(1 + sum_{q != y} exp(z_q - z_y))

    Arguments:
        logits: float64, shape (n, c).
        labels: in 0..c-1, shape (n,).

    Example:
        >>> cross_entropy_of(np.array([[40.0, 0.0]]), np.array([0])).tolist() == [np.exp(-40.0)]
        True
    """
    rows = np.arange(len(labels))
    above = logits - logits[rows, labels][:, None]
    above[rows, labels] = -np.inf
    most = np.maximum(above.max(axis=1), 0)
    others = np.exp(above - most[:, None]).sum(axis=1)
    return np.where(most > 0, most + np.log(np.exp(-most) + others), np.log1p(others))


def restricted_losses(
    logits: SumLogits, key: Sequence[int], chosen: np.ndarray | None = None
) -> dict[str, float]:
    """Return the mean cross-entropy of every combination of the parts of the logits.

    The parts are those of `split_logits`; a combination is their sum and the constant. So `restricted_loss`
    is Nanda's: constant and key waves alone; `excluded_loss` is Nanda's: all but the key waves.

    Arguments:
        logits: over all pairs.
        key: key frequencies.
        chosen: bool, shape (r s,): the inputs to average over, such as the training set; None takes all. The
            parts always come from all pairs.

    Returns:
        Values from 0, by the names in `COMBINATIONS`; nan if no input is chosen.

    Source: Nanda et al. 2023, Sec. 5.1 (restricted over all pairs, excluded over the training set); Furuta et
    al. 2024, App. E, Table A.4, whose ablated losses are the other rows.
    """
    losses = combination_losses(logits, key)
    rows = logits.grid.targets >= 0 if chosen is None else (logits.grid.targets >= 0) & chosen
    return {name: mean_loss(values, rows) for name, values in losses.items()}


def combination_losses(
    logits: SumLogits, key: Sequence[int], names: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """Return the cross-entropy of combinations of the parts of the logits, on each pair.

    Combinations without the residual are functions of the sum: they are evaluated once for each sum and class
    that occur together.

    Arguments:
        logits: over all pairs.
        key: key frequencies.
        names: of `COMBINATIONS`; None for all.

    Returns:
        Name -> losses, shape (r s,), nan where the task has no answer.
    """
    targets, sums = logits.grid.targets, logits.grid.sums
    rows = np.flatnonzero(targets >= 0)
    key_part = logits.part(key)
    of_sums = {"key": key_part, "nonkey": logits.means - logits.constant - key_part}
    classes = logits.logits.shape[1]
    pairs, place = np.unique(sums[rows] * classes + targets[rows], return_inverse=True)
    losses_by_name = {}
    for name, combination in COMBINATIONS:
        if names is not None and name not in names:
            continue
        values = sum((of_sums[part] for part in combination if part != "residual"), start=logits.constant)
        values = np.broadcast_to(values, logits.means.shape)
        losses = np.full(len(targets), np.nan)
        if "residual" in combination:
            losses[rows] = cross_entropy_of(values[sums[rows]] + logits.residual[rows], targets[rows])
        else:
            losses[rows] = cross_entropy_of(values[pairs // classes], pairs % classes)[place]
        losses_by_name[name] = losses
    return losses_by_name


def mean_loss(losses: np.ndarray, chosen: np.ndarray) -> float:
    """Return the mean over the chosen pairs; nan if there are none."""
    return float(losses[chosen].mean()) if chosen.any() else float("nan")
