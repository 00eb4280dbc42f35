"""The MLP learner: parametrisations, batches, dropout, gradients."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.learners import MLPSettings, MLPState, Problem, make_problem, mlp_learner
from modgrok.learners.mlp.learner import MLPLearner
from modgrok.learners.mlp.settings import plain_factor
from modgrok.measures import basis_of
from modgrok.models import plain
from modgrok.models.circulant import structure_of
from modgrok.tasks import split_task, task_from_expression
from modgrok.training.descent import draw_batch

TASK = task_from_expression("x + y", 7)
PROBLEM = make_problem(TASK, split_task(TASK, 0.7, np.random.PCG64(0)))


def make(**options: object) -> tuple[MLPLearner, MLPState]:
    settings = MLPSettings(width=20, **options).resolve(7, 2)
    learner = mlp_learner(settings, 7, 2)
    return learner, learner.init(jax.random.key(1), jax.random.key(2), PROBLEM)


def steps(learner: MLPLearner, state: MLPState, n: int, problem: Problem = PROBLEM) -> MLPState:
    step = eqx.filter_jit(learner.step)
    for _ in range(n):
        state, finite = step(state, problem)
        assert bool(finite)
    return state


@pytest.mark.long
def test_gradient_descent_in_both_parametrisations_is_the_same_at_the_converted_rate() -> None:
    with jax.enable_x64(True):
        normalised, start = make(lr=10.0)
        factor = plain_factor(MLPSettings(width=20, activation="power2"), 7, 2)
        assert factor == pytest.approx((2 * 7 * 20) ** (-1 / 3))
        moved, _ = make(lr=10.0 * factor**2, parametrisation="doshi")
        first_state = eqx.tree_at(lambda s: s.weights, start, plain(start.weights))
        one, two = steps(normalised, start, 100), steps(moved, first_state, 100)
        assert float(jnp.abs(one.weights.embedding - start.weights.embedding).max()) > 0.1
        np.testing.assert_allclose(plain(one.weights).embedding, two.weights.embedding, rtol=2e-4, atol=1e-6)
        np.testing.assert_allclose(
            one.weights(PROBLEM.inputs), two.weights(PROBLEM.inputs), rtol=1e-3, atol=1e-6
        )


@pytest.mark.long
def test_adam_in_both_parametrisations_is_the_same_at_the_converted_rate() -> None:
    with jax.enable_x64(True):
        normalised, start = make(optimiser="adamw", lr=0.4)
        factor = plain_factor(MLPSettings(width=20, activation="power2"), 7, 2)
        moved, other = make(optimiser="adamw", lr=0.4 * factor, parametrisation="doshi")
        first_state = eqx.tree_at(lambda s: s.weights, other, plain(start.weights))
        one, two = steps(normalised, start, 30), steps(moved, first_state, 30)
        assert float(jnp.abs(one.weights.embedding - start.weights.embedding).max()) > 1
        np.testing.assert_allclose(plain(one.weights).embedding, two.weights.embedding, rtol=1e-3, atol=1e-5)


def test_the_papers_rate_conversion() -> None:
    """1e5 and 1e6 on normalised weights are 47.4 and 474 on plain ones at p = 97, N = 500."""
    settings = MLPSettings(width=500, activation="power2")
    assert 1e5 * plain_factor(settings, 97, 2) ** 2 == pytest.approx(47.4, abs=0.05)
    assert pytest.approx(0.02176, abs=1e-5) == (2 * 97 * 500) ** (-1 / 3)


@pytest.mark.parametrize(
    ("options", "deviation"),
    [
        ({}, 1.0),
        ({"init_scale": 3.0}, 3.0),
        ({"parametrisation": "doshi"}, (16 * 2000) ** (-1 / 3)),
    ],
)
def test_initial_weights(options: dict[str, object], deviation: float) -> None:
    learner = mlp_learner(MLPSettings(width=2000, **options).resolve(7, 2), 7, 2)
    state = learner.init(jax.random.key(1), jax.random.key(2), PROBLEM)
    flat = np.concatenate([np.ravel(state.weights.embedding), np.ravel(state.weights.readout)])
    assert flat.std() == pytest.approx(deviation, rel=0.02)
    assert abs(flat.mean()) < 0.02 * deviation


def test_default_rates() -> None:
    def rate(p: int = 97, k: int = 2, **options: object) -> float:
        result = MLPSettings(**options).resolve(p, k).lr
        assert result is not None
        return result

    assert rate() == pytest.approx(1e6)
    assert rate(31, width=200) == pytest.approx(1e6 * (31 / 97) ** 3 * 0.4, rel=1e-4)
    assert rate(parametrisation="doshi") == pytest.approx(474, abs=0.5)
    assert rate(optimiser="momentum") == pytest.approx(1e5, rel=1e-4)
    assert rate(loss="cross_entropy") == pytest.approx(2e6 / 97, rel=1e-4)
    assert rate(optimiser="adamw", parametrisation="doshi") == 0.01
    assert rate(lr=3.0) == 3.0
    assert MLPSettings().resolve(11, 3).activation == "power3"


def test_batches_visit_every_example_once_an_epoch() -> None:
    learner, state = make(batch_size=5)
    n = len(PROBLEM.inputs)
    place = {tuple(x): i for i, x in enumerate(PROBLEM.inputs.tolist())}
    orders = []

    @eqx.filter_jit
    def advance(state: MLPState) -> tuple[MLPState, jax.Array, jax.Array]:
        _, inputs, labels = draw_batch(state, PROBLEM, jax.random.wrap_key_data(state.key), 5)
        return learner.step(state, PROBLEM)[0], inputs, labels

    for _ in range(2):
        seen: list[int] = []
        for _ in range(n // 5):
            state, inputs, labels = advance(state)
            assert labels.tolist() == [TASK.table[tuple(x)] for x in inputs.tolist()]
            seen += [place[tuple(x)] for x in inputs.tolist()]
        assert len(seen) == len(set(seen)) == n // 5 * 5
        orders.append(seen)
    assert orders[0] != orders[1]


@pytest.mark.long
def test_dropout_keeps_the_expected_features() -> None:
    learner, state = make(dropout=0.4)
    weights, full = state.weights, learner._training_loss(state.weights, PROBLEM.inputs, PROBLEM.labels, None)
    losses = [
        learner._training_loss(weights, PROBLEM.inputs, PROBLEM.labels, jax.random.key(i)) for i in range(20)
    ]
    assert len({float(loss) for loss in losses}) == 20
    assert all(float(loss) > 0.9 * float(full) for loss in losses)


def test_a_step_that_is_not_finite_says_so() -> None:
    learner, state = make(lr=1e30)
    finite = True
    for _ in range(5):
        state, flag = learner.step(state, PROBLEM)
        finite = finite and bool(flag)
    assert not finite


def test_groups_of_a_problem() -> None:
    split = split_task(TASK, 0.5, np.random.PCG64(0), corruption=0.5, noise=np.random.PCG64(1))
    problem = make_problem(TASK, split)
    train, test, clean, corrupted, nonzero = np.asarray(problem.groups)
    assert train.sum() == 24
    assert np.array_equal(train, ~test)
    assert np.array_equal(clean | corrupted, train)
    assert corrupted.sum() == 12
    assert nonzero.sum() <= test.sum()
    assert np.array_equal(np.asarray(problem.all_labels)[train], split.labels)
    assert np.array_equal(np.asarray(problem.all_labels)[test], TASK.labels(split.test))


def test_training_on_mapped_inputs_is_training_on_dense_ones() -> None:
    """Two steps of gradient descent on Q x for one-hot x, against autodiff of the dense formula."""
    with jax.enable_x64(True):
        learner, start = make(lr=1.0, parametrisation="doshi", inputs="random-circulant")
        assert start.mapping is not None
        rows = np.asarray(start.mapping).reshape(14, 14)
        assert np.allclose(rows, rows.T)
        assert np.linalg.eigvalsh(rows).min() > -1e-8
        hot = np.eye(14)[PROBLEM.inputs[:, 0]] + np.eye(14)[7 + PROBLEM.inputs[:, 1]]
        dense, target = jnp.asarray(hot @ rows), np.eye(7)[PROBLEM.labels]

        def loss(weights: tuple[jax.Array, jax.Array]) -> jax.Array:
            first, second = weights
            return jnp.mean(((dense @ first) ** 2 @ second.T - target) ** 2)

        weights = (start.trained.embedding.reshape(14, -1), start.trained.readout)
        for _ in range(2):
            weights = jax.tree.map(lambda w, g: w - g, weights, jax.grad(loss)(weights))
        result = steps(learner, start, 2)
        np.testing.assert_allclose(result.trained.embedding.reshape(14, -1), weights[0], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(result.trained.readout, weights[1], rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(result.mapping, start.mapping)
        np.testing.assert_allclose(
            result.weights(PROBLEM.inputs), (dense @ weights[0]) ** 2 @ weights[1].T, rtol=1e-6, atol=1e-9
        )


@pytest.mark.long
def test_maps_follow_the_structure_of_the_task() -> None:
    product = basis_of(task_from_expression("x*y", 7).table, 7)
    settings = MLPSettings(inputs="random-circulant").resolve(7, 2)
    key = jax.random.key(1)
    sums = mlp_learner(settings, 7, 2).init(key, key, PROBLEM)
    products = mlp_learner(settings, 7, 2, structure_of(product)).init(key, key, PROBLEM)
    assert sums.mapping is not None
    assert products.mapping is not None
    assert abs(sums.mapping[1, 0, 1:7]).min() > 0
    assert abs(products.mapping[1, 0, :7]).max() < 1e-6  # 0 has no logarithm
    assert not np.allclose(sums.mapping, products.mapping)


@pytest.mark.few(1)
@pytest.mark.parametrize("loss", ["mse", "cross_entropy", pytest.param("stablemax", marks=pytest.mark.long)])
def test_padding_changes_nothing_but_rounding(loss: str) -> None:
    learner, state = make(loss=loss, lr=1.0)
    split = split_task(TASK, 0.7, np.random.PCG64(0))
    padded = make_problem(TASK, split, 44)
    assert (len(PROBLEM.inputs), len(padded.inputs)) == (34, 44)
    assert np.asarray(padded.labels[34:]).tolist() == [-1] * 10
    for one, two in zip(
        jax.tree.leaves(learner.loss_gradient(state, PROBLEM).gradient),
        jax.tree.leaves(learner.loss_gradient(state, padded).gradient),
        strict=True,
    ):
        assert np.allclose(one, two, rtol=1e-5, atol=1e-6 * float(np.abs(one).max()))
    moved, result = (steps(learner, state, 5, problem).trained for problem in (PROBLEM, padded))
    assert np.allclose(moved.embedding, result.embedding, rtol=1e-4, atol=1e-5)
    roomless = make_problem(TASK, split, 3)  # fewer than there are: nothing is added, and nothing left out
    assert len(roomless.inputs) == 34
