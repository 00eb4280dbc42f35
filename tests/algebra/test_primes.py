"""Laws of primes, units and primitive roots, over every small modulus."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modgrok.algebra import factorise, is_prime, primitive_root, totient, units

PRIMES = [p for p in range(2, 200) if all(p % q for q in range(2, p))]


def test_primes_are_those_without_divisors() -> None:
    assert [n for n in range(200) if is_prime(n)] == PRIMES


@pytest.mark.parametrize("n", range(1, 400))
def test_factors_are_prime_and_multiply_to_n(n: int) -> None:
    factors = factorise(n)
    assert math.prod(q**e for q, e in factors) == n
    assert all(is_prime(q) for q, _ in factors)
    assert [q for q, _ in factors] == sorted({q for q, _ in factors})


@pytest.mark.parametrize("p", PRIMES)
def test_the_primitive_root_is_the_smallest_of_full_order(p: int) -> None:
    def order(a: int) -> int:
        return next(e for e in range(1, p) if pow(a, e, p) == 1)

    full = [a for a in range(1, p) if order(a) == p - 1]
    assert primitive_root(p) == full[0]


@pytest.mark.parametrize("m", range(1, 100))
def test_units_are_the_residues_with_an_inverse(m: int) -> None:
    expected = [a for a in range(m) if any(a * b % m == 1 % m for b in range(m))]
    assert units(m).tolist() == expected
    assert totient(m) == len(expected)


@pytest.mark.parametrize("bad", [0, 1, 4, 91])
def test_no_primitive_root_without_a_prime(bad: int) -> None:
    with pytest.raises(ValueError, match="must be prime"):
        primitive_root(bad)


def test_large_moduli_stay_exact() -> None:
    assert is_prime(2_147_483_647)
    assert factorise(2**31 - 1) == ((2**31 - 1, 1),)
    assert np.all(np.gcd(units(360), 360) == 1)
