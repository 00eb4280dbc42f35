"""Network: float64 closed-form matrices cast into the `MLP` record.

Owns: the choice of activation and normalisation, the same for every form.
"""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from ..models.activations import power_of
from ..models.mlp import MLP
from .phases import wave_gain
from .response import response
from .waves import Waves


def corrected(waves: Waves, activation: str) -> np.ndarray:
    """Return the factor on each neuron's readout that keeps the peak at 1 under another activation than z^k.

    Returns:
        float64 (N,); ones for `powerk`.

    Raises:
        ValueError: the activation has no wave for this number of operands (`response`).
    """
    k = waves.operands
    if power_of(activation) == k:
        return np.ones(waves.width)
    values, where = np.unique(waves.amplitude, return_inverse=True)
    factor = np.array([wave_gain(k) * a**k / response(activation, k, float(a)) for a in values])
    return factor[where]


def network(embedding: np.ndarray, readout: np.ndarray, activation: str) -> MLP:
    """Cast to float32 in the plain parametrisation (a = b = 1, Doshi et al. 2024, Sec. 2)."""
    return MLP(jnp.asarray(embedding, jnp.float32), jnp.asarray(readout, jnp.float32), activation)


def normalised(net: MLP) -> MLP:
    """Rewrite a plain network in Gromov's normalisation, a = 1/sqrt(kp), b = 1/h: the same function.

    Under z^S both layers grow by the same factor (h (kp)^(S/2))^(1/(S+1)), which turns the amplitude
    (2/N)^(1/3) of S = k = 2 into (2D)^(1/3), D = 2p; else each layer undoes its own scale.

    Arguments:
        net: a network with input_scale = output_scale = 1.

    Returns:
        A network with the same logits up to rounding. `modgrok.models.plain` undoes it for powers.

    Raises:
        ValueError: a scale is not 1.

    Example:
        >>> import jax.numpy as jnp
        >>> normalised(MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))).output_scale
        0.3333333333333333

    Source: Gromov 2023, Eq. 4 and 16.
    """
    if net.input_scale != 1 or net.output_scale != 1:
        raise ValueError(f"net: must have both scales 1, got {net.input_scale} and {net.output_scale}")
    shrink = (net.operands * net.modulus) ** 0.5
    power = power_of(net.activation)
    if power is None:
        inner, outer = shrink, float(net.width)
    else:
        inner = outer = (net.width * shrink**power) ** (1 / (power + 1))
    return replace(
        net,
        embedding=net.embedding * inner,
        readout=net.readout * outer,
        input_scale=1 / shrink,
        output_scale=1 / net.width,
    )
