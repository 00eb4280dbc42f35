"""Small settings that the tests of Recursive Feature Machines share."""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from modgrok.learners import Problem, make_problem
from modgrok.learners.rfm.learner import RFMLearner, RFMState, rfm_learner
from modgrok.learners.rfm.settings import RFMSettings
from modgrok.measures import basis_of
from modgrok.tasks import Split, Task, split_task, task_from_expression


@dataclass(frozen=True, eq=False)
class Case:
    """A task and its split, as arrays."""

    task: Task
    split: Split

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.task.p,) * self.task.k

    @property
    def inputs(self) -> np.ndarray:
        return self.task.inputs(self.split.train)

    @property
    def everything(self) -> np.ndarray:
        return self.task.inputs()

    @property
    def problem(self) -> Problem:
        return make_problem(self.task, self.split)


def case(expression: str, p: int, fraction: float = 0.5, seed: int = 0) -> Case:
    task = task_from_expression(expression, p)
    return Case(task, split_task(task, fraction, np.random.PCG64(seed)))


def random_feature_matrix(d: int, seed: int = 0) -> np.ndarray:
    """A dense positive definite matrix."""
    factor = np.random.default_rng(seed).normal(size=(d, d))
    return factor @ factor.T / d


def relative(measured: np.ndarray, expected: np.ndarray) -> float:
    """Error in the Frobenius norm, relative to the expected array."""
    return float(np.linalg.norm(np.asarray(measured) - expected) / np.linalg.norm(expected))


@eqx.filter_jit
def step_and_evaluate(learner: RFMLearner, state: RFMState, problem: Problem):
    new, finite = learner.step(state, problem)
    return new, finite, new.weights(problem.all_inputs)


@eqx.filter_jit
def init_and_evaluate(learner: RFMLearner, key: jax.Array, problem: Problem):
    state = learner.init(key, key, problem)
    return state, state.weights(problem.all_inputs)


@dataclass(frozen=True, eq=False)
class Trace:
    """A run: per iteration the feature matrix, and accuracies."""

    matrices: np.ndarray
    train: np.ndarray
    test: np.ndarray
    losses: np.ndarray
    state: RFMState
    learner: RFMLearner


def run(chosen: Case, steps: int, stored: np.ndarray | None = None, **settings) -> Trace:
    """Iterate as the loop does, with an evaluation on every input at each step."""
    with jax.enable_x64(True):
        problem = chosen.problem
        learner = rfm_learner(
            RFMSettings(**settings),
            problem,
            basis=basis_of(chosen.task.table, chosen.task.p),
            stored=stored,
        )
        state, logits = init_and_evaluate(learner, jax.random.key(0), problem)
        labels, train = np.asarray(problem.all_labels), np.asarray(problem.groups[0])
        matrices, scores, losses = [], [], []
        for step in range(steps + 1):
            if step:
                state, finite, logits = step_and_evaluate(learner, state, problem)
                assert bool(finite)
            z = np.asarray(logits)
            right = z.argmax(1) == labels
            matrices.append(np.asarray(state.weights.feature_matrix))
            scores.append((right[train].mean(), right[~train].mean()))
            losses.append(((z - np.eye(z.shape[1])[labels]) ** 2)[~train].mean())
        result = np.array(scores)
        return Trace(np.array(matrices), result[:, 0], result[:, 1], np.array(losses), state, learner)


def doubles(array: np.ndarray) -> jax.Array:
    return jnp.asarray(array, jnp.float64)
