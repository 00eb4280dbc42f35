"""Multiplicative: the closed form of h[g_1(n_1) * ... * g_k(n_k)] mod p.

Mod a prime the units are the cyclic group Z_(p-1) through the discrete logarithm; zero has no logarithm and
gets a neuron of its own. Mod any other p the product is a sum in a finite abelian group (`codes`), zero
included.

Owns: logarithmic arguments and the zero neuron; the network of a code.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ..algebra import exponential_table, is_prime, logarithm_table
from ..models.activations import activation as function
from ..models.mlp import MLP
from .codes import Code
from .forms import Witness, reachable
from .network import corrected, network
from .readout import preimages
from .waves import Waves, embed, read


def multiplicative(
    witness: Witness, waves: Waves, *, readout: str = "forward", activation: str | None = None
) -> MLP:
    """Write down the network of a multiplicative witness over a prime p, zeros included.

        U[s, i, n] = a_n cos(2 pi f_n log g_s(i)/(p-1) + phi_s,n), 0 where g_s(i) = 0
        W[q, n]    = a_n sum_{t: h(g^t) = q} cos(2 pi f_n t/(p-1) + sum_s phi_s,n)
        U[s, i, 0] = 1 where g_s(i) = 0, else 0;   W[q, 0] = w if q = h(0), else 0     (zero neuron)

    With z zero operands the zero neuron puts w z^k on h(0). The periodic neurons lose every wave that
    contains the missing cosines, the wanted one among them: nothing is left with exact phases, noise of the
    usual size with random ones. A constant neuron (frequency 0) keeps at most a share ((k-1)/k)^k of its
    height, which w exceeds by 1. Without a zero among the g_s there is no zero neuron.

    Arguments:
        witness: a multiplicative one with k tables over Z_p, p = waves.order + 1 prime.
        waves: periodic neurons on Z_(p-1) for k operands.
        readout: one of `READOUTS`, over the logarithms.
        activation: z^k if None.

    Returns:
        MLP with embedding (k, p, h), h = N + 1 with the zero neuron (index 0), else N.

    Raises:
        ValueError: p is not prime; unknown names.

    Example:
        >>> from modgrok.analytic.forms import monomial
        >>> from modgrok.analytic.waves import exact_waves
        >>> net = multiplicative(monomial(7, (1, 1)), exact_waves(6, 2, (1, 2, 3)))
        >>> net(jnp.array([[4, 3], [0, 3]])).argmax(axis=1).tolist()
        [5, 0]

    Source: Doshi et al. 2024, Eq. 4, with B = (2/(N-1))^(+1/3) (the printed exponent -1/3 is a typo).
    """
    p = waves.order + 1
    if not is_prime(p):
        raise ValueError(f"p: must be prime for a multiplicative closed form, got {p}")
    values = np.stack([np.asarray(g, dtype=np.int64) for g in witness.g])
    live = values != 0
    name = activation or f"power{waves.operands}"
    power = exponential_table(p)
    reach, h = reachable(witness, p), np.asarray(witness.h, dtype=np.int64)
    table = preimages(h[power], reach[power], p, readout)
    embedding = embed(waves, logarithm_table(p)[values] % waves.order, live)
    weights = read(waves, table) * corrected(waves, name)
    if not live.all():
        embedding = np.concatenate([(~live)[:, :, None], embedding], axis=2)
        weights = np.concatenate([_zero_column(h[0], weights, waves, name)[:, None], weights], axis=1)
    return network(embedding, weights, name)


def coded(
    code: Code, waves: Waves, classes: int, *, readout: str = "reachable", activation: str | None = None
) -> MLP:
    """Write down the network of a code: waves are characters of its group.

        U[s, i, n] = a_n cos(2 pi <f_n, u_s(i)> + phi_s,n)
        W[q, n]    = a_n sum_{t: label(t) = q} cos(2 pi <f_n, t> + sum_s phi_s,n)

    Arguments:
        code: `codes`; every value has an argument, so there is no zero neuron.
        waves: N neurons with the code's order and factors.
        classes: c, more than any label.
        readout: one of `READOUTS`; `forward` equals `reachable`, since only sums that occur have a label.
        activation: z^k if None.

    Returns:
        MLP with embedding (k, p, N) and readout (c, N).

    Example:
        >>> from modgrok.analytic.codes import codes
        >>> from modgrok.analytic.forms import monomial
        >>> from modgrok.analytic.waves import exact_waves
        >>> code = codes(monomial(6, (1, 1)), 6)[0]
        >>> code.factors
        (3, 3, 2)
        >>> net = coded(code, exact_waves(18, 2, (1, 2, 4, 6, 7, 8, 10), code.factors), 6)
        >>> net(jnp.array([[5, 5], [2, 3], [4, 5]])).argmax(axis=1).tolist()
        [1, 0, 2]

    Source: docs/exact-networks.md.
    """
    name = activation or f"power{waves.operands}"
    table = preimages(code.label, code.reach, classes, "reachable" if readout == "forward" else readout)
    embedding = embed(waves, code.arguments, np.ones_like(code.arguments, dtype=bool))
    return network(embedding, read(waves, table) * corrected(waves, name), name)


def _zero_column(target: np.integer, weights: np.ndarray, waves: Waves, name: str) -> np.ndarray:
    """Return the zero neuron's readout: on h(0), 1 plus what constant neurons could leave elsewhere."""
    k = waves.operands
    still = (waves.frequency == 0) & (waves.gain == k**k)
    constant = (weights * waves.amplitude**k)[:, still].sum(axis=1) * (k - 1.0) ** k
    column = np.zeros(len(weights))
    column[target] = (1 + constant.max(initial=0.0)) / float(function(name)(jnp.float32(1)))
    return column
