"""Experts: product networks, a softmax, and a network for the sum of what they answer.

    t_s = f_s(n_1..n_k),   u_s = softmax(beta t_s),   z = W phi(sum_s u_s U_s)

Owns: the record with its forward pass. How a polynomial becomes its parts is `analytic.experts`.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..display import Displayed, Facts
from .activations import activation
from .mlp import MLP

BETA = 100.0
"""beta of Doshi et al. 2024, App. B."""


class Experts(Displayed, eqx.Module):
    """Product networks, softmax at beta, and a sum network, as one forward pass.

    Arguments:
        products: S networks on the same k operands; s answers with the logits of monomial s.
        total: the sum network on S operands of p values, fed with distributions instead of one-hot values.
        beta: inverse temperature of the softmax.

    Source: Doshi et al. 2024, Sec. 4, Eq. 6 and App. B.
    """

    products: tuple[MLP, ...]
    total: MLP
    beta: float = eqx.field(static=True, default=BETA)

    def _facts(self) -> Facts:
        parts = {"products": self.products, "total": self.total}
        if not all(isinstance(net, MLP) for net in (*self.products, self.total)):
            return {**parts, "beta": self.beta}
        total = self.total._facts()
        names = {"k": self.products[0]._facts()["k"], "p": total["p"], "products": len(self.products)}
        return {**names, "classes": total["classes"], "beta": self.beta}

    @property
    def operands(self) -> int:
        """k, the number of operands of the polynomial."""
        return self.products[0].operands

    @property
    def modulus(self) -> int:
        """p, the number of values an operand takes."""
        return self.products[0].modulus

    @property
    def width(self) -> int:
        """All hidden neurons together."""
        return sum(net.width for net in self.products) + self.total.width

    @property
    def classes(self) -> int:
        """c, the number of logits."""
        return self.total.classes

    def choices(self, inputs: Int[Array, "n k"]) -> Float[Array, "n S p"]:
        """Return u_s, the distribution over the value of each monomial."""
        probabilities = [jax.nn.softmax(self.beta * net(inputs), axis=1) for net in self.products]
        return jnp.stack(probabilities, axis=1)

    def preactivations(self, choices: Float[Array, "n S p"]) -> Float[Array, "n h"]:
        """Return a * sum_s u_s U_s, what enters phi in the sum network."""
        return self.total.input_scale * jnp.einsum("nsp,sph->nh", choices, self.total.embedding)

    def features(self, preactivations: Float[Array, "n h"]) -> Float[Array, "n h"]:
        """Return phi(preactivations), the hidden layer of the sum network."""
        return activation(self.total.activation)(preactivations)

    def activations(self, inputs: Int[Array, "n k"]) -> dict[str, Array]:
        """Return those of each product (`products.0.features`), `choices`, those of the sum, and `logits`."""
        values = {
            f"products.{s}.{name}": value
            for s, part in enumerate(self.products)
            for name, value in part.activations(inputs).items()
        }
        choices = self.choices(inputs)
        hidden = self.preactivations(choices)
        total = {"total.preactivations": hidden, "total.features": self.features(hidden)}
        return {**values, "choices": choices, **total, "logits": self(inputs)}

    def __call__(self, inputs: Int[Array, "n k"]) -> Float[Array, "n c"]:
        """Return the logits of each input.

        Example:
            >>> import jax.numpy as jnp
            >>> from modgrok.analytic import experts
            >>> net = experts(5, [(2, (1, 1)), (3, (2, 0))])  # 2xy + 3x^2 mod 5
            >>> int(net(jnp.array([[2, 4]])).argmax())
            3
        """
        return self.total.logits(self.features(self.preactivations(self.choices(inputs))))
