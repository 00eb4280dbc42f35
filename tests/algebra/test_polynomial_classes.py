"""Classes of polynomials up to relabelling, against orbits found by passing labels along the group."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.algebra import cubic_classes, quadratic_class_of, quadratic_classes

PRIMES = (7, 11, 13, 17, 19, 23)
"""Those of docs/census.csv."""


def all_quadratics(p: int) -> np.ndarray:
    """Coefficients (a, b, c, d, e) of all polynomials without constant, shape (5, p^5)."""
    return np.stack(np.unravel_index(np.arange(p**5), (p,) * 5))


def orbits(p: int) -> np.ndarray:
    """The orbit of every polynomial as its first member, from substitutions into the values alone."""
    a, b, c, d, e = coefficients = all_quadratics(p)
    root = next(g for g in range(1, p) if len({g**k % p for k in range(p - 1)}) == p - 1)
    images = [
        (a * root**2, b * root, c, d * root, e),
        (a, b, c, d + 2 * a, e + b),
        (c, b, a, e, d),
        tuple(coefficients * root),
    ]
    moves = [np.ravel_multi_index([entry % p for entry in image], (p,) * 5) for image in images]
    least = np.arange(p**5)
    while True:
        before = least.copy()
        for move in moves:
            np.minimum.at(least, move, before)
            least = np.minimum(least, least[move])
        if (least == before).all():
            return least


@pytest.mark.parametrize("p", [3, 5, 7])
def test_classes_of_quadratics_are_the_orbits(p: int) -> None:
    representatives, orbit = quadratic_class_of(all_quadratics(p), p), orbits(p)
    pairs = np.unique(np.stack([representatives, orbit]), axis=1)
    assert pairs.shape[1] == len(np.unique(representatives)) == len(np.unique(orbit)) == p + 9
    sizes = p * np.bincount(representatives)
    assert sizes.tolist() == [each.size for each in quadratic_classes(p)]
    assert sizes.sum() == p**6


@pytest.mark.parametrize("p", PRIMES)
def test_sizes_add_up_and_representatives_are_their_own(p: int) -> None:
    classes = quadratic_classes(p)
    assert sum(each.size for each in classes) == p**6
    represented = np.array([each.coefficients for each in classes]).T
    assert quadratic_class_of(represented, p).tolist() == list(range(p + 9))
    assert all(each.ratio is None or each.ratio in range(p) for each in classes)


@pytest.mark.parametrize("p", [2, 3, 5, 7])
def test_classes_of_cubic_forms_add_up(p: int) -> None:
    classes = cubic_classes(p)
    assert sum(each.size for each in classes) == p**4
    assert classes[0].coefficients == (0, 0, 0, 0)
    group = 2 * (p - 1) ** 3
    assert all(group % each.size == 0 for each in classes)


def test_a_change_of_scale_keeps_the_class_for_large_primes() -> None:
    """p^3 exceeds int64: products are reduced before they are multiplied again."""
    p, random = 3_000_017, np.random.default_rng(0)
    a, b, c, u, v = random.integers(1, p, (5, 200))
    zero = np.zeros_like(a)
    scaled = np.stack([a * u % p * u % p, b * u % p * v % p, c * v % p * v % p, zero, zero])
    plain = np.stack([a, b, c, zero, zero])
    assert np.array_equal(quadratic_class_of(plain, p), quadratic_class_of(scaled, p))
    assert len(np.unique(quadratic_class_of(plain, p))) > 100


@pytest.mark.parametrize("p", [2, 9, 1])
def test_quadratics_need_an_odd_prime(p: int) -> None:
    with pytest.raises(ValueError, match=f"p: must be an odd prime, got {p}"):
        quadratic_classes(p)
