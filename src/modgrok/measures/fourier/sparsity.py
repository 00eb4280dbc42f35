"""Fourier frequency sparsity (FFS): the share of waves that are large in a matrix.

The journal version of the paper calls the same number frequency density (FFD): low means few large waves.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

THRESHOLD = 0.5
"""The papers' eta."""


def frequency_sparsity(norms: Float[Array, " n"], threshold: float = THRESHOLD) -> Float[Array, ""]:
    """Return the share of waves larger than `threshold` of the largest of their kind.

        FFS = 1/(n - 1) sum_k ( 1[|mu_k| > eta max_i |mu_i|] + 1[|nu_k| > eta max_j |nu_j|] )

    over cosines mu and sines nu of k = 1..n//2, n - 1 waves in all: 2 [p/2] for odd n = p, as in the paper.
    The constant takes no part. For even n (logarithms) frequency n/2 has a cosine alone.

    Arguments:
        norms: of `wave_norms`.
        threshold: eta, in [0, 1).

    Returns:
        A number in [0, 1]: 1 on wide random weights, 2/(n - 1) for one frequency with both waves.

    Example:
        >>> norms = jnp.array([9.0, 1.0, 0.2, 0.4, 0.3, 0.6, 0.1])
        >>> [round(float(frequency_sparsity(norms, eta)), 3) for eta in (0.5, 0.7)]
        [0.667, 0.333]

    Source: Furuta et al. 2024, Sec. 3.2 (FFS, later FFD), the maxima taken apart for cosines and sines.
    """
    cosines, sines = norms[1::2], norms[2::2]
    large = [jnp.sum(part > threshold * jnp.max(part, initial=0)) for part in (cosines, sines)]
    return (large[0] + large[1]) / max(len(norms) - 1, 1)
