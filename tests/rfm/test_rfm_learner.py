"""The learner: its laws, its bad inputs, and what the papers' runs do at small p."""

from __future__ import annotations

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import rfm_oracle as oracle
from pydantic import ValidationError
from rfm_setting import (
    case,
    doubles,
    init_and_evaluate,
    random_feature_matrix,
    relative,
    run,
    step_and_evaluate,
)

from modgrok.learners import make_problem
from modgrok.learners.rfm.initial_feature_matrix import (
    check_feature_matrix,
    feature_matrix_digest,
    read_feature_matrix,
)
from modgrok.learners.rfm.learner import rfm_learner
from modgrok.learners.rfm.memory import check_memory, memory_needed
from modgrok.learners.rfm.settings import RFMSettings, kernel_of
from modgrok.learners.rfm.solve import solve_kernel
from modgrok.measures import basis_of
from modgrok.measures.features.alignment import agop_alignment
from modgrok.measures.features.circulant import circulant_deviation
from modgrok.models.circulant import oriented, structure_of
from modgrok.models.kernels import agop, features, make_layout
from modgrok.tasks import InputError, split_task, task_from_text


def deviations(trace, structure) -> np.ndarray:
    with jax.enable_x64(True):
        return np.asarray(
            jax.jit(jax.vmap(lambda m: circulant_deviation(m, structure)))(doubles(trace.matrices))
        )


def test_a_quadratic_run_shows_what_the_paper_shows():
    """p = 31: memorised from the start, features move long before the accuracy does, and it groks."""
    trace = run(case("x + y", 31, 0.6), 30)
    assert (trace.train == 1).all()
    assert (trace.test[:9] < 0.01).all()
    assert trace.test[30] > 0.9
    right = deviations(trace, oriented(31, "toeplitz"))
    wrong = deviations(trace, oriented(31, "hankel"))
    # M_0 has no off-diagonal block, that of M_1 is mostly constant; from M_2 on the right one falls
    assert right[2] > 0.4
    assert (np.diff(right[2:]) < 1e-3).all()
    assert right[8] < 0.3 * right[2]
    assert right[30] < 0.05
    assert wrong[2:].min() > 0.9
    assert wrong[30] > 0.99
    with jax.enable_x64(True):
        final = doubles(trace.matrices[-1])
        alignment = np.asarray(jax.jit(jax.vmap(lambda m: agop_alignment(m, final)))(doubles(trace.matrices)))
    assert (np.diff(alignment) > -1e-3).all()
    assert alignment[0] == pytest.approx(0.8, abs=0.05)
    assert alignment[8] > 0.85


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "expression", ["x - y", *(pytest.param(e, marks=pytest.mark.long) for e in ("x*y", "x/y"))]
)
def test_each_operation_finds_its_own_structure(expression):
    chosen = case(expression, 23, 0.65)
    trace = run(chosen, 20)
    right = deviations(trace, structure_of(basis_of(chosen.task.table, 23)))
    assert trace.test[-1] > 0.8
    assert trace.test[5] < 0.15
    assert (trace.train == 1).all()
    assert right[2] > 0.4
    assert right[-1] < 0.05


@pytest.mark.parametrize("expression", [pytest.param("x + y", marks=pytest.mark.long), "x*y"])
def test_a_random_circulant_generalises_at_once(expression):
    """Iteration 0: a plain kernel on random circulant features, against one on the identity."""
    chosen = case(expression, 31, 0.5)
    assert run(chosen, 0).test[0] < 0.1
    assert run(chosen, 0, initial="random-circulant").test[0] > 0.85


@pytest.mark.long
def test_an_affine_kernel_scale_changes_nothing_under_the_quadratic_kernel():
    """k -> s^2 k divides alpha by s^2: predictions and AGOPs stay."""
    chosen = case("x + y", 11, 0.6)
    feature_matrix = random_feature_matrix(22)
    a = run(chosen, 2, stored=feature_matrix, initial="stored")
    b = run(chosen, 2, stored=4 * feature_matrix, initial="stored")
    assert relative(b.matrices[1], a.matrices[1]) < 1e-10
    assert relative(b.matrices[2], a.matrices[2]) < 1e-10


