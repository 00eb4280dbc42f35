"""Gradient symmetricity: whether the gradients of a network's logits by both operands are alike."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...models.networks import network_type

TRIPLES = 100
"""Size of the papers' sample."""


def random_triples(p: int, seed: int = 0, count: int = TRIPLES) -> Int[np.ndarray, "n 3"]:
    """Draw (x, y, class) without repetition.

    Arguments:
        p: modulus.
        seed: of the draw.
        count: how many; all p^3 if there are no more.
    """
    chosen = np.random.default_rng(seed).choice(p**3, size=min(count, p**3), replace=False)
    return np.stack(np.unravel_index(chosen, (p, p, p)), axis=1).astype(np.int32)


@eqx.filter_jit
def gradient_symmetricity(net: Any, triples: Int[Array, "n 3"], task: int | None = None) -> Float[Array, ""]:
    """Return the mean cosine of the gradients of a logit by both operands.

        s = mean over (x, y, c) of cos(dQ_c/dE_x, dQ_c/dE_y)

    E_x and E_y are the embeddings of the operands in a transformer, and their one-hot vectors in other
    networks. They are separate arguments, also where x = y. A gradient of 0 has cosine 0.

    Arguments:
        net: k = 2, of a kind with `operand_gradients` in `modgrok.models.networks`; call this inside its
            precision.
        triples: see `random_triples`.
        task: which task of a mixture.

    Returns:
        A number in [-1, 1]: 1 where the operands are treated alike before anything nonlinear (pizza), lower
        where their product is formed (clock); near 0 on random weights with the operands' own readers.

    Source: Zhong et al. 2023 (arXiv 2306.17844), Def. 4.1. Deviation: its networks have embeddings; one-hot
    vectors take their place here where there is none.
    """
    gradients = network_type(net).operand_gradients
    assert gradients is not None
    inputs = triples[:, :2]
    if task is not None:
        inputs = jnp.concatenate([inputs, jnp.full_like(inputs[:, :1], task)], axis=1)
    vectors = gradients(net, inputs, triples[:, 2])
    one, two = vectors[:, 0], vectors[:, 1]
    size = jnp.linalg.norm(one, axis=1) * jnp.linalg.norm(two, axis=1)
    return jnp.mean(jnp.where(size > 0, jnp.sum(one * two, axis=1) / jnp.where(size > 0, size, 1), 0))


def has_operand_gradients(net: Any) -> bool:
    """Say whether `gradient_symmetricity` is defined: two operands, each with a vector of its own."""
    return net.operands == 2 and network_type(net).operand_gradients is not None
