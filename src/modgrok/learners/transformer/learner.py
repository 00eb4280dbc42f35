"""Training of the transformer: `init` and `step`, nothing else.

Owns: initial weights with parts taken from other networks, one update, which parts are held fixed.
Iteration, observation and storage are in `runs`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ...lazy import LazyModule
from ...models.on_device import scalar_on_device
from ...models.transformer import Transformer
from ...models.transformer_fast import best_logits
from ...tasks import InputError
from ...training.descent import LossGradient, NetworkState, gradient_step, init_state, update_weights
from ...training.losses import loss_named
from ...training.optimisers import ADAM_EPSILON, Rates, freeze, optimiser, rates_of
from ...training.problem import Problem
from .initialisation import initial_transformer
from .settings import TransformerSettings

if TYPE_CHECKING:
    import optax
else:
    optax = LazyModule("optax")  # takes a tenth of the start of commands that train nothing

TRACED = ("lr", "weight_decay", "momentum", "beta1", "beta2", "grokfast_decay", "init_scale")
"""Settings that are numbers in the compiled step, so that runs which differ in them share it."""


class PretrainedParts(eqx.Module):
    """Networks that parts are taken from: W_E, and all that is neither W_E nor W_U."""

    embedding: Transformer | None = None
    body: Transformer | None = None


class TransformerLearner(eqx.Module):
    """A transformer trained by gradients. Rates are traced, the architecture is compiled in.

    Arguments:
        rates: the optimiser's numbers.
        init_scale: factor on the initial weights.
        pretrained: networks that parts of the initial weights are taken from.
        settings: resolved settings, but for the numbers that are traced.
    """

    rates: Rates
    init_scale: Float[Array, ""]
    pretrained: PretrainedParts
    settings: TransformerSettings = eqx.field(static=True)

    def chain(self) -> optax.GradientTransformation:
        """The optimiser, which leaves the fixed parts as they are."""
        chosen = self.settings
        moving = optimiser(
            chosen.optimiser,
            self.rates,
            grokfast=chosen.grokfast > 0,
            orthogonal_gradient=chosen.orthogonal_gradient,
        )
        fixed = chosen.fixed_parts()
        return optax.chain(moving, freeze(lambda weights: _mask(weights, fixed))) if fixed else moving

    def init(self, key: PRNGKeyArray, batch_key: PRNGKeyArray, problem: Problem) -> NetworkState[Transformer]:
        """Draw the initial state.

        Arguments:
            key: of the weights.
            batch_key: of mini-batches.
            problem: gives k, p and the number of tasks.
        """
        network = initial_transformer(
            self.settings, key, problem.classes, problem.operands, problem.tasks, self.init_scale
        )
        weights = _with_pretrained_parts(network, self.pretrained)
        return init_state(weights, self.chain(), batch_key, problem, self.settings.batch_size)

    def step(
        self, state: NetworkState[Transformer], problem: Problem
    ) -> tuple[NetworkState[Transformer], Array]:
        """Make one update; see `gradient_step`."""
        if self.takes_full_gradient:
            return self.update(state, self.loss_gradient(state, problem))
        return gradient_step(
            state,
            problem,
            self.chain(),
            self._training_loss,
            batch_size=self.settings.batch_size,
            masks=False,
        )

    @property
    def takes_full_gradient(self) -> bool:
        """Whether every step takes the gradient of the whole training loss: no batches."""
        return self.settings.batch_size is None

    def loss_gradient(self, state: NetworkState[Transformer], problem: Problem) -> LossGradient:
        """Return the full training loss and its gradient in the weights."""
        loss_of = jax.value_and_grad(self._training_loss)
        return LossGradient(*loss_of(state.trained, problem.inputs, problem.labels, None))

    def update(
        self, state: NetworkState[Transformer], here: LossGradient
    ) -> tuple[NetworkState[Transformer], Array]:
        """Make the update that loss and gradient at a state ask for; see `update_weights`."""
        return update_weights(state, here, self.chain())

    def with_frozen_parts(self, weights: Transformer) -> Transformer:
        """Return the weights with a zero gradient in the fixed parts."""
        fixed = _mask(weights, self.settings.fixed_parts())
        return jax.tree.map(lambda w, fix: jax.lax.stop_gradient(w) if fix else w, weights, fixed)

    def logits(self, weights: Transformer, inputs: Array) -> Float[Array, "n c"]:
        """Return logits by the pass that training takes."""
        return best_logits(weights, inputs) if self.settings.forward == "auto" else weights(inputs)

    def _training_loss(
        self, weights: Transformer, inputs: Array, labels: Array, mask_key: Array | None
    ) -> Array:
        logits = self.logits(self.with_frozen_parts(weights), inputs)
        return jnp.mean(loss_named(self.settings.loss)(logits, labels))


def transformer_learner(
    settings: TransformerSettings, pretrained: PretrainedParts | None = None
) -> TransformerLearner:
    """Build the learner of resolved settings.

    Arguments:
        settings: see `TransformerSettings.resolve`.
        pretrained: the networks whose digests the settings name.

    Raises:
        InputError: the settings name a network that is not given.
    """
    pretrained = pretrained or PretrainedParts()
    for name, digest in (("embedding", settings.embedding_digest), ("body", settings.body_digest)):
        if digest is not None and getattr(pretrained, name) is None:
            raise InputError(f"{name}_from: the network must be given, got none")
    rates = rates_of(settings, ADAM_EPSILON)
    fields = TransformerSettings.model_fields
    shared = {name: fields[name].default for name in TRACED}
    shared |= {"embedding_digest": None, "body_digest": None, "grokfast": float(settings.grokfast > 0)}
    scale = scalar_on_device(settings.init_scale, np.float32)
    return TransformerLearner(rates, scale, pretrained, settings.model_copy(update=shared))


def pass_of(settings: TransformerSettings) -> str:
    """Say which forward pass training takes, `fast` or `plain`."""
    return "fast" if settings.forward == "auto" and settings.layers == 1 else "plain"


def _with_pretrained_parts(network: Transformer, pretrained: PretrainedParts) -> Transformer:
    """Put the pretrained parts in place of the random ones."""
    if pretrained.embedding is not None:
        _check_shapes(network.embedding, pretrained.embedding.embedding, "embedding")
        network = eqx.tree_at(lambda net: net.embedding, network, pretrained.embedding.embedding)
    if pretrained.body is not None:
        body = replace(pretrained.body, embedding=network.embedding, unembedding=network.unembedding)
        _check_shapes(network, body, "body")
        network = body
    return network


def _check_shapes(own: Array | Transformer, pretrained: Array | Transformer, part: str) -> None:
    """Refuse a part of another shape.

    Raises:
        InputError: it names the two shapes that differ first.
    """
    ours, theirs = jax.tree.leaves(own), jax.tree.leaves(pretrained)
    pairs = zip(ours, theirs, strict=False)
    shapes = next(((a.shape, b.shape) for a, b in pairs if a.shape != b.shape), None)
    if shapes is not None:
        raise InputError(f"{part}_from: must have this run's shape {shapes[0]}, got {shapes[1]}")
    if not eqx.tree_equal(jax.tree.map(jnp.shape, own), jax.tree.map(jnp.shape, pretrained)):
        raise InputError(f"{part}_from: must be of this run's architecture, got another")


def _mask(weights: Transformer, fixed: tuple[str, ...]) -> Transformer:
    """Return a tree of booleans, True in the fixed parts."""
    free = jax.tree.map(lambda w: "body" in fixed, weights)
    ends = ("embedding" in fixed, False)
    return eqx.tree_at(lambda net: (net.embedding, net.unembedding), free, ends)