@pytest.mark.long
def test_renaming_the_values_renames_the_matrix():
    """A permutation of each operand's values permutes M, and nothing else."""
    chosen = case("x + y", 11, 0.6)
    rng = np.random.default_rng(0)
    one, two = rng.permutation(11), rng.permutation(11)
    renamed = np.stack([one[chosen.inputs[:, 0]], two[chosen.inputs[:, 1]]], axis=1).astype(np.int32)
    place = np.concatenate([one, 11 + two])
    labels = chosen.task.labels(chosen.split.train)
    first = run(chosen, 2).matrices[-1]
    second = list(oracle.iterate("quadratic", renamed, labels, (11, 11), 11, chosen.everything, 3))
    assert relative(second[-1][0][np.ix_(place, place)], first) < 1e-10


@eqx.filter_jit
def both_agops(kernel, feature_matrix, alphas, hot, layout, centred):
    arguments = (kernel, feature_matrix, alphas, hot, layout)
    return agop(*arguments, centred=centred, by_class=True), agop(*arguments, centred=centred)


@pytest.mark.parametrize("name", ["quadratic", "laplace"])
def test_classes_add_up_to_the_agop(name):
    chosen = case("x + y", 7, 0.6)
    alphas = np.random.default_rng(0).normal(size=(len(chosen.inputs), 7))
    with jax.enable_x64(True):
        kernel, feature_matrix = kernel_of(RFMSettings(kernel=name)), doubles(random_feature_matrix(14))
        hot = features(jnp.asarray(chosen.inputs), chosen.sizes)
        layout = make_layout(chosen.inputs, chosen.sizes)
        for centred in (True, False):
            arguments = (kernel, feature_matrix, doubles(alphas), hot, layout)
            each, total = map(np.asarray, both_agops(*arguments, centred))
            assert each.shape == (7, 14, 14)
            assert relative(each.sum(0), total) < 1e-10
            x = oracle.one_hot(chosen.inputs, chosen.sizes)
            alone = oracle.agop(name, x, np.asarray(feature_matrix), alphas[:, 2:3], centred)
            assert relative(each[2], alone) < 1e-10


def test_interrupted_and_continued_is_the_same_run():
    chosen = case("x + y", 11, 0.6)
    whole = run(chosen, 4, kernel="gaussian")
    with jax.enable_x64(True):
        problem = chosen.problem
        half = run(chosen, 2, kernel="gaussian")
        state = half.state
        for _ in range(2):
            state, _, _ = step_and_evaluate(half.learner, state, problem)
    np.testing.assert_array_equal(np.asarray(state.weights.feature_matrix), whole.matrices[-1])
    assert int(state.step) == 4


@pytest.mark.long
def test_enforcement_happens_when_it_should():
    chosen = case("x + y", 11, 0.6)
    trace = run(chosen, 4, enforce_every=2)
    result = deviations(trace, oriented(11, "toeplitz"))
    assert result[2] < 1e-12
    assert result[4] < 1e-12
    assert result[1] > 1e-3
    assert result[3] > 1e-3


def test_a_ridge_keeps_the_fit_from_being_exact():
    assert run(case("x + y", 11, 0.6), 0, ridge=100.0).losses[0] != run(case("x + y", 11, 0.6), 0).losses[0]


def test_float32_is_refused():
    chosen = case("x + y", 5)
    learner = rfm_learner(RFMSettings(), chosen.problem)
    with pytest.raises(RuntimeError, match=r"must run inside jax\.enable_x64"):
        learner.init(jax.random.key(0), jax.random.key(0), chosen.problem)


@pytest.mark.long
def test_ntk_runs_and_interpolates():
    trace = run(case("x + y", 11, 0.6), 2, kernel="ntk")
    assert (trace.train == 1).all()


