"""Powers and inverses against Python's exact integers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modgrok.algebra import inverse, is_unit, power


@pytest.mark.parametrize("m", [2, 3, 6, 7, 12, 97, 3_037_000_499])
@pytest.mark.parametrize("e", [0, 1, 2, 3, 17, 1_000_000])
def test_powers_equal_pythons(m: int, e: int) -> None:
    base = np.unique(np.concatenate([np.arange(min(m, 50)), [m - 1, m - 2, m // 2]])).astype(np.int64)
    assert power(base, e, m).tolist() == [pow(int(a), e, m) for a in base]


@pytest.mark.parametrize("m", [0, 3_037_000_500, 5_000_000_029])
def test_a_modulus_whose_squares_overflow_is_refused(m: int) -> None:
    with pytest.raises(ValueError, match="m: must be in 1"):
        power(np.array([4]), 2, m)


@pytest.mark.parametrize("m", range(2, 60))
def test_inverses_are_inverse_on_units(m: int) -> None:
    a = np.arange(m)
    mask = is_unit(a, m)
    assert mask.tolist() == [math.gcd(int(x), m) == 1 for x in a]
    assert np.all(a[mask] * inverse(a, m)[mask] % m == 1)
