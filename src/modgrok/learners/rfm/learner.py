"""Recursive Feature Machines: `init` and `step`, nothing else.

A state at step t holds the feature matrix M_t and the coefficients solved with it: the predictor of the
paper's iteration t. `step` updates M from that predictor's gradients and solves again: followed by an
evaluation at each step, the order is the paper's solve, evaluate, update.

Owns: the initial M, one iteration. All of it in float64: call it inside `jax.enable_x64(True)`.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ...algebra import Basis, natural_basis
from ...models.circulant import CirculantStructure, enforce, matrix_power, random_circulant, structure_of
from ...models.kernel_machine import KernelMachine
from ...models.kernels import (
    FormKernel,
    Kernel,
    Layout,
    agop,
    features,
    kernel_matrix,
    make_layout,
    widen_layout,
)
from ...models.on_device import on_device, scalar_on_device
from ...training.problem import GROUPS, Problem
from .memory import check_memory
from .settings import RFMSettings, kernel_of
from .solve import Solution, gives_training_values, solve_kernel, total_ridge

ROOM = 5.0
"""Standard deviations of the number of training inputs with one value, in layouts of a common shape."""


class RFMState(eqx.Module):
    """What the next step needs.

    Arguments:
        weights: the predictor of this iteration.
        step: number of updates of M made.
        condition: estimated condition number of its kernel matrix.
        singular: whether that matrix was singular to working precision (`solve`).
    """

    weights: KernelMachine
    step: Int[Array, ""]
    condition: Float[Array, ""]
    singular: Bool[Array, ""]


class RFMLearner(eqx.Module):
    """Kernel regression whose feature matrix M is its own average gradient outer product, over and over.

    Arguments:
        kernel: the kernel.
        ridge, power: see `RFMSettings`.
        layout: the training inputs by operand value.
        structure: of the task, for random circulants and enforcement.
        others: which inputs of the domain do not train, in ascending order.
        places: of all inputs of the domain, in the training inputs followed by the others.
        stored: a given initial M, or None.
        tasks: number of tasks of a mixture whose first row and column of M are 0, so that the last operand
            is one bit less than a one-hot; 0 for none.
        (the rest): see `RFMSettings`; `sizes` gives the number of values of each operand.
    """

    kernel: Kernel
    ridge: Float[Array, ""]
    power: Float[Array, ""]
    layout: Layout
    structure: CirculantStructure
    others: Int[Array, " h"]
    places: Int[Array, " m"]
    stored: Float[Array, "d d"] | None
    centred: bool = eqx.field(static=True)
    initial: str = eqx.field(static=True)
    enforce_every: int = eqx.field(static=True)
    tasks: int = eqx.field(static=True)
    sizes: tuple[int, ...] = eqx.field(static=True)

    def init(self, key: PRNGKeyArray, batch_key: PRNGKeyArray, problem: Problem) -> RFMState:
        """Solve with the initial M: iteration 0.

        Arguments:
            key: of the random circulant.
            batch_key: unused; an iteration takes the whole training set.
            problem: gives the training inputs and labels.
        """
        if jnp.result_type(float) != jnp.float64:
            raise RuntimeError("rfm: must run inside jax.enable_x64(True), got float32")
        return self._solved(self.initial_feature_matrix(key), problem, jnp.zeros((), jnp.int32))

    def step(self, state: RFMState, problem: Problem) -> tuple[RFMState, Array]:
        """Make one iteration: M from the gradients of the present predictor, then a new predictor.

        Returns:
            (next state, whether its numbers are finite).
        """
        step = state.step + 1
        feature_matrix = self.update(state.weights)
        if self.enforce_every:
            feature_matrix = jax.lax.cond(
                step % self.enforce_every == 0,
                lambda m: enforce(m, self.structure),
                lambda m: m,
                feature_matrix,
            )
        new = self._solved(feature_matrix, problem, step)
        finite = jnp.isfinite(feature_matrix).all() & jnp.isfinite(new.weights.alphas).all()
        return new, finite

    def logits(self, weights: KernelMachine, inputs: Int[Array, "n k"]) -> Float[Array, "n c"]:
        """Return the predictor's values of all classes."""
        return weights(inputs)

    def table_logits(self, state: RFMState, problem: Problem) -> Float[Array, "m c"]:
        """Return the predictor's values on the whole domain.

        On the training inputs they are K alpha, and K alpha = Y - (ridge + jitter) alpha is what was solved;
        they are evaluated only where the solve does not vouch for that (`gives_training_values`). A predictor
        that is a quadratic form is read off a table.
        """
        weights = state.weights
        if isinstance(self.kernel, FormKernel):
            return weights(problem.all_inputs)
        arrays, outline = eqx.partition(weights, eqx.is_array)

        @jax.custom_batching.sequential_vmap
        def training_values(solved: Array, arrays: Any, solution: Array) -> Array:
            machine: KernelMachine = eqx.combine(arrays, outline)
            values: Array = jax.lax.cond(solved, lambda: solution, lambda: machine(machine.inputs))
            return values

        solution, diagonal = Solution(weights.alphas, state.condition, state.singular), weights.diagonal()
        solved = gives_training_values(solution, diagonal, self.ridge)
        targets = _targets(problem, weights.alphas.dtype)
        values = training_values(solved, arrays, targets - total_ridge(diagonal, self.ridge) * weights.alphas)
        if len(self.others):
            values = jnp.concatenate([values, weights(problem.all_inputs[self.others])])
        return values[self.places]

    def initial_feature_matrix(self, key: PRNGKeyArray) -> Float[Array, "d d"]:
        """Return M_0.

        Row and column of a mixture's first task are 0 when tasks are told apart by bits: gradients are
        multiples of M, so they stay 0, and the other rows are the paper's bit.
        """
        d = sum(self.sizes)
        feature_matrix = jnp.eye(d) if self.stored is None else self.stored
        if self.initial == "random-circulant":
            features = matrix_power(random_circulant(key, self.structure), 0.5)
            feature_matrix = feature_matrix.at[: len(features), : len(features)].set(features)
        if not self.tasks:
            return feature_matrix
        bit = d - self.tasks
        return feature_matrix.at[bit].set(0).at[:, bit].set(0)

    def update(self, weights: KernelMachine) -> Float[Array, "d d"]:
        """Return AGOP^s of a predictor."""
        return matrix_power(self.agop(weights), self.power)

    def agop(self, weights: KernelMachine) -> Float[Array, "d d"]:
        """Return the average gradient outer product over the training inputs."""
        hot = features(weights.inputs, self.sizes)
        return agop(
            self.kernel, weights.feature_matrix, weights.alphas, hot, self.layout, centred=self.centred
        )

    def _solved(self, feature_matrix: Array, problem: Problem, step: Array) -> RFMState:
        hot = features(problem.inputs, self.sizes)
        targets = _targets(problem, feature_matrix.dtype)
        solution = solve_kernel(lambda: kernel_matrix(self.kernel, feature_matrix, hot), targets, self.ridge)
        weights = KernelMachine(self.kernel, feature_matrix, solution.alphas, problem.inputs, self.sizes)
        return RFMState(weights, step, solution.condition, solution.singular)


