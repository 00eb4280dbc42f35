"""Affine symmetries and exchanges of tables, against a plain search and against what is proved."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from modgrok.algebra import affine_images, affine_symmetries, quadratic_classes

Polynomial = Callable[[np.ndarray, np.ndarray], np.ndarray]


def table_of(polynomial: Polynomial, p: int) -> np.ndarray:
    x, y = np.meshgrid(np.arange(p), np.arange(p), indexing="ij")
    return polynomial(x, y) % p


@pytest.mark.parametrize("p", [3, 5])
@pytest.mark.parametrize("swapped", [False, True])
def test_all_symmetries_of_every_quadratic_class_are_found(p: int, swapped: bool) -> None:
    for each in quadratic_classes(p):
        a, b, c, d, e = each.coefficients
        table = table_of(
            lambda x, y, a=a, b=b, c=c, d=d, e=e: a * x * x + b * x * y + c * y * y + d * x + e * y, p
        )
        expected = [
            row
            for row in itertools.product(range(1, p), range(p), range(1, p), range(p))
            if all(
                table[(row[0] * u + row[1]) % p, (row[2] * v + row[3]) % p] == table[x, y]
                for x, y in np.ndindex(p, p)
                for u, v in [(y, x) if swapped else (x, y)]
            )
        ]
        rows = affine_symmetries(table, swapped=swapped)
        assert [tuple(row) for row in rows.tolist()] == expected
        for row in rows:
            assert (table.ravel()[affine_images(row, p, swapped=swapped)] == table).all()


@pytest.mark.parametrize("p", [5, 7, 11, 13])
def test_a_binary_form_has_an_exchange_where_its_ratio_is_a_square(p: int) -> None:
    """x^2 + x y + r y^2: two exchanges (s y, x / s) if r = s^2 is not 0, else none (docs/census.md)."""
    quarter = pow(4, -1, p)
    for r in set(range(p)) - {quarter}:
        rows = affine_symmetries(table_of(lambda x, y, r=r: x * x + x * y + r * y * y, p), swapped=True)
        roots = [s for s in range(1, p) if s * s % p == r]
        assert rows.tolist() == [[s, 0, pow(s, -1, p), 0] for s in roots]


@pytest.mark.parametrize("p", [5, 7, 11, 13, 17])
def test_a_square_and_an_operand_have_one_exchange(p: int) -> None:
    """(x + y)^2 + y is the same at (-y - 1/4, -x - 1/4), although it has no form."""
    quarter = pow(4, -1, p)
    rows = affine_symmetries(table_of(lambda x, y: (x + y) ** 2 + y, p), swapped=True)
    assert rows.tolist() == [[p - 1, p - quarter, p - 1, p - quarter]]