@pytest.mark.long
@pytest.mark.parametrize(
    ("expression", "p", "kernel"), [("x + y + z", 5, "gaussian"), ("x/y", 12, "quadratic")]
)
def test_three_operands_and_composite_moduli(expression, p, kernel):
    chosen = case(expression, p, 0.7)
    trace = run(chosen, 2, kernel=kernel)
    assert (trace.train == 1).all()
    labels = chosen.task.labels(chosen.split.train)
    dense = oracle.iterate(kernel, chosen.inputs, labels, chosen.sizes, p, chosen.everything, 3)
    for result, (feature_matrix, _, _) in zip(trace.matrices, dense, strict=True):
        assert relative(result, feature_matrix) < 1e-9


def test_the_quadratic_kernel_cannot_fit_three_operands():
    """Its functions are sums over pairs of operands, 1 + 3(p - 1) + 3(p - 1)^2 = 61 of 125 dimensions."""
    trace = run(case("x + y + z", 5, 0.7), 0)
    assert bool(trace.state.singular)
    assert trace.train[0] < 1


@jax.jit
def solved(matrix, target, ridge=0.0):
    return solve_kernel(lambda: matrix, target, ridge)


def test_solutions_of_singular_and_indefinite_systems():
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        factor = rng.normal(size=(8, 5))
        target = rng.normal(size=(8, 2))
        for matrix in (factor @ factor.T, factor[:, :3] @ factor[:, :3].T - factor[:, 3:] @ factor[:, 3:].T):
            result = solved(doubles(matrix), doubles(target))
            assert bool(result.singular)
            np.testing.assert_allclose(result.alphas, np.linalg.pinv(matrix) @ target, atol=1e-10)
        regular = factor.T @ factor
        result = solved(doubles(regular), doubles(target[:5]), 0.5)
        assert not bool(result.singular)
        np.testing.assert_allclose(result.alphas, np.linalg.solve(regular + 0.5 * np.eye(5), target[:5]))
        assert 1 <= float(result.condition) <= np.linalg.cond(regular + 0.5 * np.eye(5)) * 1.001
        indefinite = np.diag([1.0, -2.0, 3.0])
        result = solved(doubles(indefinite), doubles(np.eye(3)))
        assert not bool(result.singular)
        np.testing.assert_allclose(result.alphas, np.linalg.inv(indefinite), atol=1e-12)
        assert float(result.condition) == pytest.approx(3)


@pytest.mark.long
def test_a_bit_is_a_one_hot_of_two_with_a_zero_row():
    """A mixture of two tasks against dense inputs (x, y, bit) of width 2p + 1."""
    p = 7
    mixture = task_from_text("x + y; x^2 + y^2", p)
    problem = make_problem(mixture, split_task(mixture, 0.7, np.random.PCG64(0)))
    inputs, labels = np.asarray(problem.inputs), np.asarray(problem.labels)
    x = np.concatenate([oracle.one_hot(inputs[:, :2], (p, p)), inputs[:, 2:]], axis=1)
    feature_matrix = np.eye(2 * p + 1)
    with jax.enable_x64(True):
        learner = rfm_learner(RFMSettings(kernel="gaussian"), problem)
        assert learner.sizes == (p, p, 2)
        state, _ = init_and_evaluate(learner, jax.random.key(0), problem)
        for _ in range(3):
            result = np.asarray(state.weights.feature_matrix)
            remaining = np.delete(np.arange(2 * p + 2), 2 * p)
            assert relative(result[np.ix_(remaining, remaining)], feature_matrix) < 1e-8
            assert not result[2 * p].any()
            alphas = oracle.solve("gaussian", x, feature_matrix, labels, p)
            feature_matrix = oracle.power(oracle.agop("gaussian", x, feature_matrix, alphas), 0.5)
            state, _, _ = step_and_evaluate(learner, state, problem)


