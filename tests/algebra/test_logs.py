"""Discrete logarithms turn products into sums, for every generator of every small prime."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.algebra import exponential_table, logarithm_table, units

PRIMES = [2, 3, 5, 7, 11, 13, 23, 31]


@pytest.mark.parametrize("p", PRIMES)
def test_logarithm_of_a_product_is_the_sum(p: int) -> None:
    a = np.arange(1, p)
    generators = [g for g in range(1, p) if len({pow(g, e, p) for e in range(p - 1)}) == p - 1]
    for g in generators:
        logs = logarithm_table(p, g)
        assert logs[0] == -1
        products = a[:, None] * a[None, :] % p
        assert np.array_equal(logs[products], (logs[a][:, None] + logs[a][None, :]) % (p - 1))
        assert np.array_equal(exponential_table(p, g)[logs[1:]], a)


def test_a_non_generator_is_refused() -> None:
    with pytest.raises(ValueError, match="must generate"):
        exponential_table(7, 2)


@pytest.mark.parametrize("p", [97, 113, 251])
def test_no_overflow_where_plain_powers_overflow(p: int) -> None:
    table = exponential_table(p)
    assert table.tolist() == [pow(int(table[1]), e, p) for e in range(p - 1)]
    assert np.array_equal(np.sort(table), units(p))
