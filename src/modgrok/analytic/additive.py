"""Additive: the closed form of h[g_1(n_1) + ... + g_k(n_k)] mod m.

Owns: arguments and readout on the whole group Z_m; m need not be prime.
"""

from __future__ import annotations

import numpy as np

from ..models.mlp import MLP
from .forms import Witness, reachable
from .network import corrected, network
from .readout import preimages
from .waves import Waves, embed, read


def additive(
    witness: Witness, waves: Waves, *, readout: str = "forward", activation: str | None = None
) -> MLP:
    """Write down the network of an additive witness.

        U[s, i, n] = a_n cos(2 pi f_n g_s(i)/p + phi_s,n)
        W[q, n]    = a_n sum_{t: h(t) = q} cos(2 pi f_n t/p + sum_s phi_s,n)

    Arguments:
        witness: an additive one with k tables on Z_p; only its tables are read.
        waves: N neurons on Z_p for k operands (`random_waves`, `exact_waves`).
        readout: one of `READOUTS`: `forward` sums over all preimages of a class, `reachable` over those that
            occur, `inverse` takes one branch of h^-1.
        activation: z^k if None; other names keep the same embedding, and the readout is rescaled to peak 1.

    Returns:
        MLP with embedding (k, p, N) and readout (p, N), float32, plain parametrisation.

    Raises:
        ValueError: unknown readout or activation, or an activation without the wanted wave.

    Example:
        >>> from modgrok.analytic.forms import weighted_sum
        >>> from modgrok.analytic.waves import exact_waves
        >>> net = additive(weighted_sum(5, (1, 1)), exact_waves(5, 2, (1, 2)))
        >>> import jax.numpy as jnp
        >>> net.width, int(net(jnp.array([[4, 3]])).argmax())
        (12, 2)

    Source: Gromov 2023, Eq. 6-7 and Claim II; Doshi et al. 2024, Eq. 2. The forward readout is a deviation.
    """
    p = waves.order
    arguments = np.stack([np.asarray(g, dtype=np.int64) for g in witness.g])
    name = activation or f"power{waves.operands}"
    table = preimages(np.asarray(witness.h), reachable(witness, p), p, readout)
    embedding = embed(waves, arguments, np.ones_like(arguments, dtype=bool))
    return network(embedding, read(waves, table) * corrected(waves, name), name)
