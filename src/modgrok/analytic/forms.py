"""Witnesses of the two families that need no search: weighted sums and monomials.

Owns: writing them down, and tabulating any. The record and finding one for an arbitrary table are
`modgrok.decide`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..decide import Witness

Form = Witness
"""The witness record under its name in earlier code."""


def weighted_sum(p: int, coefficients: Sequence[int]) -> Witness:
    """Write c_1 n_1 + ... + c_k n_k mod p as an additive form: g_s(n) = c_s n, h = identity.

    Arguments:
        p: modulus, at least 2.
        coefficients: c_s, any integers; k is their number, at least 1.

    Example:
        >>> weighted_sum(5, (1, 3)).g[1].tolist()
        [0, 3, 1, 4, 2]

    Source: Doshi et al. 2024, Sec. 2, Eq. 2.
    """
    n = np.arange(p, dtype=np.int64)
    return Witness("additive", tuple(c % p * n % p for c in coefficients), n)


def monomial(p: int, exponents: Sequence[int]) -> Witness:
    """Write n_1^a_1 ... n_k^a_k mod p as a multiplicative form: g_s(n) = n^a_s, h = identity.

    Arguments:
        p: modulus, at least 2.
        exponents: a_s >= 0; n^0 = 1 for every n, zero included.

    Raises:
        ValueError: a negative exponent.

    Example:
        >>> monomial(7, (2, 0)).g[0].tolist()
        [0, 1, 4, 2, 2, 4, 1]

    Source: Doshi et al. 2024, Sec. 3, Eq. 4.
    """
    if any(a < 0 for a in exponents):
        raise ValueError(f"exponents: must be at least 0, got {tuple(exponents)}")
    g = tuple(np.array([pow(n, int(a), p) for n in range(p)], dtype=np.int64) for a in exponents)
    return Witness("multiplicative", g, np.arange(p, dtype=np.int64))


def tabulate(witness: Witness, p: int) -> np.ndarray:
    """Evaluate a witness on every input: the table int64 (p,)*k with h[sum g_s] or h[prod g_s].

    Example:
        >>> tabulate(weighted_sum(3, (1, 1)), 3).tolist()
        [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    return witness.evaluate(p)


def reachable(witness: Witness, p: int) -> np.ndarray:
    """Mark the arguments of h that some input reaches: bool array of length p.

    Example:
        >>> reachable(monomial(7, (2,)), 7).tolist()
        [True, True, True, False, True, False, False]
    """
    join = np.add if witness.form == "additive" else np.multiply
    values = np.unique(witness.g[0])
    for table in witness.g[1:]:
        values = np.unique(join(values[:, None], np.unique(table)) % p)
    mask = np.zeros(p, dtype=bool)
    mask[values % p] = True
    return mask