def _targets(problem: Problem, dtype: Any) -> Float[Array, "n c"]:
    return jax.nn.one_hot(problem.labels, problem.classes, dtype=dtype)


def rfm_learner(
    settings: RFMSettings,
    problem: Problem,
    *,
    basis: Basis | None = None,
    stored: np.ndarray | None = None,
) -> RFMLearner:
    """Build the learner of settings for one problem.

    Arguments:
        settings: any.
        problem: on the host side of a compilation, for its training inputs are grouped here. The task of a
            mixture is one more operand, behind the others.
        basis: of the task; the natural one if None.
        stored: the initial M when `settings.initial` is `stored`.

    Raises:
        InputError: the kernel matrix does not fit the memory.
    """
    k, p = problem.operands, problem.classes
    sizes = (p,) * k + ((problem.tasks,) if problem.tasks > 1 else ())
    check_memory(len(problem.inputs), max(sizes), len(sizes), p)
    trains = np.asarray(problem.groups[GROUPS.index("train")])
    places = np.where(trains, np.cumsum(trains) - 1, len(problem.inputs) + np.cumsum(~trains) - 1)
    numbers = jnp.float64 if jnp.result_type(float) == jnp.float64 else jnp.float32
    return RFMLearner(
        kernel=kernel_of(settings),
        ridge=scalar_on_device(settings.ridge, numbers),
        power=scalar_on_device(settings.agop_power, numbers),
        layout=make_layout(np.asarray(problem.inputs), sizes),
        structure=structure_of(natural_basis(p, k) if basis is None else basis),
        others=on_device(np.flatnonzero(~trains), np.int32),
        places=on_device(places, np.int32),
        stored=None if stored is None else on_device(stored, numbers),
        centred=settings.centred,
        initial=settings.initial,
        enforce_every=settings.enforce_every,
        tasks=problem.tasks if problem.tasks > 1 and settings.task_bit else 0,
        sizes=sizes,
    )


def with_common_shape(learner: RFMLearner, problem: Problem) -> RFMLearner:
    """Return a learner whose layout has the shape that nearly all training sets of this size have room in.

    How often the most frequent value of an operand occurs depends on the split. Room is made for five
    standard deviations more than the mean, at most for all inputs of the domain that have the value; a layout
    that needs more is left as it is.

    Arguments:
        learner: of the problem.
        problem: on the host side of a compilation.
    """
    n, everything = len(problem.inputs), np.asarray(problem.all_inputs)
    widths = []
    for s, size in enumerate(learner.sizes):
        deviation = math.sqrt(n / size * (1 - n / len(everything)))
        occurring = np.bincount(everything[:, s], minlength=size)
        widths.append(min(math.ceil(n / size + ROOM * deviation), int(occurring.max())))
    return eqx.tree_at(lambda each: each.layout, learner, widen_layout(learner.layout, n, widths))
