"""Measures of feature matrices: oracles, declared values, orders and orientations."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from circulant_oracle import (
    ORIENTATIONS,
    circulant,
    diagonal_means,
    diagonals,
    logarithmic_diagonals,
    natural_diagonals,
    project,
)
from rfm_setting import doubles, random_feature_matrix, relative

from modgrok.algebra import additive_basis, logarithm_table, multiplicative_basis, natural_basis
from modgrok.measures.features.alignment import agop_alignment, feature_correlation
from modgrok.measures.features.circulant import circulant_deviation, least_deviation
from modgrok.measures.features.matrix_measures import MATRIX_MEASURES
from modgrok.measures.features.spectrum import effective_rank, spectrum
from modgrok.measures.features.structure_share import structure_share, structured_part
from modgrok.models.circulant import enforce, matrix_power, oriented, random_circulant, structure_of


def deviation_by_shifting(block: np.ndarray, orientation: str) -> float:
    """The definition, word for word: shift row l by l, sum the columns' variances."""
    step = 1 if orientation == "hankel" else -1
    shifted = np.stack([np.roll(row, step * i) for i, row in enumerate(block)])
    return float(((shifted - shifted.mean(0)) ** 2).sum() / (block**2).sum())


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("p", [3, 8, 13])
def test_deviation_is_the_definition(p, orientation):
    feature_matrix = random_feature_matrix(2 * p, p)
    expected = deviation_by_shifting(feature_matrix[p:, :p], orientation)
    with jax.enable_x64(True):
        structure = oriented(p, orientation)
        total = float(circulant_deviation(doubles(feature_matrix), structure))
        mean = float(circulant_deviation(doubles(feature_matrix), structure, "mean"))
    assert total == pytest.approx(expected, abs=1e-12)
    assert mean == pytest.approx(expected / p, abs=1e-12)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("p", [5, 13])
def test_logarithmic_order_is_natural_order_after_reordering(p, orientation):
    feature_matrix = random_feature_matrix(2 * p, p)
    order = np.argsort(logarithm_table(p))[1:]
    block = feature_matrix[p:, :p][np.ix_(order, order)]
    with jax.enable_x64(True):
        result = float(
            circulant_deviation(doubles(feature_matrix), oriented(p, orientation, logarithmic=True))
        )
    assert result == pytest.approx(deviation_by_shifting(block, orientation), abs=1e-12)


def test_the_generator_does_not_matter():
    """Lemma J.1: 2 and 6 both generate the units mod 13."""
    block = np.random.default_rng(0).normal(size=(13, 13))
    results = []
    for generator in (2, 6, 7, 11):
        logs = logarithm_table(13, generator)
        table = diagonals(logs, logs, 12)
        results.append(np.linalg.norm(block[1:, 1:] - project(block, table, 12)[1:, 1:]))
    np.testing.assert_allclose(results, results[0])


@pytest.mark.few(3)
@pytest.mark.parametrize("measure", MATRIX_MEASURES, ids=lambda m: m.name)
def test_declared_values(measure):
    p = 31
    with jax.enable_x64(True):
        structure = oriented(p, "toeplitz")
        structured = random_circulant(jax.random.key(0), structure)
        rng = np.random.default_rng(0)
        samples = rng.normal(size=(20, 2 * p, 2 * p))
        every = jax.jit(jax.vmap(lambda m: measure.function(m, structure)))
        random = np.asarray(every(doubles(samples + samples.swapaxes(1, 2)))).tolist()
        low, high = measure.range(p)
        everything = [*random, float(measure.function(structured, structure))]
        assert all(low - 1e-12 <= value <= high + 1e-12 for value in everything)
        if measure.closed_form_value is not None:
            assert everything[-1] == pytest.approx(measure.closed_form_value(p), abs=1e-12)
        if measure.random_value is not None:
            assert np.mean(random) == pytest.approx(measure.random_value(p, 2 * p), rel=0.05)


def test_the_other_orientation_of_a_structured_matrix_is_near_random():
    p = 31
    with jax.enable_x64(True):
        right, wrong = oriented(p, "hankel"), oriented(p, "toeplitz")
        feature_matrix = random_circulant(jax.random.key(0), right)
        assert float(circulant_deviation(feature_matrix, right)) < 1e-12
        assert float(circulant_deviation(feature_matrix, wrong)) > 0.99
        value, which = least_deviation(feature_matrix, (wrong, right))
    assert int(which) == 1
    assert float(value) < 1e-12


@pytest.mark.few(3)
@pytest.mark.parametrize("expression", ["x + y", "x - y", "x*y", "x/y", "3x + 5y"])
def test_a_task_implies_its_orientation_and_order(expression):
    """The structure of a task's basis is Toeplitz or Hankel, in natural or logarithmic order."""
    from modgrok.measures import basis_of
    from modgrok.tasks import task_from_expression

    p = 13
    structure = structure_of(basis_of(task_from_expression(expression, p).table, p))
    with jax.enable_x64(True):
        feature_matrix = random_circulant(jax.random.key(1), structure)
        values = {
            (orientation, logarithmic): float(
                circulant_deviation(feature_matrix, oriented(p, orientation, logarithmic=logarithmic))
            )
            for orientation in ORIENTATIONS
            for logarithmic in (False, True)
        }
    expected = {
        "x + y": ("toeplitz", False),
        "x - y": ("hankel", False),
        "x*y": ("toeplitz", True),
        "x/y": ("hankel", True),
    }.get(expression)
    if expected is None:  # neither orientation in any natural labelling: only the task's own basis sees it
        assert min(values.values()) > 0.5
    else:
        assert values.pop(expected) < 1e-12
        assert min(values.values()) > 0.5


