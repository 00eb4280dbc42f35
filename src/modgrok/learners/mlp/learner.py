"""Training of the two-layer network: `init` and `step`, nothing else.

Owns: initial weights, one update, the training gradient, inputs mapped by a fixed matrix. Iteration,
observation and storage are in `runs`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from ...algebra import natural_basis
from ...lazy import LazyModule
from ...models import MLP
from ...models.agop import agop_trace, circulant_features, on_features
from ...models.circulant import CirculantStructure, structure_of
from ...models.on_device import scalar_on_device
from ...training.descent import LossGradient, epoch_order, gradient_step, update_weights
from ...training.losses import loss_named
from ...training.optimisers import ADAM_EPSILON, Rates, optimiser, rates_of
from ...training.problem import Problem
from .settings import MLPSettings, initial_deviation, plain_factor, scales

if TYPE_CHECKING:
    import optax
else:
    optax = LazyModule("optax")  # takes a tenth of the start of commands that train nothing


class MLPState(eqx.Module):
    """What the next step needs.

    Arguments:
        trained: the network that is updated, of one-hot inputs or of mapped ones.
        mapping: rows of the map Q that inputs go through, shape (k, p, d); None without one.
        optimiser: state of the Optax chain.
        step: number of updates made.
        key: raw words of the key of batches and dropout.
        order: the current epoch's order of the training set; length 0 when batches are full.
    """

    trained: MLP
    mapping: Float[Array, "k p d"] | None
    optimiser: Any
    step: Int[Array, ""]
    key: UInt32[Array, " w"]
    order: Int[Array, " n"]

    @property
    def weights(self) -> MLP:
        """The network as a function of one-hot inputs: what is measured and kept."""
        return _effective_network(self.trained, self.mapping)


class MLPLearner(eqx.Module):
    """A two-layer network trained by gradients. Numbers are traced, names are compiled in.

    Arguments:
        rates: the optimiser's numbers.
        dropout: share of hidden units dropped.
        agop_weight: lambda of the regulariser lambda tr(AGOP).
        deviation: standard deviation of the initial weights.
        structure: of the task, when inputs are mapped by a random circulant; else None.
        (the rest): see `MLPSettings`.
    """

    rates: Rates
    dropout: Float[Array, ""]
    agop_weight: Float[Array, ""]
    deviation: Float[Array, ""]
    structure: CirculantStructure | None
    width: int = eqx.field(static=True)
    activation: str = eqx.field(static=True)
    parametrisation: str = eqx.field(static=True)
    loss: str = eqx.field(static=True)
    optimiser: str = eqx.field(static=True)
    batch_size: int | None = eqx.field(static=True)
    drops: bool = eqx.field(static=True)
    regularised: bool = eqx.field(static=True)
    grokfast: bool = eqx.field(static=True)
    orthogonal_gradient: bool = eqx.field(static=True)

    def chain(self) -> optax.GradientTransformation:
        """The optimiser."""
        return optimiser(
            self.optimiser, self.rates, grokfast=self.grokfast, orthogonal_gradient=self.orthogonal_gradient
        )

    def init(self, key: PRNGKeyArray, batch_key: PRNGKeyArray, problem: Problem) -> MLPState:
        """Draw the initial state: independent normal weights.

        Arguments:
            key: of the weights, and of the random circulant.
            batch_key: of batches and dropout.
            problem: gives k, p and the number of training examples.
        """
        k, p = problem.inputs.shape[1], problem.classes
        a, b = scales(self.parametrisation, self.width, p, k)
        first, second = jax.random.split(key)
        embedding = self.deviation * jax.random.normal(first, (k, p, self.width))
        readout = self.deviation * jax.random.normal(second, (p, self.width))
        weights = MLP(embedding, readout, self.activation, a, b)
        mapping = None
        if self.structure is not None:
            mapping = circulant_features(jax.random.fold_in(key, 2), self.structure)
        return MLPState(
            weights,
            mapping,
            self.chain().init(eqx.filter(weights, eqx.is_array)),
            jnp.zeros((), jnp.int32),
            jax.random.key_data(batch_key),
            epoch_order(problem, self.batch_size),
        )

    def step(self, state: MLPState, problem: Problem) -> tuple[MLPState, Array]:
        """Make one update; see `gradient_step`."""
        if self.takes_full_gradient:
            return self.update(state, self.loss_gradient(state, problem))

        loss_of = partial(self._training_loss, mapping=state.mapping, padded=problem.padded)
        return gradient_step(
            state, problem, self.chain(), loss_of, batch_size=self.batch_size, masks=self.drops
        )

    def logits(self, weights: MLP, inputs: Int[Array, "n k"]) -> Float[Array, "n c"]:
        """Return logits."""
        return weights(inputs)

    @property
    def takes_full_gradient(self) -> bool:
        """Whether every step takes the gradient of the whole training loss: no batches, no dropout."""
        return self.batch_size is None and not self.drops

    def loss_gradient(self, state: MLPState, problem: Problem) -> LossGradient:
        """Return the full training loss and its gradient in the trained weights, without dropout."""
        loss_of = partial(self._training_loss, mapping=state.mapping, padded=problem.padded)
        return LossGradient(*jax.value_and_grad(loss_of)(state.trained, problem.inputs, problem.labels, None))

    def gradient(self, state: MLPState, problem: Problem) -> MLP:
        """Return the gradient of `loss_gradient`, whose former name this is."""
        gradient: MLP = self.loss_gradient(state, problem).gradient
        return gradient

    def update(self, state: MLPState, here: LossGradient) -> tuple[MLPState, Array]:
        """Make the update that loss and gradient at a state ask for; see `update_weights`."""
        return update_weights(state, here, self.chain())

    def _training_loss(
        self,
        trained: MLP,
        inputs: Array,
        labels: Array,
        mask_key: Array | None,
        *,
        mapping: Array | None = None,
        padded: bool = False,
    ) -> Array:
        weights = _effective_network(trained, mapping)
        features = weights.features(inputs)
        if mask_key is not None:
            mask = jax.random.bernoulli(mask_key, 1 - self.dropout, features.shape)
            features = jnp.where(mask, features / (1 - self.dropout), 0)
        losses = loss_named(self.loss)(weights.logits(features), labels)
        counts = labels >= 0
        loss = jnp.sum(jnp.where(counts, losses, 0)) / jnp.sum(counts) if padded else jnp.mean(losses)
        return loss + self.agop_weight * agop_trace(weights, inputs) if self.regularised else loss


def _effective_network(trained: MLP, mapping: Array | None) -> MLP:
    """Return a network as a function of one-hot inputs: a mapped operand is a row of Q U, computed once."""
    return trained if mapping is None else on_features(trained, mapping)


def mlp_learner(
    settings: MLPSettings, p: int, k: int, structure: CirculantStructure | None = None
) -> MLPLearner:
    """Build the learner of resolved settings.

    Arguments:
        settings: with `activation` and `lr` filled in (`MLPSettings.resolve`).
        p: modulus.
        k: number of operands.
        structure: of the task; that of sums in natural order if None. Only mapped inputs read it.
    """
    assert settings.activation is not None
    assert settings.lr is not None
    return MLPLearner(
        rates=rates_of(settings, ADAM_EPSILON * plain_factor(settings, p, k)),
        dropout=scalar_on_device(settings.dropout, np.float32),
        agop_weight=scalar_on_device(settings.agop_weight, np.float32),
        deviation=scalar_on_device(initial_deviation(settings), np.float32),
        structure=(structure or structure_of(natural_basis(p, k)))
        if settings.inputs == "random-circulant"
        else None,
        width=settings.width,
        activation=settings.activation,
        parametrisation=settings.parametrisation,
        loss=settings.loss,
        optimiser=settings.optimiser,
        batch_size=settings.batch_size,
        drops=settings.dropout > 0,
        regularised=settings.agop_weight > 0,
        grokfast=settings.grokfast > 0,
        orthogonal_gradient=settings.orthogonal_gradient,
    )
