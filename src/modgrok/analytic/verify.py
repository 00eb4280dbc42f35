"""Verify: every input of a table against a forward pass, in chunks of one compiled shape.

Owns: the exhaustive count of errors, the smallest margin, MSE and peak. Serves closed-form and trained
networks alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

Forward = Callable[[Int[Array, "n k"]], Float[Array, "n c"]]


@dataclass(frozen=True)
class VerificationReport:
    """What an exhaustive pass found.

    Attributes:
        inputs: how many inputs the domain has.
        errors: inputs whose correct-class logit is not strictly the largest; a tie or a NaN is an error.
        accuracy: 1 - errors/inputs, in [0, 1].
        margin: the smallest correct-class logit minus the largest other one, over all inputs; > 0 iff
            errors = 0.
        mse: mean over inputs and classes of (logit - one-hot)^2.
        peak: mean correct-class logit, 1 for a unit-peak network.
    """

    inputs: int
    errors: int
    accuracy: float
    margin: float
    mse: float
    peak: float


def verify(forward: Forward, table: np.ndarray, p: int, *, chunk: int = 4096) -> VerificationReport:
    """Check a forward pass on every input of a table's domain.

    Arguments:
        forward: inputs int32 (n, k) -> logits (n, c), jit-compatible; an Equinox module is passed as data, so
            a second network of the same shapes costs no compilation.
        table: int64, the class of every input, -1 outside the domain; shape (p,)*k, or that of a mixture.
        p: modulus.
        chunk: inputs evaluated at once; memory grows with chunk * hidden width. 4096 keeps p = 251 with two
            operands and p = 23 with four under 1 GiB at width 2000.

    Returns:
        A `VerificationReport`. Matrix products run at full float32 precision on every device.

    Raises:
        ValueError: the domain is empty, a class exceeds p or the logits, or chunk < 1.

    Example:
        >>> import numpy as np
        >>> n = np.arange(5)
        >>> verify(lambda x: jax.nn.one_hot(x.sum(axis=1) % 5, 5), (n[:, None] + n) % 5, 5)
        VerificationReport(inputs=25, errors=0, accuracy=1.0, margin=1.0, mse=0.0, peak=1.0)
    """
    table = np.asarray(table)
    if table.max(initial=-1) >= p:
        raise ValueError(f"table: classes must be below p = {p}, got {table.max()}")
    if chunk < 1:
        raise ValueError(f"chunk: must be at least 1, got {chunk}")
    domain = np.flatnonzero(table.ravel() >= 0)
    if len(domain) == 0:
        raise ValueError("table: must hold at least one class, got none outside -1")
    classes = _classes(forward, table.ndim, int(table.max()))
    errors, squares, right, margin = 0, 0.0, 0.0, np.inf
    with jax.default_matmul_precision("float32"):
        for inputs, labels, real in _chunks(table, domain, min(chunk, len(domain))):
            wrong, least, square, peak = _tally(forward, inputs, labels, real)
            errors += int(wrong)
            margin = float(np.minimum(margin, float(least)))
            squares += float(square)
            right += float(peak)
    count = len(domain)
    return VerificationReport(
        count, errors, (count - errors) / count, margin, squares / (count * classes), right / count
    )


def margins(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the margin of each input from its logits: that of its class minus the largest other one.

    Arguments:
        logits: finite, shape (n, classes).
        labels: int, shape (n,), entries 0..classes-1.

    Returns:
        shape (n,); an input is right where its margin is positive.

    Example:
        >>> margins(np.array([[2.0, 0.5], [1.0, 3.0]]), np.array([0, 0])).tolist()
        [1.5, -2.0]
    """
    at = np.arange(len(labels))
    others = logits.copy()
    others[at, labels] = -np.inf
    return np.asarray(logits[at, labels] - others.max(axis=1))


def _classes(forward: Forward, k: int, largest: int) -> int:
    shape = eqx.filter_eval_shape(forward, jax.ShapeDtypeStruct((1, k), jnp.int32))
    classes = int(shape.shape[1])
    if largest >= classes:
        raise ValueError(f"table: classes must be below the {classes} logits, got {largest}")
    return classes


def _chunks(
    table: np.ndarray, domain: np.ndarray, chunk: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield inputs, labels and which rows count; the last chunk is filled up with its first input."""
    for start in range(0, len(domain), chunk):
        index = domain[start : start + chunk]
        real = np.arange(chunk) < len(index)
        index = np.concatenate([index, np.full(chunk - len(index), index[0])])
        inputs = np.stack(np.unravel_index(index, table.shape), axis=1).astype(np.int32)
        yield inputs, table.ravel()[index].astype(np.int32), real


@eqx.filter_jit
def _tally(
    forward: Forward,
    inputs: Int[Array | np.ndarray, "n k"],
    labels: Int[Array | np.ndarray, " n"],
    real: Bool[Array | np.ndarray, " n"],
) -> tuple[Array, Array, Array, Array]:
    inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
    logits = forward(inputs)
    hot = labels[:, None] == jnp.arange(logits.shape[1])
    right = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    gap = right - jnp.where(hot, -jnp.inf, logits).max(axis=1)
    errors = jnp.sum(real & ~(gap > 0))
    square = jnp.sum(jnp.where(real, jnp.square(logits - hot).sum(axis=1), 0.0))
    return errors, jnp.where(real, gap, jnp.inf).min(), square, jnp.where(real, right, 0.0).sum()
