"""Phases of the neurons' dominant waves: the constraint that makes a network add."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..models import MLP
from .lens import Lens, Spectra, spectra
from .measure import Measure

PHASE_BINS = 24
"""Bins of the histogram of phase sums over [-pi, pi)."""


def phase_sums(found: Spectra) -> Float[Array, " h"]:
    """Return phi_1 + ... + phi_k - phi_out of each neuron at its dominant frequency, in [-pi, pi).

    Each vector is fitted by cos(2 pi f g(x)/n + phi). The closed form has 0.

    Source: Gromov 2023, Eq. 12 and Fig. 3.
    """
    neurons = jnp.arange(found.dominant.shape[0])
    fitted = found.waves[:, neurons, found.dominant]
    phases = jnp.arctan2(-fitted[..., 1], fitted[..., 0])
    total = phases[:-1].sum(0) - phases[-1]
    return jnp.mod(total + jnp.pi, 2 * jnp.pi) - jnp.pi


def coherence_of(sums: Float[Array, " h"]) -> Float[Array, ""]:
    """Return the mean of cos(phase sum) over neurons."""
    return jnp.mean(jnp.cos(sums))


def phase_coherence(weights: MLP, lens: Lens) -> Float[Array, ""]:
    """Average cos(phi_1 + ... + phi_k - phi_out) over the neurons, in [-1, 1].

    Example:
        >>> import numpy as np
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.lens import make_lens
        >>> wave = lambda phase: np.cos(2 * np.pi * np.arange(7) / 7 + phase)[:, None]
        >>> net = MLP(jnp.array([wave(1.0), wave(0.5)]), jnp.array(wave(1.5)))
        >>> round(float(phase_coherence(net, make_lens(natural_basis(7, 2)))), 5)
        1.0
    """
    return coherence_of(phase_sums(spectra(weights, lens)))


def phase_histogram(sums: Float[Array, " h"]) -> Int[Array, " b"]:
    """Count phase sums in `PHASE_BINS` equal bins over [-pi, pi)."""
    place = jnp.clip(jnp.floor((sums + jnp.pi) / (2 * jnp.pi) * PHASE_BINS), 0, PHASE_BINS - 1)
    return jnp.zeros(PHASE_BINS, jnp.int32).at[place.astype(jnp.int32)].add(1)


def frequency_histogram(found: Spectra) -> Int[Array, " f"]:
    """Count neurons by dominant frequency 1..n//2."""
    return jnp.zeros(found.power.shape[-1] - 1, jnp.int32).at[found.dominant - 1].add(1)


PHASE_COHERENCE = Measure(
    name="phase_coherence",
    title="mean over neurons of cos(phi_1 + ... + phi_k - phi_out) at the dominant frequency",
    direction="up",
    range=(-1.0, 1.0),
    random_value=lambda p: 0.0,
    closed_form_value=1.0,
    function=phase_coherence,
)
