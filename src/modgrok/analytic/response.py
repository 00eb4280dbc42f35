"""Response: the amplitude with which an activation responds in the wave of the sum.

Owns: the coefficient of cos(sum theta_s) in phi(a sum_s cos theta_s), by quadrature for any activation. It
replaces k! a^k / 2^(k-1) of z^k when the papers' weights run under another activation (Gromov 2023, App. B).
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ..models.activations import activation

_GRID = {1: 4096, 2: 512, 3: 96, 4: 40, 5: 20, 6: 12}
_SILENT = 1e-5


def response(name: str, k: int, amplitude: float) -> float:
    """Return E[phi(a sum_s cos x_s) cos(sum_s x_s)] over independent uniform x_s.

    Arguments:
        name: an activation of `modgrok.models.activations`.
        k: number of operands, 1..6.
        amplitude: a > 0.

    Returns:
        The height of the wanted wave at readout amplitude 1; k! a^k/2^k for z^k. Negative when the activation
        responds with the opposite sign.

    Raises:
        ValueError: k > 6, or the activation has no such wave (an even one for odd k, relu for odd k > 1).

    Example:
        >>> round(response("power2", 2, 1.0), 5)
        0.5

    Source: Gromov 2023, App. B (empirical there).
    """
    if k not in _GRID:
        raise ValueError(f"operands: must be 1 to 6 for activation {name!r}, got {k}")
    x = 2 * np.pi * (np.arange(_GRID[k]) + 0.5) / _GRID[k]
    total, angle = np.zeros(1), np.zeros(1)
    for _ in range(k):
        total = (total[:, None] + np.cos(x)).ravel()
        angle = (angle[:, None] + x).ravel()
    response = np.asarray(activation(name)(jnp.asarray(amplitude * total, jnp.float32)), dtype=np.float64)
    height = float(np.mean(response * np.cos(angle)))
    if abs(height) <= _SILENT * float(np.abs(response).mean()):
        raise ValueError(
            f"activation: must respond with a wave of {k} operands, got {name!r}, which has none"
        )
    return height