def test_structured_part_is_an_orthogonal_projection():
    p = 7
    with jax.enable_x64(True):
        for structure in (
            oriented(p, "hankel"),
            oriented(p, "toeplitz", logarithmic=True),
            structure_of(natural_basis(p, 3)),
        ):
            feature_matrix = doubles(random_feature_matrix(structure.labels.shape[0] * p))
            part = structured_part(feature_matrix, structure)
            np.testing.assert_allclose(structured_part(part, structure), part, atol=1e-12)
            in_domain = np.concatenate([np.asarray(structure.taken(s)) for s in range(len(structure.labels))])
            rest = (feature_matrix - part) * in_domain[:, None] * in_domain[None, :]
            assert abs(float(jnp.sum(part * rest))) < 1e-10
            energy = float(jnp.sum(part**2) / (jnp.sum(part**2) + jnp.sum(rest**2)))
            assert float(structure_share(feature_matrix, structure)) == pytest.approx(energy)


@pytest.mark.long
def test_squares_have_a_structure_too():
    """x^2 + y^2 has labels x^2, which are not one to one: entries are equal where x^2 - y^2 is."""
    p = 7
    squares = np.arange(p) ** 2 % p
    structure = structure_of(additive_basis((squares, squares), np.arange(p)))
    assert not structure.one_to_one
    with jax.enable_x64(True):
        feature_matrix = random_circulant(jax.random.key(0), structure)
        assert float(feature_matrix[p + 1, 2]) == float(feature_matrix[p + 6, 5])
        assert float(circulant_deviation(feature_matrix, structure)) < 1e-12
        again = enforce(doubles(random_feature_matrix(2 * p)), structure)
        assert float(circulant_deviation(again, structure)) < 1e-12


def test_enforcing_is_the_papers_recipe():
    p = 7
    feature_matrix = random_feature_matrix(2 * p)
    diagonal = np.sqrt(np.diag(feature_matrix))
    scaled = feature_matrix / np.outer(diagonal, diagonal)
    expected = np.zeros((2 * p, 2 * p))
    expected[:p, :p] = expected[p:, p:] = np.eye(p) - 1 / p
    expected[p:, :p] = circulant(scaled[p:, 0], natural_diagonals(p))
    expected[:p, p:] = expected[p:, :p].T
    with jax.enable_x64(True):
        result = np.asarray(enforce(doubles(feature_matrix), oriented(p, "toeplitz")))
    assert relative(result, expected) < 1e-12


def test_enforcing_in_logarithms_leaves_zero_out():
    p = 7
    identity = np.arange(p)
    structure = structure_of(multiplicative_basis((identity, identity), identity))
    with jax.enable_x64(True):
        result = np.asarray(enforce(doubles(random_feature_matrix(2 * p)), structure))
    assert not result[p, :p].any()
    assert not result[p:, 0].any()
    table = logarithmic_diagonals(p)
    np.testing.assert_allclose(project(result[p:, :p], table, p - 1), result[p:, :p], atol=1e-12)


def test_levels_and_projection_on_the_host():
    rng = np.random.default_rng(0)
    for orientation in ORIENTATIONS:
        table = natural_diagonals(6, orientation)
        values = rng.normal(size=6)
        np.testing.assert_allclose(diagonal_means(circulant(values, table), table, 6), values)


def test_alignment_correlation_and_spectrum():
    a, b = random_feature_matrix(6, 1), random_feature_matrix(6, 2)
    with jax.enable_x64(True):
        x, y = doubles(a), doubles(b)
        assert float(agop_alignment(x, x)) == pytest.approx(1)
        cosine = (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)
        assert float(agop_alignment(x, y)) == pytest.approx(cosine)
        assert float(agop_alignment(x, 0 * y)) == 0
        assert float(feature_correlation(x, y)) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1])
        np.testing.assert_allclose(spectrum(x), np.linalg.eigvalsh(a)[::-1])
        values = np.linalg.eigvalsh(a)
        assert float(effective_rank(x)) == pytest.approx(values.sum() ** 2 / (values**2).sum())


def test_powers_of_an_indefinite_matrix_are_those_of_its_positive_part():
    with jax.enable_x64(True):
        feature_matrix = random_circulant(jax.random.key(0), oriented(31, "toeplitz"))
        values = np.linalg.eigvalsh(np.asarray(feature_matrix))
        assert values[0] < -0.1
        root = np.asarray(matrix_power(feature_matrix, 0.25))
    result = np.linalg.eigvalsh(root @ root @ root @ root)
    np.testing.assert_allclose(result, np.sort(np.maximum(values, 0)), atol=1e-10)
