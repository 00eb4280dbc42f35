"""The Laplace kernel, exp(-|x - z| / L) with |v|^2 = v^T M v."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Array, Float

from .kernel import Kernel, Number, namespace

COINCIDENT = 1e-14
"""Squared distance, as a share of q + r, up to which two inputs count as the same. q + r - 2u cannot be
computed more exactly, and its square root would turn a rounding of 1e-16 into a distance of 1e-8. The
kernel has a kink at distance 0, and its gradient is taken to be 0 there, the middle of all directions."""


class Laplace(Kernel):
    """k = exp(-sqrt(q + r - 2u) / L).

    Arguments:
        bandwidth: L > 0.

    Source: released code of Mallinar et al. 2024; Radhakrishnan et al. 2022 (arXiv 2212.13881).

    Example:
        >>> import numpy as np
        >>> float(Laplace(2.5).value(np.array(1.0), 1.0, 1.0))
        1.0
    """

    bandwidth: float | Float[Array, ""]
    radial: ClassVar[bool] = True

    def value(self, u: Number, q: Number, r: Number) -> Number:
        """Return exp(-distance / L)."""
        apart, distance = self._distance(u, q, r)
        xp = namespace(u)
        return xp.where(apart, xp.exp(-distance / self.bandwidth), xp.ones_like(u))

    def slopes(self, u: Number, q: Number, r: Number) -> tuple[Number, Number]:
        """Return (k / (L distance), -k / (2 L distance)); both 0 at distance 0."""
        apart, distance = self._distance(u, q, r)
        xp = namespace(u)
        slope = xp.where(apart, xp.exp(-distance / self.bandwidth) / (self.bandwidth * distance), 0 * u)
        return slope, -slope / 2

    def _distance(self, u: Number, q: Number, r: Number) -> tuple[Number, Number]:
        """Return (whether the inputs differ, their distance or 1 if they do not)."""
        xp = namespace(u)
        squared = q + r - 2 * u
        apart = squared > COINCIDENT * (q + r)
        return apart, xp.sqrt(xp.where(apart, squared, xp.ones_like(u)))
