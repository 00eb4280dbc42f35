"""The neural tangent kernel of a ReLU network without biases."""

from __future__ import annotations

import math

import equinox as eqx

from .kernel import Kernel, Number, namespace

KINK = 1e-12
"""1 - cosine up to which two inputs count as parallel: the kernel has a kink there, and the singular part
of its slope is taken to be 0."""


class NTK(Kernel):
    """k = sqrt(q r) theta_L(t), t = u / sqrt(q r), for L hidden ReLU layers.

        t_0 = theta_0 = t,   theta_(h+1) = k1(t_h) + theta_h k0(t_h),   t_(h+1) = k1(t_h)
        k0(t) = (pi - arccos t)/pi,   k1(t) = (t (pi - arccos t) + sqrt(1 - t^2))/pi

    Arguments:
        depth: L, the number of hidden layers, >= 1.

    Source: Jacot et al. 2018; Cho and Saul 2009 for k0 and k1. The released code of Mallinar et al. 2024
    names this option but evaluates one layer of squares there, and hard-codes the depth.

    Example:
        >>> import numpy as np
        >>> float(NTK(1).value(np.array(1.0), 1.0, 1.0))
        2.0
    """

    depth: int = eqx.field(static=True, default=2)

    def value(self, u: Number, q: Number, r: Number) -> Number:
        """Return sqrt(q r) theta_L(u / sqrt(q r)); 0 where a norm is 0."""
        size, cosine = self._polar(u, q, r)
        return size * self._angular(cosine)[0]

    def slopes(self, u: Number, q: Number, r: Number) -> tuple[Number, Number]:
        """Return (theta_L'(t), (sqrt(r/q) theta_L - (u/q) theta_L') / 2)."""
        xp = namespace(u)
        size, cosine = self._polar(u, q, r)
        theta, slope = self._angular(cosine)
        norm = xp.where(q > 0, q + 0 * u, 1 + 0 * u)
        return slope, (size * theta - u * slope) / (2 * norm)

    def _polar(self, u: Number, q: Number, r: Number) -> tuple[Number, Number]:
        xp = namespace(u)
        square = q * r + 0 * u
        size = xp.sqrt(xp.where(square > 0, square, 0 * u))
        cosine = u / xp.where(size > 0, size, 1 + 0 * u)
        return size, xp.clip(cosine, -1.0, 1.0)

    def _angular(self, cosine: Number) -> tuple[Number, Number]:
        """Return (theta_L, theta_L') at t."""
        xp = namespace(cosine)
        t, dt, theta, slope = cosine, 1 + 0 * cosine, cosine, 1 + 0 * cosine
        for _ in range(self.depth):
            sine = xp.sqrt(xp.clip(1 - t * t, 0.0, 1.0))
            angle = math.pi - xp.acos(xp.clip(t, -1.0, 1.0))
            flat = angle / math.pi
            smooth = 1 - abs(t) > KINK
            bend = xp.where(smooth, 1 / (math.pi * xp.where(smooth, sine, 1 + 0 * t)), 0 * t)
            slope = flat * dt + slope * flat + theta * bend * dt
            theta = (t * angle + sine) / math.pi + theta * flat
            t, dt = (t * angle + sine) / math.pi, flat * dt
        return theta, slope
