"""The network of several hidden layers: one record of weights and its forward pass.

    z_1 = sum_s U[s, x_s],   z_(l+1) = A_l phi(z_l) + b_l,   f(x) = W phi(z_L) + c

Owns: the layout of the weights and the forward pass. Such networks come from elsewhere; modgrok trains those
of one hidden layer (`mlp`).
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..display import Displayed, Facts, last_axes
from .activations import activation


class Dense(eqx.Module):
    """A linear map between two hidden layers: z -> A z + b.

    Arguments:
        weight: A, shape (m, h): row i makes unit i of the next layer.
        bias: b, shape (m,); None for none.
    """

    weight: Float[Array, "m h"]
    bias: Float[Array, " m"] | None = None

    def __call__(self, hidden: Float[Array, "n h"]) -> Float[Array, "n m"]:
        """Return A z + b of each row."""
        mapped = hidden @ self.weight.T
        return mapped if self.bias is None else mapped + self.bias


class DeepMLP(Displayed, eqx.Module):
    """A network of two or more hidden layers on k one-hot operands.

    Arguments:
        embedding: U, shape (k, p, h): row U[s, i] is what operand s with value i adds to the first hidden
            layer; a bias of that layer lies in the rows.
        layers: the maps from each hidden layer to the next, at least one.
        readout: W, shape (c, m): row W[q] reads class q.
        readout_bias: c, shape (c,); None for none.
        activation: phi, a name from `modgrok.models.activations`.
    """

    embedding: Float[Array, "k p h"]
    layers: tuple[Dense, ...]
    readout: Float[Array, "c m"]
    readout_bias: Float[Array, " c"] | None = None
    activation: str = eqx.field(static=True, default="relu")

    def _facts(self) -> Facts:
        k, p, first = last_axes(self.embedding, 3)
        widths = [first, *(last_axes(layer.weight, 2)[0] for layer in self.layers)]
        classes = last_axes(self.readout, 2)[0]
        return {"k": k, "p": p, "widths": widths, "classes": classes, "activation": self.activation}

    @property
    def operands(self) -> int:
        """k, the number of operands."""
        return self.embedding.shape[0]

    @property
    def modulus(self) -> int:
        """p, the number of values an operand takes."""
        return self.embedding.shape[1]

    @property
    def classes(self) -> int:
        """c, the number of logits."""
        return self.readout.shape[0]

    def activations(self, inputs: Int[Array, "n k"]) -> dict[str, Array]:
        """Return `preactivations.L` and `features.L` of each hidden layer L = 0, 1, ..., and `logits`."""
        phi = activation(self.activation)
        total = jnp.zeros((len(inputs), self.embedding.shape[2]), self.embedding.dtype)
        for s, table in enumerate(self.embedding):
            total = total + table.at[inputs[:, s]].get(mode="promise_in_bounds")
        values = {"preactivations.0": total}
        hidden = values["features.0"] = phi(total)
        for number, layer in enumerate(self.layers, start=1):
            values[f"preactivations.{number}"] = layer(hidden)
            hidden = values[f"features.{number}"] = phi(values[f"preactivations.{number}"])
        logits = hidden @ self.readout.T
        values["logits"] = logits if self.readout_bias is None else logits + self.readout_bias
        return values

    def features(self, inputs: Int[Array, "n k"]) -> Float[Array, "n m"]:
        """Return the activations of the last hidden layer, which the logits read."""
        return self.activations(inputs)[f"features.{len(self.layers)}"]

    def __call__(self, inputs: Int[Array, "n k"]) -> Float[Array, "n c"]:
        """Return the logits of each input.

        Arguments:
            inputs: operand values in 0..p-1; values outside that range are undefined behaviour.

        Example:
            >>> import jax.numpy as jnp
            >>> net = DeepMLP(jnp.ones((2, 5, 3)), (Dense(jnp.ones((4, 3))),), jnp.ones((5, 4)))
            >>> net(jnp.array([[0, 4]])).tolist()
            [[24.0, 24.0, 24.0, 24.0, 24.0]]
        """
        return self.activations(inputs)["logits"]
