"""Inverse participation ratio: how few frequencies a weight vector uses."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...models import MLP
from ..measure import Measure
from .lens import FourierFrames, Spectra, spectra


@eqx.filter_jit
def ipr_of_neurons(neuron_spectra: Spectra) -> Float[Array, " h"]:
    """Average over a neuron's k + 1 vectors u of (|F u|_4 / |F u|_2)^4 = sum_f power_f^2.

    F is the real DFT in the order of the task's basis, with all n//2 + 1 bins. A pure wave has 1, equal
    shares 1/(n//2 + 1). Zero vectors are left out of the average; a neuron of zeros has 0.

    Source: Gromov 2023, Eq. 20-21, per block with the real DFT as Doshi et al. 2024, Sec. 3, do it.
    """
    per_vector = jnp.sum(neuron_spectra.power**2, axis=-1)
    alive = neuron_spectra.power.sum(-1) > 0
    return per_vector.sum(0) / jnp.maximum(alive.sum(0), 1)


@eqx.filter_jit
def mean_ipr(neuron_spectra: Spectra) -> Float[Array, ""]:
    """Average the neurons' IPR, neurons of zeros left out."""
    alive = (neuron_spectra.power.sum(-1) > 0).any(0)
    return jnp.sum(ipr_of_neurons(neuron_spectra)) / jnp.maximum(alive.sum(), 1)


def ipr(weights: MLP, frames: FourierFrames) -> Float[Array, ""]:
    """Inverse participation ratio of a network, in [1/(n//2 + 1), 1].

    Normal weights have 4/(p + 1) where the basis is one to one, and more elsewhere (0.076 in the basis of
    squares at p = 97), since matching pursuit chooses among overlapping waves.

    Example:
        >>> import numpy as np
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.fourier.lens import make_fourier_frames
        >>> wave = np.cos(2 * np.pi * 2 * np.arange(5) / 5)[:, None]
        >>> net = MLP(jnp.array([wave, wave]), jnp.array(wave))
        >>> round(float(ipr(net, make_fourier_frames(natural_basis(5, 2)))), 5)
        1.0
    """
    return mean_ipr(spectra(weights, frames))


IPR = Measure(
    name="ipr",
    title="mean inverse participation ratio of the weight vectors' Fourier spectra, sum_f power_f^2",
    direction="up",
    range=lambda p: (0.0, 1.0),
    random_value=lambda p, width: 4 / (p + 1),
    closed_form_value=lambda p: 1.0,
    function=ipr,
)
