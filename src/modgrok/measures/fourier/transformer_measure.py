"""What a measure of a transformer's weights declares about itself, and the tuple of all of them.

The counterpart of `measure.Measure` for the embedding W_E and the neuron-logit map W_L, each read in the
order of the numbers and in that of their logarithms. What a transformer does to inputs is measured elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from jaxtyping import Array, Float

from ...models.transformer import Transformer
from .coefficient_ratio import coefficient_ratio
from .gini import gini
from .sparsity import frequency_sparsity
from .token_waves import TokenLens, wave_norms


@dataclass(frozen=True)
class TransformerMeasure:
    """A number computed from the waves along the token index of W_E or of W_L.

    Arguments:
        name: how commands and records call it.
        title: one sentence for a reader, with the formula.
        matrix: `embedding` (W_E, its p rows of numbers) or `readout` (W_L, its p classes).
        order: `natural` or `log`.
        direction: `up` if it rises as a network that adds generalises, `down` if it falls, `none`.
        range: least and greatest value.
        random_value: (n, d) -> its value on independent normal entries, n tokens of d entries each.
        closed_form_value: n -> its value on cos and sin of one frequency in equal size.
        of_norms: sizes of the waves -> scalar array.
    """

    name: str
    title: str
    matrix: Literal["embedding", "readout"]
    order: Literal["natural", "log"]
    direction: Literal["up", "down", "none"]
    range: tuple[float, float]
    random_value: Callable[[int, int], float]
    closed_form_value: Callable[[int], float]
    of_norms: Callable[[Array], Array]

    def function(self, net: Transformer, lens: TokenLens) -> Float[Array, ""]:
        """Measure a transformer.

        Raises:
            ValueError: the modulus has no logarithms, and the measure reads them.
        """
        for waves in lens.orders:
            if waves.name == self.order:
                return self.of_norms(wave_norms(matrix_of(net, self.matrix), waves))
        raise ValueError(f"lens: must have the order {self.order}, got none")


def matrix_of(net: Transformer, name: str) -> Float[Array, "v d"]:
    """Return W_E or W_L with the tokens' index first: shapes (v, d) and (p, m)."""
    return net.embedding if name == "embedding" else net.neuron_logits.T


def _measures(
    matrix: Literal["embedding", "readout"], order: Literal["natural", "log"]
) -> tuple[TransformerMeasure, ...]:
    where = ("W_E" if matrix == "embedding" else "W_L") + (", by logarithms" if order == "log" else "")
    ending = f"{matrix}_log" if order == "log" else matrix
    measure = partial(TransformerMeasure, matrix=matrix, order=order, range=(0.0, 1.0))
    return (
        measure(
            name=f"ffs_{ending}",
            title=f"share of waves in {where} larger than half the largest of their kind",
            direction="down",
            random_value=lambda n, d: 1.0,
            closed_form_value=lambda n: 2 / (n - 1),
            of_norms=frequency_sparsity,
        ),
        measure(
            name=f"fcr_{ending}",
            title=f"mean over frequencies of the smaller of cosine and sine in {where} over the larger",
            direction="none",
            random_value=lambda n, d: 1 - math.sqrt(2 / (math.pi * d)),
            closed_form_value=lambda n: 1.0,
            of_norms=coefficient_ratio,
        ),
        measure(
            name=f"gini_{ending}",
            title=f"Gini coefficient of the sizes of the waves in {where}, the constant left out",
            direction="up",
            random_value=lambda n, d: 1 / math.sqrt(2 * math.pi * d),
            closed_form_value=lambda n: 1 - 2 / (n - 1),
            of_norms=lambda norms: gini(norms[1:]),
        ),
    )


TRANSFORMER_MEASURES: tuple[TransformerMeasure, ...] = (
    *_measures("embedding", "natural"),
    *_measures("readout", "natural"),
    *_measures("embedding", "log"),
    *_measures("readout", "log"),
)
"""Every measure of a transformer's weights; a new one enters all shared tests by one line here."""


def transformer_measures(lens: TokenLens) -> tuple[TransformerMeasure, ...]:
    """Return the measures that a modulus has: those of logarithms need a prime from 5 on."""
    orders = [waves.name for waves in lens.orders]
    return tuple(measure for measure in TRANSFORMER_MEASURES if measure.order in orders)


def transformer_numbers(net: Transformer, lens: TokenLens) -> dict[str, Float[Array, ""]]:
    """Return every measure of a transformer's weights by name, each spectrum computed once.

    Example:
        >>> import jax.numpy as jnp
        >>> from modgrok.models.transformer import Block
        >>> from modgrok.measures.fourier.token_waves import make_token_lens
        >>> angle = 2 * jnp.pi * 2 * jnp.arange(8) / 7
        >>> qkv, out = (jnp.ones((1, 2, 1)),) * 3, jnp.ones((1, 1, 2))
        >>> block = Block(*qkv, out, jnp.ones((2, 3)), jnp.ones((3, 2)))
        >>> waves = jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
        >>> net = Transformer(waves, None, (block,), None, waves[:7].T, None)
        >>> numbers = transformer_numbers(net, make_token_lens(7))
        >>> [round(float(numbers[name]), 3) for name in ("ffs_embedding", "fcr_embedding", "gini_readout")]
        [0.333, 1.0, 0.667]
    """
    norms = {
        (matrix, waves.name): wave_norms(matrix_of(net, matrix), waves)
        for matrix in ("embedding", "readout")
        for waves in lens.orders
    }
    return {m.name: m.of_norms(norms[m.matrix, m.order]) for m in transformer_measures(lens)}
