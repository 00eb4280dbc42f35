"""A transformer with its weights and activations reduced to waves of key frequencies, one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ...algebra import Basis
from ...models.transformer import Transformer, activations, length_of
from .projections import class_waves, operand_waves, pair_waves, projected
from .replaced_network import ReplacedNetwork

MOST_ACTIVATIONS = 2**26
"""Values of the neurons over all inputs and positions above which activations are not replaced."""
PATTERN, NEURONS = "hook_pattern", "hook_post"


def key_transformer(
    net: Transformer, basis: Basis, frequencies: Sequence[int], inputs: np.ndarray
) -> list[ReplacedNetwork]:
    """Replace embedding, attention pattern, neurons and neuron-logit map by parts of some frequencies.

    Each step is made on top of those before it:

    - `embedding`: the rows of W_E that are numbers become their projection on the constant and the waves of
      g_1 and of g_2.
    - `attention_pattern`: every attention weight, as a function of the operands, becomes its projection on
      the products of waves of equal frequency (`pair_waves`).
    - `neurons`: the same for the activation of every neuron.
    - `neuron_logit_map`: the rows of W_U become their projection along the classes, and with them those of
      W_out W_U.

    Patterns and activations are no weights. So `unembedding`, the last stage, is the network with W_E and W_U
    replaced alone, which computes patterns and activations itself, and can be written to a file.

    Arguments:
        net: the network.
        basis: of its task.
        frequencies: key frequencies, in 1..n//2.
        inputs: of the domain, shape (n, k). Activations are not replaced if the neurons have more than
            `MOST_ACTIVATIONS` values over these.

    Returns:
        The stages, each with `fitted_share`: the share of the energy of the matrix that is kept, or of the
        variance over inputs of the activations.

    Source: Nanda et al. 2023, Sec. 4.2 and 4.3, who replace the parts of one network in this order.
    """
    p = net.classes
    embedding = np.asarray(net.embedding, np.float64)
    waves = np.concatenate([operand_waves(g, basis.order, frequencies) for g in basis.operands], axis=1)
    tokens = np.concatenate([projected(embedding[:p], waves), embedding[p:]])
    first = dataclasses.replace(net, embedding=jnp.asarray(tokens, net.embedding.dtype))
    readout = np.asarray(net.unembedding, np.float64).T
    columns = projected(readout, class_waves(basis, p, frequencies))
    second = dataclasses.replace(first, unembedding=jnp.asarray(columns.T, net.unembedding.dtype))
    class_share = _share(columns, readout)
    return [
        ReplacedNetwork("embedding", first, {"fitted_share": _share(tokens[:p], embedding[:p])}),
        *_with_activations(first, second, basis, frequencies, inputs, class_share),
        ReplacedNetwork("unembedding", second, {"fitted_share": class_share}),
    ]


def _with_activations(
    first: Transformer,
    second: Transformer,
    basis: Basis,
    frequencies: Sequence[int],
    inputs: np.ndarray,
    class_share: float,
) -> list[ReplacedNetwork]:
    """Return the stages in which activations are replaced: (part, network, what is edited)."""
    width = max((block.mlp_in.shape[1] for block in first.blocks), default=0)
    if len(inputs) * length_of(first.layout, first.operands) * width > MOST_ACTIVATIONS:
        return []
    waves = pair_waves(basis, inputs, frequencies)
    takes_part = np.abs(waves).sum(axis=1) > 0
    stages = []
    for part, net, edited in (
        ("attention_pattern", first, (PATTERN,)),
        ("neurons", first, (PATTERN, NEURONS)),
        ("neuron_logit_map", second, (PATTERN, NEURONS)),
    ):
        variances = np.zeros(2)

        def edit(
            name: str,
            value: jax.Array,
            edited: tuple[str, ...] = edited,
            variances: np.ndarray = variances,
        ) -> jax.Array:
            if not name.endswith(edited):
                return value
            rows = np.asarray(value, np.float64).reshape(len(value), -1)
            new = np.where(takes_part[:, None], waves @ (waves.T @ rows), rows)
            if name.endswith(edited[-1]):
                variances[:] += new.var(axis=0).sum(), rows.var(axis=0).sum()
            return jnp.asarray(new.reshape(value.shape), value.dtype)

        logits = np.asarray(activations(net, jnp.asarray(inputs), edit)["logits"][:, -1])
        share = variances[0] / variances[1] if variances[1] > 0 else 1.0
        notes = {"fitted_share": class_share if part == "neuron_logit_map" else float(share)}
        stages.append(ReplacedNetwork(part, None, notes, logits))
    return stages


def _share(part: np.ndarray, whole: np.ndarray) -> float:
    total = float((whole**2).sum())
    return float((part**2).sum()) / total if total > 0 else 0.0
