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
LARGEST_EXPONENT = 300.0
"""Differences of logits up to which their exponentials, and products of two of these, are finite."""


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


def changed_losses(
    logits: np.ndarray, targets: np.ndarray, sums: np.ndarray, changes: Sequence[np.ndarray]
) -> np.ndarray:
    """Return the cross-entropy of each row after a function g of its sum is added, for several g.

        log(1 + sum_{q != y} exp(z_q - z_y) exp(g_q) / exp(g_y))

    Exponentials of the logits z are taken once for all g, and those of g once for each sum.

    Arguments:
        logits: z, float64, shape (n, c).
        targets: y, in 0..c-1, shape (n,).
        sums: of the rows, in 0..m-1, shape (n,).
        changes: each g at every sum, shape (m, c).

    Returns:
        Shape (number of changes, n).

    Example:
        >>> z, g = np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 3.0]])
        >>> changed_losses(z, np.array([0, 1]), np.array([0, 0]), [g]).round(4).tolist()
        [[1.3133, 0.0181]]
    """
    spreads = [np.ptp(values, axis=1).max() for values in (logits, *changes)]
    if max(spreads) >= LARGEST_EXPONENT:
        return np.stack([cross_entropy_of(logits + change[sums], targets) for change in changes])
    parts = np.stack(changes, axis=-1)
    factors = np.exp(parts - parts.mean(axis=1, keepdims=True))
    losses = np.empty((len(changes), len(targets)))
    order = np.argsort(sums, kind="stable")
    present, starts = np.unique(sums[order], return_index=True)
    for at, value in zip(np.split(order, starts[1:]), present, strict=True):
        rows, labels = np.arange(len(at)), targets[at]
        others = logits[at]
        others -= others[rows, labels][:, None]
        np.exp(others, out=others)
        others[rows, labels] = 0
        losses[:, at] = np.log1p(others @ factors[value] / factors[value][labels]).T
    return losses


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
    that occur together. The others are the logits, changed by a function of the sum.

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
    chosen = [(name, combination) for name, combination in COMBINATIONS if names is None or name in names]
    losses_by_name = {name: np.full(len(targets), np.nan) for name, _ in chosen}
    with_residual = {}
    for name, combination in chosen:
        values = sum((of_sums[part] for part in combination if part != "residual"), start=logits.constant)
        values = np.broadcast_to(values, logits.means.shape)
        if "residual" in combination:
            with_residual[name] = values - logits.means
        else:
            losses_by_name[name][rows] = cross_entropy_of(values[pairs // classes], pairs % classes)[place]
    if with_residual:
        changes = list(with_residual.values())
        losses = changed_losses(logits.logits[rows], targets[rows], sums[rows], changes)
        for name, of_rows in zip(with_residual, losses, strict=True):
            losses_by_name[name][rows] = of_rows
    return losses_by_name


def mean_loss(losses: np.ndarray, chosen: np.ndarray) -> float:
    """Return the mean over the chosen pairs; nan if there are none."""
    return float(losses[chosen].mean()) if chosen.any() else float("nan")
