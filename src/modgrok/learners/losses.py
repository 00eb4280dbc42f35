"""Losses of one example, and whether its prediction is right.

Owns: the conventions. Every loss takes the logits of one example and its class; batches average over
examples, so the loss of a batch does not depend on its size.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

Loss = Callable[[Float[Array, "n c"], Int[Array, " n"]], Float[Array, " n"]]


def mse(logits: Float[Array, "n c"], labels: Int[Array, " n"]) -> Float[Array, " n"]:
    """Mean squared error against the one-hot label, averaged over classes: |z - e_y|^2 / c.

    Sources differ: the mean over classes (here; Gromov's rates of 1e5 to 1e6) is 1/c times the sum over
    classes, so a rate for the summed loss is 1/c of the rate here.

    Example:
        >>> float(mse(jnp.zeros((1, 4)), jnp.array([2]))[0])
        0.25
    """
    error = logits - jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    return jnp.mean(error * error, axis=-1)


def cross_entropy(logits: Float[Array, "n c"], labels: Int[Array, " n"]) -> Float[Array, " n"]:
    """Cross-entropy of the softmax: log sum_q exp z_q - z_y, in natural units.

    Example:
        >>> round(float(cross_entropy(jnp.zeros((1, 4)), jnp.array([2]))[0]), 4)
        1.3863
    """
    return jax.nn.logsumexp(logits, axis=-1) - _label_logit(logits, labels)


def stablemax(logits: Float[Array, "n c"], labels: Int[Array, " n"]) -> Float[Array, " n"]:
    """Cross-entropy with s(z) in place of exp z: -log(s(z_y) / sum_q s(z_q)).

    s(z) = z + 1 for z >= 0 and 1/(1 - z) below, so that it grows linearly and cannot saturate.

    Source: Prieto et al. 2025 (arXiv 2501.04697), Eq. 5.

    Example:
        >>> round(float(stablemax(jnp.zeros((1, 4)), jnp.array([2]))[0]), 4)
        1.3863
    """
    positive = jnp.maximum(logits, 0)
    negative = jnp.minimum(logits, 0)
    s = jnp.where(logits >= 0, positive + 1, 1 / (1 - negative))
    return jnp.log(jnp.sum(s, axis=-1)) - jnp.log(_label_logit(s, labels))


def _label_logit(logits: Array, labels: Array) -> Array:
    return jnp.take_along_axis(logits, labels[:, None], axis=-1)[:, 0]


LOSSES: tuple[tuple[str, Loss], ...] = (
    ("mse", mse),
    ("cross_entropy", cross_entropy),
    ("stablemax", stablemax),
)


def loss_named(name: str) -> Loss:
    """Return the loss of that name.

    Raises:
        ValueError: unknown name.
    """
    for known, function in LOSSES:
        if known == name:
            return function
    raise ValueError(f"loss: must be one of {', '.join(n for n, _ in LOSSES)}, got {name!r}")
