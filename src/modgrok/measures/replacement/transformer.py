"""A transformer with its maps of tokens and classes reduced to the waves of key frequencies."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ...algebra import Basis
from ...models.transformer import Transformer
from .projections import class_waves, operand_waves, projected
from .replaced_network import ReplacedNetwork


def key_transformer(net: Transformer, basis: Basis, frequencies: Sequence[int]) -> list[ReplacedNetwork]:
    """Replace W_E, then W_U as well, by their parts in the waves of some frequencies.

    The embeddings of the numbers become their projection on the constant and the waves of g_1 and of g_2; the
    rows of W_U their projection along the classes, so that the neuron-logit map W_out W_U is projected as
    well.

    Arguments:
        net: the network.
        basis: of its task.
        frequencies: key frequencies, in 1..n//2.

    Returns:
        Two stages, each with `fitted_share`, the share of the energy of the matrix that is kept.
    """
    p = net.classes
    embedding = np.asarray(net.embedding, np.float64)
    waves = np.concatenate([operand_waves(g, basis.order, frequencies) for g in basis.operands], axis=1)
    tokens = np.concatenate([projected(embedding[:p], waves), embedding[p:]])
    first = dataclasses.replace(net, embedding=jnp.asarray(tokens, net.embedding.dtype))
    readout = np.asarray(net.unembedding, np.float64).T
    columns = projected(readout, class_waves(basis, p, frequencies))
    second = dataclasses.replace(first, unembedding=jnp.asarray(columns.T, net.unembedding.dtype))
    return [
        ReplacedNetwork("embedding", first, {"fitted_share": _share(tokens[:p], embedding[:p])}),
        ReplacedNetwork("unembedding", second, {"fitted_share": _share(columns, readout)}),
    ]


def _share(part: np.ndarray, whole: np.ndarray) -> float:
    total = float((whole**2).sum())
    return float((part**2).sum()) / total if total > 0 else 0.0
