"""Precision: how far float32 can move a logit, for any order of summation.

Owns: the a-priori bound. The margin it is compared with is `frequencies.margin` or a verified one.
"""

from __future__ import annotations

import numpy as np

from ..models.activations import power_of
from ..models.mlp import MLP

UNIT = 2.0**-24
"""Unit roundoff of float32."""


def rounding_bound(net: MLP) -> float:
    """Bound |float32 logit - real logit| over all inputs and classes, weights' own rounding included.

        max_q (|c_q| + b sum_n |W[q,n]| (a sum_s max_i |U[s,i,n]|)^S) * m u / (1 - m u)

    with m = S (k + 2) + h + 3, and one more where the logits have a bias c.

    Each preactivation carries k - 1 additions, one rounded weight, one scale; the power multiplies that by S
    and adds S - 1; readout weight, product, scale and h - 1 additions follow. Every margin larger than twice
    the bound survives float32 on any device and in any order of summation, as long as products are float32
    (not TF32 or bfloat16). It is a worst case.

    Arguments:
        net: a network with a power activation z^S.

    Returns:
        A positive float; infinite when m u >= 1.

    Raises:
        ValueError: another activation.

    Example:
        >>> from modgrok.analytic.additive import additive
        >>> from modgrok.analytic.forms import weighted_sum
        >>> from modgrok.analytic.waves import exact_waves
        >>> rounding_bound(additive(weighted_sum(97, (1, 1)), exact_waves(97, 2, (1,)))) < 1e-5
        True

    Source: Higham, Accuracy and Stability of Numerical Algorithms, Sec. 3.1: gamma_n = n u/(1 - n u).
    """
    power = power_of(net.activation)
    if power is None:
        raise ValueError(f"activation: must be a power for a rounding bound, got {net.activation!r}")
    embedding = np.abs(np.asarray(net.embedding, dtype=np.float64)).max(axis=1).sum(axis=0)
    size = np.abs(np.asarray(net.readout, dtype=np.float64)) @ (net.input_scale * embedding) ** power
    size *= net.output_scale
    roundings = power * (net.operands + 2) + net.width + 3
    if net.readout_bias is not None:
        size += np.abs(np.asarray(net.readout_bias, dtype=np.float64))
        roundings += 1
    steps = roundings * UNIT
    if steps >= 1:
        return float("inf")
    return float(size.max() * steps / (1 - steps))
