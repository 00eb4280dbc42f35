"""What gradient training of any network has in common: its state, its batches, one update.

Owns: the state between steps, the order of mini-batches, the check that an update is finite. The networks'
own learners give the initial weights, the loss and the optimiser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray, UInt32

from ..lazy import LazyModule
from .problem import Problem

if TYPE_CHECKING:
    import optax
else:
    optax = LazyModule("optax")  # takes a tenth of the start of commands that train nothing

W = TypeVar("W")
TrainingLoss = Callable[[W, Array, Array, PRNGKeyArray | None], Array]
"""Weights, inputs, labels, and the key of this step's random masks -> loss of the batch."""


@runtime_checkable
class DescentState(Protocol):
    """What `gradient_step` reads of a state and replaces; learners may keep more in theirs."""

    trained: Any
    optimiser: Any
    step: Int[Array, ""]
    key: UInt32[Array, " w"]
    order: Int[Array, " n"]


S = TypeVar("S", bound=DescentState)


class LossGradient(NamedTuple):
    """The training loss at a state and its gradient: all that the next update takes of the examples.

    Arguments:
        loss: scalar.
        gradient: in the trained weights, a tree like theirs.
    """

    loss: Array
    gradient: Any


class NetworkState(eqx.Module, Generic[W]):
    """What the next step needs.

    Arguments:
        trained: the network.
        optimiser: state of the Optax chain.
        step: number of updates made.
        key: raw words of the key of batches and random masks.
        order: the current epoch's order of the training set; length 0 when batches are full.
    """

    trained: W
    optimiser: Any
    step: Int[Array, ""]
    key: UInt32[Array, " w"]
    order: Int[Array, " n"]

    @property
    def weights(self) -> W:
        """The network: what is measured and kept."""
        return self.trained


def init_state(
    weights: W,
    chain: optax.GradientTransformation,
    key: PRNGKeyArray,
    problem: Problem,
    batch_size: int | None,
) -> NetworkState[W]:
    """Return the state at step 0.

    Arguments:
        weights: initial weights.
        chain: the optimiser.
        key: of batches and random masks.
        problem: gives the number of training examples.
        batch_size: None for full batches.
    """
    return NetworkState(
        weights,
        chain.init(eqx.filter(weights, eqx.is_array)),
        jnp.zeros((), jnp.int32),
        jax.random.key_data(key),
        epoch_order(problem, batch_size),
    )


def gradient_step(
    state: S,
    problem: Problem,
    chain: optax.GradientTransformation,
    loss: TrainingLoss[Any],
    *,
    batch_size: int | None,
    masks: bool,
) -> tuple[S, Array]:
    """Make one update.

    Arguments:
        state: where training stands.
        problem: what it trains on.
        chain: the optimiser.
        loss: of a batch.
        batch_size: None for full batches.
        masks: whether the loss draws random masks, and so needs a key.

    Returns:
        (next state, whether its loss and weights are finite).
    """
    key = jax.random.wrap_key_data(state.key)
    order, inputs, labels = draw_batch(state, problem, key, batch_size)
    mask_key = jax.random.fold_in(jax.random.fold_in(key, 1), state.step) if masks else None
    here = LossGradient(*jax.value_and_grad(loss)(state.trained, inputs, labels, mask_key))
    return update_weights(eqx.tree_at(lambda s: s.order, state, order), here, chain)


def update_weights(state: S, here: LossGradient, chain: optax.GradientTransformation) -> tuple[S, Array]:
    """Make the update that a gradient asks for.

    Arguments:
        state: where training stands.
        here: loss and gradient there.
        chain: the optimiser.

    Returns:
        (next state, whether the loss and its weights are finite).
    """
    updates, inner = chain.update(here.gradient, state.optimiser, state.trained)
    trained = optax.apply_updates(state.trained, updates)
    finite = jnp.isfinite(here.loss) & jnp.isfinite(optax.tree.norm(trained))
    replaced = (trained, inner, state.step + 1)
    return eqx.tree_at(lambda s: (s.trained, s.optimiser, s.step), state, replaced), finite


def epoch_order(problem: Problem, batch_size: int | None) -> Int[Array, " n"]:
    """Return the order with which a run begins; of length 0 for full batches."""
    return jnp.arange(len(problem.inputs) if batch_size is not None else 0, dtype=jnp.int32)


def draw_batch(
    state: DescentState, problem: Problem, key: Array, batch_size: int | None
) -> tuple[Array, Array, Array]:
    """Return the epoch's order, and inputs and labels of this step's batch.

    Every epoch visits each example once, but for those that fill no whole batch, in a new order.
    """
    n = len(problem.inputs)
    if batch_size is None:
        return state.order, problem.inputs, problem.labels
    per_epoch = n // batch_size
    epoch, place = state.step // per_epoch, state.step % per_epoch
    epoch_key = jax.random.fold_in(jax.random.fold_in(key, 0), epoch)
    order = jax.lax.cond(
        place == 0,
        lambda: jax.random.permutation(epoch_key, n).astype(jnp.int32),
        lambda: state.order,
    )
    chosen = jax.lax.dynamic_slice(order, (place * batch_size,), (batch_size,))
    return order, problem.inputs[chosen], problem.labels[chosen]
