"""The Gini coefficient: how unequally a total is shared out."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float


def gini(sizes: Float[Array, " n"]) -> Float[Array, ""]:
    """Return the Gini coefficient of n sizes, none of them negative.

        G = sum_{i,j} |s_i - s_j| / (2 n sum_i s_i)

    Returns:
        A number in [0, 1 - 1/n]: 0 where all are equal, 1 - m/n where m of n are equal and the rest 0;
        0 where all are 0.

    Example:
        >>> [round(float(gini(jnp.array(sizes))), 3) for sizes in ([1.0] * 5, [3.0, 0, 0, 0, 0])]
        [0.0, 0.8]

    Source: Hurley and Rickard 2009; Nanda et al. 2023, Sec. 5.1, of the norms of Fourier components of W_E
    and W_L.
    """
    n, total = len(sizes), jnp.sum(sizes)
    ranks = 2 * jnp.arange(1, n + 1) - n - 1
    spread = jnp.sum(ranks * jnp.sort(sizes))
    return jnp.where(total > 0, spread / (n * jnp.where(total > 0, total, 1)), 0)
