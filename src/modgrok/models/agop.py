"""Average gradient outer products and neural feature matrices of networks.

Owns: the AGOP of a two-layer network in closed form, of any differentiable predictor by autodiff, the
trace of the AGOP as a term of a loss, and inputs mapped by a fixed matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from . import MLP, activation
from .circulant import CirculantStructure, matrix_power, random_circulant


def nfm(net: MLP) -> Float[Array, "d d"]:
    """Return the neural feature matrix W_1^T W_1, W_1 = a U the matrix that multiplies the input.

    Example:
        >>> nfm(MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))).shape
        (10, 10)

    Source: Mallinar et al. 2024, Sec. 5.
    """
    first = _first_layer(net)
    return first.T @ first


def network_agop(
    net: MLP, inputs: Int[Array, "n k"], *, centred: bool = False, by_class: bool = False
) -> Float[Array, "*c d d"]:
    """Return the AGOP of a two-layer network over some inputs, exactly.

    With W_1 = a U, W_2 = b W and s = phi'(W_1 x), the gradient of logit q is W_1^T (W_2[q] * s), so

        G = W_1^T [ (W_2^T W_2) * E[s s^T] ] W_1

    with products * entry by entry. For the quadratic activation s = 2 W_1 x and E[s s^T] =
    4 W_1 E[x x^T] W_1^T, with no pass over inputs and hidden units; other derivatives phi' come from
    autodiff of phi alone.

    Arguments:
        net: the network.
        inputs: n >= 1 inputs.
        centred: subtract each class's mean gradient: E[s s^T] becomes the covariance of s.
        by_class: leave out the sum over classes; shape (c, d, d).

    Example:
        >>> net = MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))
        >>> float(network_agop(net, jnp.array([[0, 4]]))[0, 0])
        720.0

    Source: Mallinar et al. 2024, Sec. 2 and 5.
    """
    first, second = _first_layer(net), net.output_scale * net.readout
    moment = _slope_moment(net, first, inputs, centred)
    if by_class:
        return jax.vmap(lambda w: first.T @ (jnp.outer(w, w) * moment) @ first)(second)
    return first.T @ ((second.T @ second) * moment) @ first


def agop_trace(net: MLP, inputs: Int[Array, "n k"]) -> Float[Array, ""]:
    """Return tr G, the mean squared norm of all gradients: a differentiable term of a loss.

        tr G = sum_kl (W_2^T W_2)_kl (W_1 W_1^T)_kl E[s_k s_l]

    which for the quadratic network is 4 sum_kl (W_2^T W_2)_kl (W_1 W_1^T)_kl E[z_k z_l], z = W_1 x.

    Example:
        >>> float(agop_trace(MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3))), jnp.array([[0, 4]])))
        7200.0

    Source: Mallinar et al. 2024, App. Fig. 8, whose released term has no gradient.
    """
    first, second = _first_layer(net), net.output_scale * net.readout
    moment = _slope_moment(net, first, inputs, centred=False)
    return jnp.sum((second.T @ second) * (first @ first.T) * moment)


def agop_by_autodiff(
    predictor: Callable[[Float[Array, " d"]], Float[Array, " c"]],
    points: Float[Array, "n d"],
    *,
    centred: bool = False,
) -> Float[Array, "d d"]:
    """Return the AGOP of any differentiable predictor of dense inputs.

    Arguments:
        predictor: one input -> its c outputs.
        points: where to average.
        centred: subtract each output's mean gradient.

    Example:
        >>> agop_by_autodiff(lambda x: jnp.array([x[0] * 3]), jnp.ones((4, 2))).tolist()
        [[9.0, 0.0], [0.0, 0.0]]
    """
    rows = jax.vmap(jax.jacrev(predictor))(points)
    if centred:
        rows = rows - rows.mean(0)
    return jnp.einsum("nca,ncb->ab", rows, rows) / len(points)


def circulant_features(key: PRNGKeyArray, structure: CirculantStructure) -> Float[Array, "k p d"]:
    """Draw random circulant features: row [s, i] is what operand s with value i adds to (M*)^(1/4) x.

    M* is indefinite; its negative eigenvalues count as 0.

    Example:
        >>> from modgrok.models.circulant import oriented
        >>> circulant_features(jax.random.key(0), oriented(5, "toeplitz")).shape
        (2, 5, 10)

    Source: Mallinar et al. 2024, Sec. 5 (x -> (M*)^(1/4) x).
    """
    k, p = structure.labels.shape
    return matrix_power(random_circulant(key, structure), 0.25).reshape(k, p, k * p)


def on_features(net: MLP, features: Float[Array, "k p d"]) -> MLP:
    """Return the network on one-hot inputs that equals a network on mapped ones, f(Q x).

    Its embedding is Q's rows times the network's, so that training `net` through this function is training
    on the mapped inputs.

    Example:
        >>> net = MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))
        >>> bool(jnp.array_equal(on_features(net, jnp.eye(10).reshape(2, 5, 10)).embedding, net.embedding))
        True
    """
    flat = net.embedding.reshape(-1, net.width)
    return replace(net, embedding=features @ flat)


def _first_layer(net: MLP) -> Float[Array, "h d"]:
    return net.input_scale * net.embedding.reshape(-1, net.width).T


def _slope_moment(
    net: MLP, first: Float[Array, "h d"], inputs: Int[Array, "n k"], centred: bool
) -> Float[Array, "h h"]:
    """Return E[s s^T] or the covariance of s, s = phi'(W_1 x)."""
    if net.activation == "power2":
        moment = _input_moment(inputs, net.operands, net.modulus, first.dtype, centred)
        return 4 * (first @ moment @ first.T)
    derivative = jax.vmap(jax.grad(activation(net.activation)))
    z = net.preactivations(inputs)
    slopes = derivative(z.ravel()).reshape(z.shape)
    if centred:
        slopes = slopes - slopes.mean(0)
    return slopes.T @ slopes / len(inputs)


def _input_moment(
    inputs: Int[Array, "n k"], k: int, p: int, dtype: jnp.dtype, centred: bool
) -> Float[Array, "d d"]:
    one_hot = jax.nn.one_hot(inputs + p * jnp.arange(k), k * p, dtype=dtype).sum(1)
    mean = one_hot.mean(0)
    second = one_hot.T @ one_hot / len(inputs)
    return second - jnp.outer(mean, mean) if centred else second
