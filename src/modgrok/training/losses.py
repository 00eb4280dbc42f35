"""Losses of one example, and whether its prediction is right.

Owns: the conventions. Every loss takes the logits of one example and its class; batches average over
examples, so the loss of a batch does not depend on its size.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..tasks.catalogue import Catalogue

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
    """Cross-entropy of the softmax, log(1 + sum_{q != y} exp(z_q - z_y)), in natural units.

    Written so that it does not collapse: the usual log sum exp z - z_y rounds to exactly zero, and so
    does its gradient by z_y, once the other classes' share falls below the spacing of numbers at 1 (6e-8 in
    float32, 1e-16 in float64). This form keeps all digits of loss and gradient down to a share of 1e-38 in
    float32.

    Source: the collapse is that of Prieto et al. 2025 (arXiv 2501.04697), Sec. 3; the form is ours.

    Example:
        >>> round(float(cross_entropy(jnp.zeros((1, 4)), jnp.array([2]))[0]), 4)
        1.3863
        >>> far = jnp.array([[50.0, 0.0, 0.0]])
        >>> [f"{float(loss(far, jnp.array([0]))[0]):.3g}" for loss in (cross_entropy, log_softmax)]
        ['3.86e-22', '0']
    """
    right = _label_logit(logits, labels)
    others = jnp.where(labels[:, None] == jnp.arange(logits.shape[-1]), -jnp.inf, logits)
    return jax.nn.softplus(jax.nn.logsumexp(others, axis=-1) - right)


def log_softmax(logits: Float[Array, "n c"], labels: Int[Array, " n"]) -> Float[Array, " n"]:
    """Cross-entropy as usually computed, log sum_q exp z_q - z_y, in the precision of the logits.

    It collapses (see `cross_entropy`), which is why it is here: to be compared with.
    """
    return jax.nn.logsumexp(logits, axis=-1) - _label_logit(logits, labels)


def log_softmax_float64(logits: Float[Array, "n c"], labels: Int[Array, " n"]) -> Float[Array, " n"]:
    """`log_softmax` in float64, as the released code of Furuta et al. 2024 computes it.

    Needs `jax.enable_x64(True)`, in which the run of a network with this loss takes place.
    """
    if jnp.result_type(float) != jnp.float64:
        raise RuntimeError("log_softmax_float64: must run inside jax.enable_x64(True), got float32")
    return log_softmax(logits.astype(jnp.float64), labels)


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


LOSSES: Catalogue[tuple[str, Loss]] = Catalogue(
    "loss",
    (
        ("mse", mse),
        ("cross_entropy", cross_entropy),
        ("stablemax", stablemax),
        ("log_softmax", log_softmax),
        ("log_softmax_float64", log_softmax_float64),
    ),
    name=lambda entry: entry[0],
)
"""Every loss with its name; a new one enters settings and shared tests by one line here."""


def loss_named(name: str) -> Loss:
    """Return the loss of that name.

    Raises:
        InputError: unknown name.
    """
    return LOSSES.named(name)[1]


def collapsed(loss: Loss, logits: Float[Array, "n c"], labels: Int[Array, " n"]) -> Bool[Array, " n"]:
    """Say of each example whether its loss has an exactly zero gradient: it no longer teaches anything.

    Source: Prieto et al. 2025 (arXiv 2501.04697), Sec. 3 (softmax collapse).

    Example:
        >>> far = jnp.array([[60.0, 0.0, 0.0], [120.0, 0.0, 0.0]])
        >>> collapsed(log_softmax, far, jnp.array([0, 0])).tolist()
        [False, True]
    """
    gradient = jax.grad(lambda z: jnp.sum(loss(z, labels)))(logits)
    return jnp.all(gradient == 0, axis=-1)
