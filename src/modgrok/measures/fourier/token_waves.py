"""The waves in a matrix along its token index: in the order of the numbers, or of their logarithms.

Owns: the bases, laid out for the device, and the size of each wave. FFS, FCR and the Gini coefficient read
those sizes.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...algebra import exponential_table, is_prime, real_basis
from ...models.on_device import on_device

ROUNDING_TOLERANCE = 1e-12
"""Share of a matrix's energy below which a wave in it is float32 rounding, and counts as absent."""
LEAST_ORDER = 3
"""Least order of a group with a frequency that has both a cosine and a sine."""


class TokenWaves(eqx.Module):
    """All waves on the tokens 0..p-1 in one order.

    Arguments:
        basis: rows 1, cos 1, sin 1, cos 2, ..., orthonormal; see `algebra.real_basis`.
        tokens: the tokens in that order, shape (n,): 0..p-1, or 1, g, g^2, ... without 0 (n = p - 1).
        name: `natural` or `log`.
    """

    basis: Float[Array, "n n"]
    tokens: Int[Array, " n"]
    name: str = eqx.field(static=True)

    @property
    def order(self) -> int:
        """n, the number of tokens."""
        return len(self.tokens)


class TokenFourierBasis(eqx.Module):
    """The orders in which the tokens of a modulus are read.

    Arguments:
        natural: 0..p-1.
        log: by discrete logarithm; None unless p is a prime from 5 on.
    """

    natural: TokenWaves
    log: TokenWaves | None

    @property
    def orders(self) -> tuple[TokenWaves, ...]:
        """Every order, the natural one first."""
        return (self.natural,) if self.log is None else (self.natural, self.log)


def make_token_basis(p: int) -> TokenFourierBasis:
    """Lay out the waves on 0..p-1, and for a prime p those on 1..p-1 in order of logarithms.

    Example:
        >>> [(waves.name, waves.tokens.tolist()) for waves in make_token_basis(5).orders]
        [('natural', [0, 1, 2, 3, 4]), ('log', [1, 2, 4, 3])]
    """
    natural = _waves(np.arange(p), "natural")
    has_logarithms = is_prime(p) and p - 1 >= LEAST_ORDER
    return TokenFourierBasis(natural, _waves(exponential_table(p), "log") if has_logarithms else None)


def _waves(tokens: np.ndarray, name: str) -> TokenWaves:
    return TokenWaves(on_device(real_basis(len(tokens)), np.float32), on_device(tokens, np.int32), name)


@eqx.filter_jit
def wave_norms(matrix: Float[Array, "v d"], waves: TokenWaves) -> Float[Array, " n"]:
    """Return the size of each wave in a matrix whose rows belong to tokens.

        row j of basis @ matrix[tokens], its norm over the other axis;
        entry 2k - 1 is |mu_k| (cosine), entry 2k is |nu_k| (sine), k = 1..n//2

    Arguments:
        matrix: rows 0..p-1 belong to the numbers, further ones are not read.
        waves: the order.

    Returns:
        Values from 0; exactly 0 below `ROUNDING_TOLERANCE` of the energy, so that a pure wave is pure.

    Example:
        >>> angle = 2 * jnp.pi * jnp.arange(7) / 7
        >>> rows = jnp.stack([2 * jnp.cos(3 * angle), jnp.sin(angle)], axis=1)
        >>> (wave_norms(rows, make_token_basis(7).natural) / jnp.sqrt(3.5)).round(3).tolist()
        [0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0]

    Source: Furuta et al. 2024, Sec. 3.2, whose sums stop at [p/2]; the basis is that of its App. B. The scale
    is in none of the measures.
    """
    coefficients = jnp.matmul(waves.basis, matrix[waves.tokens], precision="highest")
    norms = jnp.linalg.norm(coefficients, axis=1)
    return jnp.where(norms**2 > ROUNDING_TOLERANCE * jnp.sum(norms**2), norms, 0)
