"""A two-layer network as a sum of waves: each neuron replaced by its dominant frequency."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ...algebra import Basis
from ...models import MLP
from ..fourier.lens import make_fourier_frames, spectra
from ..fourier.phases import coherence_of
from .projections import class_waves, operand_waves, projected
from .replaced_network import ReplacedNetwork

LEFT_OVER = 0.5
"""Share of its weights' energy below which a wave does not stand for a neuron."""


def wave_network(
    net: MLP, basis: Basis, frequencies: Sequence[int], inputs: np.ndarray
) -> list[ReplacedNetwork]:
    """Replace each weight vector of a neuron by its constant and the wave of the neuron's frequency.

        U[s, x, j] -> c_sj + A_sj cos(2 pi k_j g_s(x)/n + phi_sj),   W[q, j] likewise in the class

    with k_j the frequency of greatest power over all vectors of the neuron: a network of the form that
    `analytic.construct` writes down. Values and classes outside the group, such as 0 of a product, keep their
    weights.

    Arguments:
        net: the network.
        basis: of its task.
        frequencies: not read; each neuron has its own.
        inputs: not read.

    Returns:
        One stage, with `fitted_share`, the share of all weights' energy in constants and waves;
        `left_over`, the number of neurons of which less than half is; and `phase_coherence` of the waves.
    """
    neuron_spectra = spectra(net, make_fourier_frames(basis))
    dominant = np.asarray(neuron_spectra.dominant)
    embedding, readout = np.asarray(net.embedding, np.float64), np.asarray(net.readout, np.float64)
    new_embedding, new_readout = embedding.copy(), readout.copy()
    for k in np.unique(dominant):
        neurons = np.flatnonzero(dominant == k)
        for s, labels in enumerate(basis.operands):
            waves = operand_waves(labels, basis.order, [int(k)])
            new_embedding[s][:, neurons] = projected(embedding[s][:, neurons], waves)
        waves = class_waves(basis, len(readout), [int(k)])
        new_readout[:, neurons] = projected(readout[:, neurons], waves)
    energy = (embedding**2).sum(axis=(0, 1)) + (readout**2).sum(axis=0)
    fitted = (new_embedding**2).sum(axis=(0, 1)) + (new_readout**2).sum(axis=0)
    share = np.divide(fitted, energy, out=np.zeros_like(energy), where=energy > 0)
    waves_alone = dataclasses.replace(
        net,
        embedding=jnp.asarray(new_embedding, net.embedding.dtype),
        readout=jnp.asarray(new_readout, net.readout.dtype),
    )
    notes = {
        "fitted_share": float(fitted.sum() / energy.sum()) if energy.sum() > 0 else 0.0,
        "left_over": float(np.count_nonzero(share < LEFT_OVER)),
        "phase_coherence": float(coherence_of(neuron_spectra)),
    }
    return [ReplacedNetwork("neurons", waves_alone, notes)]
