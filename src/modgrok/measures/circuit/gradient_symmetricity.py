"""Gradient symmetricity: whether a network's logits pull on both operands' embeddings alike."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...models.transformer import Transformer
from ...models.transformer_fast import best_logits

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
def gradient_symmetricity(
    net: Transformer, triples: Int[Array, "n 3"], task: int | None = None
) -> Float[Array, ""]:
    """Return the mean cosine of the gradients of a logit by both operands' embeddings.

        s = mean over (x, y, c) of cos(dQ_c/dE_x, dQ_c/dE_y)

    The two embeddings are separate arguments, also where x = y. A gradient of 0 has cosine 0.

    Arguments:
        net: k = 2.
        triples: see `random_triples`.
        task: which task of a mixture.

    Returns:
        A number in [-1, 1]: 1 where the operands are treated alike before anything nonlinear (pizza), lower
        where their product is formed (clock); near 0 on random weights with the operands' own readers.

    Source: Zhong et al. 2023 (arXiv 2306.17844), Def. 4.1.
    """
    places = jnp.array([[0, 1] if task is None else [0, 1, task]])

    def cosine(triple: Int[Array, " 3"]) -> Array:
        x, y, c = triple

        def logit(first: Array, second: Array) -> Array:
            table = net.embedding.at[0].set(first).at[1].set(second)
            return best_logits(eqx.tree_at(lambda n: n.embedding, net, table), places)[0, c]

        one, two = jax.grad(logit, argnums=(0, 1))(net.embedding[x], net.embedding[y])
        size = jnp.linalg.norm(one) * jnp.linalg.norm(two)
        return jnp.where(size > 0, jnp.vdot(one, two) / jnp.where(size > 0, size, 1), 0)

    return jnp.mean(jax.lax.map(cosine, triples))
