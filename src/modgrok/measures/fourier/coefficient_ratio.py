"""Fourier coefficient ratio (FCR): whether a matrix has cosines and sines in equal measure."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


@eqx.filter_jit
def coefficient_ratio(norms: Float[Array, " n"]) -> Float[Array, ""]:
    """Return the mean over frequencies of the smaller of cosine and sine over the larger.

        FCR = 1/F sum_k min(|mu_k| / |nu_k|, |nu_k| / |mu_k|)

    over the F frequencies k < n/2 at which the matrix has a wave at all: in trained networks all of them,
    [p/2] for odd n = p as in the paper. Frequency n/2 of an even n has no sine and takes no part.

    Arguments:
        norms: of `wave_norms`.

    Returns:
        A number in [0, 1]: near 1 - sqrt(2/(pi d)) on random weights of width d, 1 where every frequency has
        both waves in equal size, 0 for cosines alone, and for a matrix without waves.

    Example:
        >>> norms = jnp.array([9.0, 1.0, 0.5, 2.0, 2.0, 0.0, 0.3])
        >>> float(coefficient_ratio(norms))
        0.5

    Source: Furuta et al. 2024, Sec. 3.2.
    """
    pairs = (len(norms) - 1) // 2
    cosines, sines = norms[1::2][:pairs], norms[2::2]
    larger = jnp.maximum(cosines, sines)
    there = larger > 0
    ratios = jnp.where(there, jnp.minimum(cosines, sines) / jnp.where(there, larger, 1), 0)
    return jnp.sum(ratios) / jnp.maximum(jnp.sum(there), 1)
