"""The Gaussian kernel, exp(-gamma |x - z|^2) with |v|^2 = v^T M v."""

from __future__ import annotations

from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from .kernel import Kernel, Number, namespace


class Gaussian(Kernel):
    """k = exp(-gamma (q + r - 2u)).

    Arguments:
        bandwidth: L > 0.
        convention: `released`, gamma = 1/(2 L^2), what the authors' code computes; or `paper`, gamma = 1/L,
            what the paper prints. At their L = 2.5 the exponents differ by a factor 5.

    Source: Mallinar et al. 2024, Sec. 3, and its released code.

    Example:
        >>> import numpy as np
        >>> value = Gaussian(2.5, "paper").value(np.array(0.0), 1.25, 1.25)
        >>> round(float(value), 6) == round(float(np.exp(-1.0)), 6)
        True
    """

    bandwidth: float | Float[Array, ""]
    convention: str = eqx.field(static=True, default="released")
    radial: ClassVar[bool] = True

    @property
    def gamma(self) -> Number:
        """Factor on the squared distance."""
        return 1 / self.bandwidth if self.convention == "paper" else 1 / (2 * self.bandwidth**2)

    def value(self, u: Number, q: Number, r: Number) -> Number:
        """Return exp(-gamma (q + r - 2u)), at most 1: rounding below distance 0 is cut off."""
        xp = namespace(u)
        return xp.exp(self.gamma * xp.minimum(2 * u - q - r, xp.asarray(0.0, dtype=u.dtype)))

    def slopes(self, u: Number, q: Number, r: Number) -> tuple[Number, Number]:
        """Return (2 gamma k, -gamma k)."""
        k = self.gamma * self.value(u, q, r)
        return 2 * k, -k
