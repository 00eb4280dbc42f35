"""Gradients of single logits by what stands for each operand, before anything is mixed.

    g_s = d L_c(x) / d E_s

with E_s the embedding of operand s in a transformer, and its one-hot vector in a network without embedding.

Owns: these gradients for each kind of network; `models.networks` lists them.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .kernel_machine import KernelMachine
from .kernels.tables import features, lookup, norms, offsets, products
from .transformer import Transformer
from .transformer_fast import best_logits


def of_embeddings(
    net: Transformer, inputs: Int[Array, "n w"], classes: Int[Array, " n"]
) -> Float[Array, "n 2 d"]:
    """Return the gradients by the embeddings of two operands, which are separate also where x = y.

    Arguments:
        net: k = 2.
        inputs: as in `Transformer.__call__`.
        classes: of the logit of each input.
    """

    def of_one(row: Int[Array, " w"], label: Int[Array, ""]) -> Float[Array, "2 d"]:
        places = jnp.concatenate([jnp.arange(2, dtype=row.dtype), row[2:]])[None]

        def logit(vectors: Array) -> Array:
            table = net.embedding.at[:2].set(vectors)
            return best_logits(eqx.tree_at(lambda n: n.embedding, net, table), places)[0, label]

        return jax.grad(logit)(net.embedding[row[:2]])

    return jax.lax.map(lambda pair: of_one(*pair), (inputs, classes))


def of_added_rows(net: Any, inputs: Int[Array, "n k"], classes: Int[Array, " n"]) -> Float[Array, "n k p"]:
    """Return the gradients by one-hot vectors, in networks whose hidden layer adds one row for each operand.

        g_s = U_s dL_c / d(sum_t U[t, x_t])

    Arguments:
        net: with U as its `embedding`, shape (k, p, h): `MLP`, `DeepMLP`.
        inputs: operand values.
        classes: of the logit of each input.

    Example:
        >>> from modgrok.models import MLP
        >>> net = MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))
        >>> of_added_rows(net, jnp.array([[0, 4]]), jnp.array([1]))[0, :, 0].tolist()
        [12.0, 12.0]
    """

    def of_one(row: Int[Array, " k"], label: Int[Array, ""]) -> Float[Array, "k p"]:
        def logit(total: Array) -> Array:
            alone = eqx.tree_at(lambda n: n.embedding, net, total[None, None])
            return alone(jnp.zeros((1, 1), row.dtype))[0, label]

        slope = jax.grad(logit)(sum(net.embedding[s, row[s]] for s in range(net.operands)))
        return net.embedding @ slope

    return jax.vmap(of_one)(inputs, classes)


def of_kernel(
    net: KernelMachine, inputs: Int[Array, "n k"], classes: Int[Array, " n"]
) -> Float[Array, "n 2 p"]:
    """Return the gradients by the one-hot vectors of the first two operands, which have equal sizes.

        g = sum_j alpha_jc (k_u M x_j + 2 k_q M x)

    Example:
        >>> from modgrok.models.kernels import Quadratic
        >>> net = KernelMachine(Quadratic(), jnp.eye(10), jnp.ones((1, 5)), jnp.array([[0, 4]]), (5, 5))
        >>> of_kernel(net, jnp.array([[0, 4]]), jnp.array([1]))[0].tolist()
        [[4.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 4.0]]
    """
    hot, at = features(net.inputs, net.sizes), features(inputs, net.sizes)
    table = lookup(net.feature_matrix, hot)
    k_u, k_q = net.kernel.slopes(
        products(table, at), norms(net.feature_matrix, at)[:, None], norms(net.feature_matrix, hot)[None]
    )
    weights = net.alphas[:, classes].T
    of_norms = 2 * jnp.sum(weights * k_q, axis=1)[:, None] * lookup(net.feature_matrix, at).T
    gradients = (weights * k_u) @ table.T + of_norms
    start, p = offsets(net.sizes), net.sizes[0]
    return jnp.stack([gradients[:, start[s] : start[s] + p] for s in range(2)], axis=1)
