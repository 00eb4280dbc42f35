"""Values of the whole table, of which those of training inputs are known from the solve."""

from __future__ import annotations

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rfm_setting import case, doubles, init_and_evaluate, relative

from modgrok.algebra import natural_basis
from modgrok.learners import make_problem
from modgrok.learners.rfm.learner import rfm_learner
from modgrok.learners.rfm.observer import rfm_observer
from modgrok.learners.rfm.settings import RFMSettings
from modgrok.learners.rfm.solve import Solution, gives_training_values
from modgrok.tasks import split_task, task_from_text

TABLES = {
    "gaussian": ("x/y", 7, {}, {}),
    "laplace with a ridge": ("x + y", 7, {"kernel": "laplace", "ridge": 0.1}, {}),
    "corrupted labels": ("x + y", 7, {}, {"corruption": 0.4, "noise": np.random.PCG64(1)}),
    "a mixture": ("x + y; x - y", 5, {}, {}),
    "a ridge so large that a difference cancels": ("x + y", 7, {"ridge": 1e15}, {}),
}


def solved(state, learner) -> bool:
    solution = Solution(state.weights.alphas, state.condition, state.singular)
    return bool(gives_training_values(solution, state.weights.diagonal(), learner.ridge))


@pytest.mark.parametrize("name", TABLES)
def test_the_table_is_what_evaluation_of_every_input_gives(name):
    expression, p, options, words = TABLES[name]
    task = task_from_text(expression, p)
    problem = make_problem(task, split_task(task, 0.5, np.random.PCG64(0), **words))
    with jax.enable_x64(True):
        learner = rfm_learner(RFMSettings(**{"kernel": "gaussian"} | options), problem)
        state, logits = init_and_evaluate(learner, jax.random.key(0), problem)
        assert solved(state, learner) == ("cancels" not in name)
        assert relative(learner.table_logits(state, problem), np.asarray(logits)) < 1e-11


def test_an_observation_reads_the_table_of_a_learner_that_has_one():
    problem = case("x + y", 7).problem
    learner = rfm_learner(RFMSettings(kernel="gaussian"), problem)

    class Known(eqx.Module):
        structure: object

        def table_logits(self, state, problem):
            return jax.nn.one_hot(problem.all_labels, problem.classes)

    with jax.enable_x64(True):
        state, _ = init_and_evaluate(learner, jax.random.key(0), problem)
        numbers, _ = rfm_observer(Known(learner.structure), problem, natural_basis(7, 2))(state)
    assert (numbers["train_accuracy"], numbers["test_accuracy"]) == (1, 1)
    assert numbers["test_loss"] == 0


def test_a_table_of_training_inputs_alone():
    chosen = case("x*y", 5, 0.6)
    split = replace(
        chosen.split, train=chosen.task.domain, labels=chosen.task.labels(), corrupted=np.zeros(25, bool)
    )
    problem = make_problem(chosen.task, split)
    with jax.enable_x64(True):
        learner = rfm_learner(RFMSettings(kernel="gaussian"), problem)
        state, logits = init_and_evaluate(learner, jax.random.key(0), problem)
        assert relative(learner.table_logits(state, problem), np.asarray(logits)) < 1e-11


def test_a_singular_solve_has_its_training_inputs_evaluated():
    problem = case("x + y", 7, 0.5).problem
    with jax.enable_x64(True):
        learner = rfm_learner(
            RFMSettings(kernel="gaussian", initial="stored"), problem, stored=np.ones((14, 14))
        )
        state, logits = init_and_evaluate(learner, jax.random.key(0), problem)
        values = learner.table_logits(state, problem)
        assert bool(state.singular)
        assert not solved(state, learner)
        assert relative(values, np.asarray(logits)) < 1e-11
        trained = np.asarray(values)[np.asarray(problem.groups[0])]
        assert np.abs(trained - np.eye(7)[np.asarray(problem.labels)]).max() > 0.1


def test_an_ill_conditioned_solve_does_not_vouch_for_training_values():
    alphas = jnp.ones((100, 3), jnp.float32)
    for condition, expected in ((10.0, True), (1e3, False), (np.inf, False)):
        solution = Solution(alphas, jnp.float32(condition), jnp.zeros((), bool))
        assert bool(gives_training_values(solution, jnp.ones(100), 0.0)) is expected


def test_tables_of_a_stack_are_those_of_its_members():
    problem = case("x + y", 5, 0.6).problem
    with jax.enable_x64(True):
        learner = rfm_learner(RFMSettings(kernel="gaussian"), problem)
        matrices = doubles(np.stack([np.eye(10), np.ones((10, 10)), 2 * np.eye(10)]))
        solve = eqx.filter_jit(lambda m: learner._solved(m, problem, jnp.zeros((), jnp.int32)))
        tables = eqx.filter_jit(eqx.filter_vmap(lambda m: learner.table_logits(solve(m), problem)))(matrices)
        for table, matrix in zip(tables, matrices, strict=True):
            assert relative(table, np.asarray(solve(matrix).weights(problem.all_inputs))) < 1e-10
