"""Schur's relations on every irreducible representation of small groups, exhaustively."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.algebra import composition_table, irreducible_representations

NAMES = [
    *(f"C{n}" for n in (1, 2, 5, 6, 12)),
    *(f"D{n}" for n in (1, 2, 3, 4, 5, 6, 9)),
    *(f"Q{n}" for n in (4, 8, 12, 16, 20)),
    *(f"S{n}" for n in (1, 2, 3, 4, 5)),
]


def conjugacy_classes(table: np.ndarray) -> int:
    inverse = np.argmax(table == 0, axis=1)
    conjugates = table[table, inverse[:, None]]  # [g, a] = g a g^-1
    return len({int(row.min()) for row in conjugates.T})


@pytest.mark.parametrize("name", NAMES)
def test_every_product_is_kept(name: str) -> None:
    table = composition_table(name)
    for rho in irreducible_representations(name):
        products = np.einsum("aij,bjk->abik", rho.matrices, rho.matrices)
        assert np.allclose(products, rho.matrices[table], atol=1e-12), rho.name


@pytest.mark.parametrize("name", NAMES)
def test_matrix_elements_are_orthogonal_and_complete(name: str) -> None:
    """sum_a rho_ij(a) conj(sigma_kl(a)) = (n/d) delta: the scaled elements are a unitary n x n matrix."""
    n = len(composition_table(name))
    elements = [
        (np.sqrt(rho.dimension / n) * rho.matrices).reshape(n, -1)
        for rho in irreducible_representations(name)
    ]
    basis = np.concatenate(elements, axis=1)
    assert basis.shape == (n, n)  # sum d^2 = n
    assert np.allclose(basis.conj().T @ basis, np.eye(n), atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_there_are_as_many_as_classes_and_their_characters_are_orthonormal(name: str) -> None:
    representations = irreducible_representations(name)
    table = composition_table(name)
    assert len(representations) == conjugacy_classes(table)
    assert len({rho.name for rho in representations}) == len(representations)
    characters = np.array([rho.character for rho in representations])
    assert np.allclose(
        characters @ characters.conj().T / len(table), np.eye(len(representations)), atol=1e-12
    )
    assert np.allclose(representations[0].matrices, 1)


def test_dimensions_of_s5_and_the_natural_action() -> None:
    representations = {rho.name: rho for rho in irreducible_representations("S5")}
    assert {name: rho.dimension for name, rho in representations.items()} == {
        "(5)": 1,
        "(4,1)": 4,
        "(3,2)": 5,
        "(3,1,1)": 6,
        "(2,2,1)": 5,
        "(2,1,1,1)": 4,
        "(1,1,1,1,1)": 1,
    }
    from itertools import permutations

    fixed_points = np.array([sum(a == i for i, a in enumerate(e)) for e in permutations(range(5))])
    assert np.allclose(representations["(4,1)"].character, fixed_points - 1)


def test_the_two_dimensional_representation_of_q8_is_quaternionic() -> None:
    rho = irreducible_representations("Q8")[-1]
    squares = np.diagonal(composition_table("Q8"))
    assert rho.dimension == 2
    assert rho.character[squares].mean().real == pytest.approx(-1)  # Frobenius-Schur
