"""The two-layer network: one record of weights and its forward pass.

    f(x)_q = b * sum_k W[q,k] * phi( a * sum_s U[s, x_s, k] ) + c_q

Owns: the layout of the weights, the forward pass by gathers (a one-hot input times a matrix is a row of
that matrix), and its memory-saving derivative. Where weights come from (`learners`, `analytic`) and what
is computed from them (`measures`) is elsewhere.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..display import Displayed, Facts, last_axes
from .activations import activation, power_of


class MLP(Displayed, eqx.Module):
    """A two-layer network on k one-hot operands; only imported ones may have a bias, of the logits.

    Arguments:
        embedding: U, shape (k, p, h): row U[s, i] is what operand s with value i adds to the hidden layer.
            In the papers' notation W1[k, s*p + i] = U[s, i, k].
        readout: W, shape (c, h): row W[q] reads class q; the papers' W2.
        activation: phi, a name from `modgrok.models.activations`.
        input_scale: a; 1/sqrt(kp) in Gromov's normalisation, 1 in Doshi's.
        output_scale: b; 1/h in Gromov's normalisation, 1 in Doshi's.
        readout_bias: c, shape (c,); None for none, as in all networks that modgrok trains. A bias before phi
            needs no place of its own: every input has one row of each operand, and the rows can hold it.

    Source: Gromov 2023, Eq. 4 (a = 1/sqrt(D), b = 1/N, D = kp); Doshi et al. 2024, Sec. 2 (a = b = 1).
    """

    embedding: Float[Array, "k p h"]
    readout: Float[Array, "c h"]
    activation: str = eqx.field(static=True, default="power2")
    input_scale: float = eqx.field(static=True, default=1.0)
    output_scale: float = eqx.field(static=True, default=1.0)
    readout_bias: Float[Array, " c"] | None = None

    def _facts(self) -> Facts:
        k, p, width = last_axes(self.embedding, 3)
        scales = {"input_scale": self.input_scale, "output_scale": self.output_scale}
        classes = last_axes(self.readout, 2)[0]
        return {"k": k, "p": p, "width": width, "classes": classes, "activation": self.activation, **scales}

    @property
    def operands(self) -> int:
        """k, the number of operands."""
        return self.embedding.shape[0]

    @property
    def modulus(self) -> int:
        """p, the number of values an operand takes."""
        return self.embedding.shape[1]

    @property
    def width(self) -> int:
        """h, the number of hidden units."""
        return self.embedding.shape[2]

    @property
    def classes(self) -> int:
        """c, the number of logits."""
        return self.readout.shape[0]

    def preactivations(self, inputs: Int[Array, "n k"]) -> Float[Array, "n h"]:
        """Return a * sum_s U[s, x_s] for each input: what enters phi."""
        return _preactivations(self.embedding, inputs, self.input_scale)

    def features(self, inputs: Int[Array, "n k"]) -> Float[Array, "n h"]:
        """Return phi(preactivations): the hidden layer.

        The derivative recomputes the gathers instead of storing them: on two cores this takes the whole
        training step from 1.37 to 1.03 times its three matrix products (`benchmarks/`).
        """
        phi = activation(self.activation)

        def rows(embedding: Array, inputs: Array) -> Array:
            return phi(_preactivations(embedding, inputs, self.input_scale))

        return jax.checkpoint(rows)(self.embedding, inputs)

    def logits(self, features: Float[Array, "n h"]) -> Float[Array, "n c"]:
        """Return b * features W^T + c."""
        logits = self.output_scale * (features @ self.readout.T)
        return logits if self.readout_bias is None else logits + self.readout_bias

    def activations(self, inputs: Int[Array, "n k"]) -> dict[str, Array]:
        """Return `preactivations`, `features` and `logits` of each input."""
        hidden = self.features(inputs)
        return {
            "preactivations": self.preactivations(inputs),
            "features": hidden,
            "logits": self.logits(hidden),
        }

    def __call__(self, inputs: Int[Array, "n k"]) -> Float[Array, "n c"]:
        """Return the logits of each input.

        Arguments:
            inputs: operand values in 0..p-1; values outside that range are undefined behaviour.

        Example:
            >>> import jax.numpy as jnp
            >>> net = MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))
            >>> net(jnp.array([[0, 4]])).tolist()
            [[12.0, 12.0, 12.0, 12.0, 12.0]]
        """
        return self.logits(self.features(inputs))


@eqx.filter_jit
def one_logit(
    net: MLP, inputs: Int[Array | np.ndarray, "n k"], output: Int[Array | np.ndarray, ""] | int
) -> Float[Array, " n"]:
    """Return one logit of each input, compiled once for all networks and outputs of the same shapes.

    Arguments:
        net: the weights.
        inputs: operand values in 0..p-1.
        output: class whose logit is returned, in 0..c-1.

    Example:
        >>> net = MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))
        >>> one_logit(net, jnp.array([[0, 4]]), 2).tolist()
        [12.0]
    """
    logits = net.output_scale * (net.features(jnp.asarray(inputs)) @ net.readout[output])
    return logits if net.readout_bias is None else logits + net.readout_bias[output]


def _preactivations(embedding: Array, inputs: Array, scale: float) -> Array:
    rows = [table.at[inputs[:, s]].get(mode="promise_in_bounds") for s, table in enumerate(embedding)]
    total = sum(rows[1:], start=rows[0])
    return total if scale == 1.0 else scale * total


def plain(net: MLP) -> MLP:
    """Move both scales into the weights: the same function with a = b = 1.

    Needs a homogeneous activation `powerS`: f = b W (a U x)^S = W' (U' x)^S with equal factors
    (b a^S)^(1/(S+1)) on U and W, so that gradient descent on both forms is the same up to its rate:
    lr_plain = lr_normalised * (b a^S)^(2/(S+1)).

    Arguments:
        net: a network whose activation is a power.

    Returns:
        A network with `input_scale == output_scale == 1` and the same logits.

    Raises:
        ValueError: the activation is not a power.

    Source: Gromov 2023, Eq. 4 with S = 2 and k = 2, where the factor is (2pN)^(-1/3).
    """
    exponent = power_of(net.activation)
    if exponent is None:
        raise ValueError(
            f"activation: must be a power to move scales into the weights, got {net.activation!r}"
        )
    factor = (net.output_scale * net.input_scale**exponent) ** (1 / (exponent + 1))
    embedding, readout = jnp.asarray(net.embedding * factor), jnp.asarray(net.readout * factor)
    return MLP(embedding, readout, net.activation, readout_bias=net.readout_bias)
