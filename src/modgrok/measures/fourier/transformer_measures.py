"""The measures of a transformer's weights: of the embedding W_E and of the neuron-logit map W_L.

Each is read in the order of the numbers and in that of their logarithms. What a transformer does to inputs is
measured elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from ...models.on_device import on_device
from ...models.transformer import Transformer
from ..measure import Measure
from .coefficient_ratio import coefficient_ratio
from .gini import gini
from .sparsity import frequency_sparsity
from .token_waves import TokenFourierBasis, TokenWaves, wave_norms


class TokenEmbedding(eqx.Module):
    """An embedding of tokens without the network that reads it.

    Arguments:
        embedding: W_E, shape (v, d).
    """

    embedding: Float[Array, "v d"]

    @classmethod
    def of(cls, values: np.ndarray) -> TokenEmbedding:
        """Put an array of numbers on the device, as float32."""
        return cls(on_device(values, np.float32))


def matrix_of(net: Transformer | TokenEmbedding, name: str) -> Float[Array, "v d"]:
    """Return W_E or W_L with the tokens' index first: shapes (v, d) and (p, m)."""
    if name == "embedding":
        return net.embedding
    assert isinstance(net, Transformer)
    return net.neuron_logits.T


def _measures(
    matrix: Literal["embedding", "readout"], order: Literal["natural", "log"]
) -> tuple[Measure, ...]:
    where = ("W_E" if matrix == "embedding" else "W_L") + (", by logarithms" if order == "log" else "")
    ending = f"{matrix}_log" if order == "log" else matrix

    def measure(of_norms: Callable[[Array], Array], **declared: Any) -> Measure:
        def function(net: Transformer | TokenEmbedding, token_basis: TokenFourierBasis) -> Float[Array, ""]:
            return of_norms(wave_norms(matrix_of(net, matrix), _waves(token_basis, order)))

        return Measure(
            function=function,
            reads="transformer_weights",
            range=lambda p: (0.0, 1.0),
            defined=lambda token_basis: order in [waves.name for waves in token_basis.orders],
            **declared,
        )

    return (
        measure(
            frequency_sparsity,
            name=f"ffs_{ending}",
            title=f"share of waves in {where} larger than half the largest of their kind",
            direction="down",
            random_value=lambda n, d: 1.0,
            closed_form_value=lambda n: 2 / (n - 1),
        ),
        measure(
            coefficient_ratio,
            name=f"fcr_{ending}",
            title=f"mean over frequencies of the smaller of cosine and sine in {where} over the larger",
            direction="none",
            random_value=lambda n, d: 1 - math.sqrt(2 / (math.pi * d)),
            closed_form_value=lambda n: 1.0,
        ),
        measure(
            lambda norms: gini(norms[1:]),
            name=f"gini_{ending}",
            title=f"Gini coefficient of the sizes of the waves in {where}, the constant left out",
            direction="up",
            random_value=lambda n, d: 1 / math.sqrt(2 * math.pi * d),
            closed_form_value=lambda n: 1 - 2 / (n - 1),
        ),
    )


def _waves(token_basis: TokenFourierBasis, order: str) -> TokenWaves:
    for waves in token_basis.orders:
        if waves.name == order:
            return waves
    raise ValueError(f"token_basis: must have the order {order}, got none")


TRANSFORMER_MEASURES: tuple[Measure, ...] = (
    *_measures("embedding", "natural"),
    *_measures("readout", "natural"),
    *_measures("embedding", "log"),
    *_measures("readout", "log"),
)
"""Those of logarithms are defined for primes from 5 on."""
EMBEDDING_MEASURES: tuple[Measure, ...] = tuple(m for m in TRANSFORMER_MEASURES if "embedding" in m.name)
"""Those of W_E alone, which a `TokenEmbedding` has as well."""


def transformer_measures(token_basis: TokenFourierBasis) -> tuple[Measure, ...]:
    """Return the measures that a modulus has: those of logarithms need a prime from 5 on."""
    return tuple(measure for measure in TRANSFORMER_MEASURES if measure.defined(token_basis))


def transformer_numbers(net: Transformer, token_basis: TokenFourierBasis) -> dict[str, Float[Array, ""]]:
    """Return every measure of a transformer's weights by name.

    Example:
        >>> import jax.numpy as jnp
        >>> from modgrok.models.transformer import Block
        >>> from modgrok.measures.fourier.token_waves import make_token_basis
        >>> angle = 2 * jnp.pi * 2 * jnp.arange(8) / 7
        >>> qkv, out = (jnp.ones((1, 2, 1)),) * 3, jnp.ones((1, 1, 2))
        >>> block = Block(*qkv, out, jnp.ones((2, 3)), jnp.ones((3, 2)))
        >>> waves = jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
        >>> net = Transformer(waves, None, (block,), None, waves[:7].T, None)
        >>> numbers = transformer_numbers(net, make_token_basis(7))
        >>> [round(float(numbers[name]), 3) for name in ("ffs_embedding", "fcr_embedding", "gini_readout")]
        [0.333, 1.0, 0.667]
    """
    return {measure.name: measure.function(net, token_basis) for measure in transformer_measures(token_basis)}
