"""The IPR of each neuron of a run, which several papers' histograms show.

Owns: reading it from kept weights.
"""

from __future__ import annotations

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from ...algebra import Basis
from ...measures import FourierFrames, ipr_of_neurons, make_fourier_frames, spectra
from ...models import MLP
from ...tasks import InputError
from .evidence import RunData


def neuron_iprs(run: RunData, step: int | None = None, *, basis: Basis | None = None) -> np.ndarray:
    """Return the IPR of every neuron, float64 (N,).

    Arguments:
        run: of a two-layer network.
        step: the last kept step up to this one; None for the end.
        basis: order of operands and classes in which waves are looked for; None for the task's.

    Raises:
        InputError: another learner, or no weights were kept so early.
    """
    net = run.network(step)
    if not isinstance(net, MLP):
        raise InputError(f"run: must be of a two-layer network, got {run.experiment.learner.kind}")
    return np.asarray(_iprs(net, make_fourier_frames(basis or run.basis)), dtype=np.float64)


@eqx.filter_jit
def _iprs(net: MLP, frames: FourierFrames) -> Float[Array, " h"]:
    return ipr_of_neurons(spectra(net, frames))
