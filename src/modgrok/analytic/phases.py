"""Phases: which shifts the k cosines of a neuron carry, random as in the papers or exact.

A neuron with phases phi_1..phi_k, activation z^k and readout phase phi_1 + ... + phi_k contributes

    (sum_s cos(theta_s + phi_s))^k cos(theta_out + sum_s phi_s)
        = sum_r C_r cos(sum_s r_s theta_s - theta_out + sum_s (r_s - 1) phi_s),

r running over the integer vectors with sum |r_s| <= k and sum r_s = k mod 2. Only r = (1..1) is wanted;
the phases of a set of neurons must make every other character phi -> exp(i sum_s (r_s - 1) phi_s) average
to zero.

Owns: those characters, the random and the exact phases. Whether fewer neurons could do is in `designs`.
"""

from __future__ import annotations

from itertools import product
from math import factorial

import numpy as np


def leftover_characters(k: int) -> np.ndarray:
    """List the characters r - 1, r != (1..1), that the phases of k operands under z^k must average out.

    Arguments:
        k: number of operands, at least 1.

    Returns:
        int64 array (count, k); 1, 8, 43, 224 rows for k = 1, 2, 3, 4.

    Example:
        >>> leftover_characters(2).tolist()
        [[-3, -1], [-2, -2], [-2, 0], [-1, -3], [-1, -1], [-1, 1], [0, -2], [1, -1]]

    Source: Gromov 2023, Eq. 10-11, at k = 2; general k derived in docs/exact-networks.md.
    """
    waves = product(range(-k, k + 1), repeat=k)
    characters = [r for r in waves if sum(map(abs, r)) <= k and (sum(r) - k) % 2 == 0 and r != (1,) * k]
    return np.array(characters, dtype=np.int64).reshape(-1, k) - 1


def residual(phases: np.ndarray) -> float:
    """Return the largest leftover average |mean_j exp(i sum_s (r_s - 1) phi_s(j))| over all r.

    Arguments:
        phases: float64 (k, n), radians, one column a neuron.

    Returns:
        A number in [0, 1]; rounding level exactly when the phases are exact, about 1/sqrt(n) when random.

    Example:
        >>> residual(exact_phases(2)) < 1e-14
        True
    """
    angles = leftover_characters(len(phases)) @ phases
    return float(np.abs(np.exp(1j * angles).mean(axis=1)).max())


def exact_phases(k: int) -> np.ndarray:
    """Return phases whose leftover waves all vanish: (k+1) 2^(k-1) neurons for one frequency.

        phi_s = pi j/(k+1) + pi e_s,   j = 0..k,  e in {0,1}^k with e_1 = 0

    Averaging over e removes every r with an even entry, hence all but r in {-1,1}^k; averaging over j removes
    those with 1..k negative entries.

    Arguments:
        k: number of operands, 1..12.

    Returns:
        float64 (k, (k+1) 2^(k-1)): 2, 6, 16, 40, 96, 224 neurons for k = 1..6.

    Raises:
        ValueError: k outside 1..12.

    Example:
        >>> exact_phases(2).shape, exact_phases(3).shape
        ((2, 6), (3, 16))

    Source: derived in docs/exact-networks.md; six is the minimum at k = 2.
    """
    if not 1 <= k <= 12:
        raise ValueError(f"operands: must be 1 to 12 for exact phases, got {k}")
    turn = np.pi * np.arange(k + 1) / (k + 1)
    return (turn[None, :, None] + flips(k)[:, None, :]).reshape(k, -1)


def flips(k: int) -> np.ndarray:
    """Return phases 0 and pi, phi_1 = 0: exact where all cosines are signs, 2^(k-1) neurons.

    Every r with an even entry averages out; the others, r in {-1,1}^k, are the wanted wave for signs, and
    their coefficients add up to k!.

    Returns:
        float64 (k, 2^(k-1)).

    Example:
        >>> (flips(2) / np.pi).tolist()
        [[0.0, 0.0], [0.0, 1.0]]
    """
    return np.pi * np.array([(0, *e) for e in product((0, 1), repeat=k - 1)], dtype=np.float64).T


def random_phases(k: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw phases uniformly from (-pi, pi), neuron by neuron, so that n neurons are the first n of any more.

    Returns:
        float64 (k, n).

    Source: Gromov 2023, below Eq. 7; Doshi et al. 2024, Eq. 2.
    """
    return rng.uniform(-np.pi, np.pi, size=(n, k)).T


def wave_gain(k: int) -> float:
    """Return k!/2^k, the height of the wanted wave that one neuron of unit amplitude contributes under z^k.

    Example:
        >>> wave_gain(2), wave_gain(3)
        (0.5, 0.75)

    Source: Doshi et al. 2024, Eq. 2: A = (2^k/(N k!))^(1/(k+1)) makes N of them add up to 1.
    """
    return factorial(k) / 2**k
