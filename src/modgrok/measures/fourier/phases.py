"""Phases of the neurons' dominant waves: the constraint that makes a network add."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ...models import MLP
from ..measure import Measure
from .lens import FourierFrames, Spectra, spectra

PHASE_BINS = 25
"""Bins of the histogram of phase sums over [-pi, pi): odd, so that 0 lies in the middle of one."""


@eqx.filter_jit
def phase_sums(neuron_spectra: Spectra) -> Float[Array, " h"]:
    """Return phi_1 + ... + phi_k - phi_out of each neuron at its dominant frequency, in [-pi, pi).

    Each vector is fitted by cos(2 pi f g(x)/n + phi). The closed form has 0.

    Source: Gromov 2023, Eq. 12 and Fig. 3.
    """
    fitted = neuron_spectra.dominant_waves
    phases = jnp.arctan2(-fitted[..., 1], fitted[..., 0])
    total = phases[:-1].sum(0) - phases[-1]
    return jnp.mod(total + jnp.pi, 2 * jnp.pi) - jnp.pi


@eqx.filter_jit
def coherence_of(neuron_spectra: Spectra) -> Float[Array, ""]:
    """Return the mean of cos(phase sum) over the neurons that lie in the basis; 0 if there are none."""
    return jnp.sum(jnp.cos(phase_sums(neuron_spectra)) * neuron_spectra.whole) / jnp.maximum(
        neuron_spectra.whole.sum(), 1
    )


def phase_coherence(weights: MLP, frames: FourierFrames) -> Float[Array, ""]:
    """Average cos(phi_1 + ... + phi_k - phi_out) over the neurons, in [-1, 1].

    The closed form has 1 where h is one to one; elsewhere its readout mixes the phases of several arguments
    of h ((x + y)^2 has 2/pi), and a wave of frequency 0 or n/2 has no free phase.

    Example:
        >>> import numpy as np
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.fourier.lens import make_fourier_frames
        >>> wave = lambda phase: np.cos(2 * np.pi * np.arange(7) / 7 + phase)[:, None]
        >>> net = MLP(jnp.array([wave(1.0), wave(0.5)]), jnp.array(wave(1.5)))
        >>> round(float(phase_coherence(net, make_fourier_frames(natural_basis(7, 2)))), 5)
        1.0
    """
    return coherence_of(spectra(weights, frames))


def bin_of(sums: Float[Array, " h"]) -> Int[Array, " h"]:
    """Place phase sums in `PHASE_BINS` equal bins over [-pi, pi).

    Example:
        >>> bin_of(jnp.array([-3.14159, 0.0, 3.14159])).tolist()
        [0, 12, 24]
    """
    place = jnp.floor((sums + jnp.pi) / (2 * jnp.pi) * PHASE_BINS)
    return jnp.clip(place, 0, PHASE_BINS - 1).astype(jnp.int32)


@eqx.filter_jit
def phase_histogram(neuron_spectra: Spectra) -> Int[Array, " b"]:
    """Count the neurons that lie in the basis by phase sum."""
    return _histogram(bin_of(phase_sums(neuron_spectra)), neuron_spectra.whole, PHASE_BINS)


def frequency_histogram(neurons: Spectra) -> Int[Array, " f"]:
    """Count the neurons that lie in the basis by dominant frequency 1..n//2."""
    return _histogram(neurons.dominant - 1, neurons.whole, neurons.power.shape[-1] - 1)


def _histogram(places: Int[Array, " h"], members: Bool[Array, " h"], bins: int) -> Int[Array, " b"]:
    """Count the places of members in 0..bins-1 by comparisons, which compile to one loop."""
    return jnp.sum((places[:, None] == jnp.arange(bins)) & members[:, None], axis=0, dtype=jnp.int32)


PHASE_COHERENCE = Measure(
    name="phase_coherence",
    title="mean over neurons of cos(phi_1 + ... + phi_k - phi_out) at the dominant frequency",
    direction="up",
    range=lambda p: (-1.0, 1.0),
    random_value=lambda p, width: 0.0,
    closed_form_value=lambda p: 1.0,
    function=phase_coherence,
    defined=lambda frames: frames is None or frames.components is None,
)


def dominating_frequencies(weights: MLP, frames: FourierFrames) -> Int[Array, ""]:
    """Count the frequencies that dominate at least one neuron of those that lie in the basis."""
    return jnp.sum(frequency_histogram(spectra(weights, frames)) > 0)


FREQUENCIES = Measure(
    name="frequencies",
    title="number of frequencies that dominate some neuron",
    function=dominating_frequencies,
    range=lambda p: (0.0, float(p // 2)),
)
