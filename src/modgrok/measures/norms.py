"""Norms of weights and gradients, as root mean squares, so that they compare across widths."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .measure import Measure


def root_mean_square(tree: Any) -> Float[Array, ""]:
    """Return sqrt(mean of squares) over all numbers of a tree of arrays.

    Example:
        >>> float(root_mean_square([jnp.array([3.0, 4.0]), jnp.array([0.0, 0.0])]))
        2.5
    """
    leaves = jax.tree.leaves(tree)
    return jnp.sqrt(sum(jnp.sum(leaf * leaf) for leaf in leaves) / sum(leaf.size for leaf in leaves))


def weight_norm(weights: Any, frame: Any = None) -> Float[Array, ""]:
    """Root mean square of all weights of a network: 1 at the start in Gromov's parametrisation.

    Arguments:
        weights: a network, whose arrays all count.
        frame: not read.

    Source: Gromov 2023, Fig. 1b.
    """
    return root_mean_square(eqx.filter(weights, eqx.is_array))


WEIGHT_NORM = Measure(
    name="weight_norm",
    title="root mean square of all weights",
    reads="weights",
    range=lambda p: (0.0, float("inf")),
    function=weight_norm,
)