@pytest.mark.long
def test_initial_matrices_of_mixtures():
    """T tasks are T - 1 bits or a one-hot; a random circulant fills the operands alone."""
    mixture = task_from_text("x + y; x - y; 2x + y", 5)
    problem = make_problem(mixture, split_task(mixture, 0.7, np.random.PCG64(0)))
    with jax.enable_x64(True):
        values = {
            (bit, initial): np.asarray(
                rfm_learner(RFMSettings(task_bit=bit, initial=initial), problem).initial_feature_matrix(
                    jax.random.key(0)
                )
            )
            for bit in (True, False)
            for initial in ("identity", "random-circulant")
        }
    assert values[True, "identity"].diagonal().tolist() == [1.0] * 10 + [0.0, 1.0, 1.0]
    assert values[False, "identity"].tolist() == np.eye(13).tolist()
    assert values[True, "random-circulant"][10:, 10:].tolist() == np.diag([0.0, 1.0, 1.0]).tolist()
    assert values[False, "random-circulant"][5, 0] != 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ridge", -1.0),
        ("ridge", float("nan")),
        ("bandwidth", 0.0),
        ("bandwidth", float("nan")),
        ("bandwidth", float("inf")),
        ("agop_power", 0.0),
        ("agop_power", float("nan")),
        ("kernel", "cubic"),
        ("convention", "mine"),
        ("initial", "zeros"),
        ("depth", 0),
        ("enforce_every", -1),
        ("initial_digest", "abc"),
    ],
)
def test_bad_settings(name, value):
    with pytest.raises(ValidationError) as raised:
        RFMSettings(**{name: value})
    assert raised.value.errors()[0]["loc"] == (name,)


def test_stored_matrices(tmp_path: Path):
    path = tmp_path / "m.npy"
    np.save(path, random_feature_matrix(10))
    np.testing.assert_allclose(read_feature_matrix(path, 10), random_feature_matrix(10))
    with pytest.raises(InputError, match=r"feature_matrix: must have shape \(14, 14\), got \(10, 10\)"):
        read_feature_matrix(path, 14)
    with pytest.raises(InputError, match=r"feature_matrix: must be a \.npy file"):
        read_feature_matrix(tmp_path / "none.npy", 10)
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"feature_matrix: m\.npy does not hold a plain array"):
        read_feature_matrix(path, 10)
    with pytest.raises(InputError, match="feature_matrix: must be symmetric, got an asymmetry of 1"):
        check_feature_matrix(np.array([[0.0, 1.0], [0.0, 0.0]]), 2)
    with pytest.raises(InputError, match="feature_matrix: entries must be finite, got nan"):
        check_feature_matrix(np.array([[np.nan]]), 1)
    with pytest.raises(InputError, match="feature_matrix: entries must be real numbers, got type complex128"):
        check_feature_matrix(np.eye(2) * 1j, 2)
    assert feature_matrix_digest(np.eye(2)) != feature_matrix_digest(2 * np.eye(2))


def test_a_kernel_matrix_beyond_memory_is_refused_with_its_size():
    with pytest.raises(
        InputError, match=r"fraction: 200000 training inputs, .* about 1\d\d\d\.\d GiB.* got 8\.0 GiB"
    ):
        check_memory(200_000, 997, available=8 * 2**30)
    assert check_memory(4704, 97, available=4 * 2**30) == memory_needed(4704, 97) < 4 * 2**30


@pytest.mark.long
def test_gaussian_grokking_at_61():
    """The curve of another implementation on another split: nothing until 9, most by 15, all by 23."""
    trace = run(case("x + y", 61, 0.5), 24, kernel="gaussian")
    assert (trace.train == 1).all()
    assert (trace.test[:10] < 0.01).all()
    assert 0.2 < trace.test[12] < 0.6
    assert trace.test[15] > 0.8
    assert trace.test[18] > 0.98
    assert trace.test[23] > 0.999


@pytest.mark.long
@pytest.mark.parametrize("expression", ["x + y", "x - y", "x*y", "x/y"])
def test_quadratic_grokking_at_61(expression):
    """Transition near iteration 12 to 14; the right deviation falls before it, the accuracy does not rise."""
    chosen = case(expression, 61, 0.5)
    trace = run(chosen, 20)
    right = deviations(trace, structure_of(basis_of(chosen.task.table, 61)))
    trivial = trace.test[1]
    assert (trace.train == 1).all()
    assert (trace.test[:9] < trivial + 0.01).all()
    assert right[8] < 0.25 * right[2]
    assert trace.test[14] > 0.8
    assert trace.test[20] > 0.98
