"""The lookups and grouped products against plain dense formulas, to 1e-10 of their size."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import rfm_oracle as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from rfm_setting import Case, case, doubles, random_feature_matrix, relative, run

from modgrok.learners.rfm.settings import RFMSettings, kernel_of
from modgrok.models import kernels
from modgrok.tasks import split_task, task_from_table

TOLERANCE = 1e-10
TASKS = (("x/y", 9, 0.6), ("x*y + z", 5, 0.5), ("x^2", 13, 0.6))


@eqx.filter_jit
def fast_pieces(name, feature_matrix, alphas, hot, everywhere, layout, centrings):
    kernel = kernel_of(RFMSettings(kernel=name))
    results = [
        kernels.kernel_matrix(kernel, feature_matrix, hot),
        kernels.predict(kernel, feature_matrix, alphas, hot, everywhere),
    ]
    return results + [kernels.agop(kernel, feature_matrix, alphas, hot, layout, centred=c) for c in centrings]


def pieces(chosen, feature_matrix, name, alphas, centrings):
    """Kernel matrix, predictions on all inputs, AGOPs centred or not: fast and dense."""
    x = oracle.one_hot(chosen.inputs, chosen.sizes)
    at = oracle.one_hot(chosen.everything, chosen.sizes)
    with jax.enable_x64(True):
        hot = kernels.features(jnp.asarray(chosen.inputs), chosen.sizes)
        everywhere = kernels.features(jnp.asarray(chosen.everything), chosen.sizes)
        layout = kernels.make_layout(chosen.inputs, chosen.sizes)
        fast = fast_pieces(name, doubles(feature_matrix), doubles(alphas), hot, everywhere, layout, centrings)
    dense = [oracle.parts(name, x, x, feature_matrix)[0], oracle.predict(name, x, feature_matrix, alphas, at)]
    dense += [oracle.agop(name, x, feature_matrix, alphas, c) for c in centrings]
    return [np.asarray(array) for array in fast], dense


@pytest.mark.few(4)
@pytest.mark.parametrize("name", oracle.KERNELS)
@pytest.mark.parametrize(("expression", "p", "fraction"), TASKS)
def test_fast_equals_dense_on_a_random_matrix(name, expression, p, fraction):
    chosen = case(expression, p, fraction)
    alphas = np.random.default_rng(1).normal(size=(len(chosen.inputs), p))
    fast, dense = pieces(chosen, random_feature_matrix(p * chosen.task.k), name, alphas, (True,))
    for result, expected in zip(fast, dense, strict=True):
        assert relative(result, expected) < TOLERANCE


@settings(max_examples=12, deadline=None)
@given(
    table=st.lists(st.lists(st.integers(0, 4), min_size=5, max_size=5), min_size=5, max_size=5),
    seed=st.integers(0, 2**32 - 1),
    name=st.sampled_from(sorted(oracle.KERNELS)),
)
def test_fast_equals_dense_on_random_tables(table, seed, name):
    task = task_from_table(np.array(table))
    chosen = Case(task, split_task(task, 0.6, np.random.PCG64(seed)))
    alphas = np.random.default_rng(seed).normal(size=(len(chosen.inputs), task.p))
    fast, dense = pieces(chosen, random_feature_matrix(2 * task.p, seed), name, alphas, (True, False))
    for result, expected in zip(fast, dense, strict=True):
        assert relative(result, expected) < TOLERANCE


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "centred"),
    [("quadratic", True), ("gaussian", True), ("laplace", False)],
)
def test_whole_iterations_equal_the_dense_ones(name, centred):
    chosen = case("x + y", 13, 0.6)
    fast = run(chosen, 4, kernel=name, centred=centred)
    labels = chosen.task.labels(chosen.split.train)
    dense = oracle.iterate(
        name, chosen.inputs, labels, chosen.sizes, 13, chosen.everything, 5, centred=centred
    )
    for result, (feature_matrix, _, _) in zip(fast.matrices, dense, strict=True):
        assert relative(result, feature_matrix) < TOLERANCE


@pytest.mark.long
def test_chunks_do_not_change_sums(monkeypatch):
    chosen = case("x + y", 12)
    alphas = np.random.default_rng(1).normal(size=(len(chosen.inputs), 12))
    monkeypatch.setattr(kernels.moments, "BLOCK_BYTES", 8 * 24 * 12 * 7)
    monkeypatch.setattr(kernels.tables, "CHUNK_BYTES", 8 * 72 * 7)
    fast, dense = pieces(chosen, random_feature_matrix(24), "laplace", alphas, (True, False))
    for result, expected in zip(fast, dense, strict=True):
        assert relative(result, expected) < TOLERANCE


@pytest.mark.parametrize(("expression", "name"), [("x/y", "ntk"), ("x*y + z", "laplace")])
def test_parts_and_slices_of_classes_do_not_change_sums(monkeypatch, expression, name):
    chosen = case(expression, 5, 0.6)
    coefficients = np.random.default_rng(1).normal(size=(len(chosen.inputs), 5))
    kernel = kernel_of(RFMSettings(kernel=name))

    @eqx.filter_jit
    def moments_of(feature_matrix, alphas, hot, layout):
        make = functools.partial(kernels.moments.moments, kernel, feature_matrix, alphas, hot, layout)
        return *make(), *make(by_class=True)

    with jax.enable_x64(True):
        hot = kernels.features(jnp.asarray(chosen.inputs), chosen.sizes)
        layout = kernels.make_layout(chosen.inputs, chosen.sizes)
        feature_matrix = doubles(random_feature_matrix(5 * chosen.task.k))
        arguments = feature_matrix, doubles(coefficients), hot, layout
        monkeypatch.setattr(kernels.moments, "shares_products", lambda _: False)
        whole = moments_of(*arguments)
        monkeypatch.setattr(kernels.moments, "PART_ROWS", 3)
        monkeypatch.setattr(kernels.moments, "SLICE_BYTES", 2**12)
        monkeypatch.setattr(kernels.moments, "shares_products", lambda _: True)
        jax.clear_caches()
        divided = moments_of(*arguments)
    for result, expected in zip(divided, whole, strict=True):
        assert relative(result, np.asarray(expected)) < 1e-13


@pytest.mark.few(2)
@pytest.mark.parametrize("name", kernels.KERNELS.names)
def test_slopes_are_the_derivatives_of_the_value(name):
    kernel = kernel_of(RFMSettings(kernel=name))
    rng = np.random.default_rng(3)
    feature_matrix = random_feature_matrix(6)
    with jax.enable_x64(True):
        for _ in range(5):
            x, z = doubles(rng.normal(size=6)), doubles(rng.normal(size=6))
            result = kernel.pair_gradient(x, z, doubles(feature_matrix))
            expected = jax.grad(lambda v, z=z: kernel.pair(v, z, doubles(feature_matrix)))(x)
            assert relative(result, np.asarray(expected)) < 1e-9


def test_numpy_and_jax_values_are_the_same():
    rng = np.random.default_rng(0)
    u = rng.uniform(-0.9, 0.9, size=(4, 3))
    q, r = rng.uniform(1, 2, size=(4, 1)), rng.uniform(1, 2, size=(1, 3))
    for name in kernels.KERNELS.names:
        kernel = kernel_of(RFMSettings(kernel=name))
        with jax.enable_x64(True):
            there = [kernel.value(*map(doubles, (u, q, r))), *kernel.slopes(*map(doubles, (u, q, r)))]
        here = [kernel.value(u, q, r), *kernel.slopes(u, q, r)]
        for a, b in zip(here, there, strict=True):
            np.testing.assert_allclose(np.broadcast_to(a, (4, 3)), np.broadcast_to(b, (4, 3)), rtol=1e-12)
