"""What is recorded of a transformer: norms, collapse, the waves of W_E and W_L."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ...algebra import Basis
from ...measures.fourier.token_waves import make_token_basis
from ...models.transformer import Transformer
from ...training.descent import NetworkState
from ...training.losses import loss_named
from ...training.problem import Problem
from ..base.observation import MeasureObserver, Subjects
from .learner import TransformerLearner


def transformer_observer(learner: TransformerLearner, problem: Problem, basis: Basis) -> MeasureObserver:
    """Return the observer of a transformer; without waves of tokens where the task's group is not cyclic."""
    waves = {} if basis.group is not None else {"transformer_weights": make_token_basis(problem.classes)}
    return MeasureObserver(
        learner,
        problem,
        loss=loss_named(learner.settings.loss),
        frames={"weights": None, "gradient": None, "training_logits": None, **waves},
        subjects=_subjects,
    )


def _subjects(learner: TransformerLearner, state: NetworkState[Transformer], problem: Problem) -> Subjects:
    loss = loss_named(learner.settings.loss)

    def training_loss(weights: Transformer) -> tuple[Array, Array]:
        logits = learner.logits(learner.with_frozen_parts(weights), problem.inputs)
        return jnp.mean(loss(logits, problem.labels)), logits

    gradient, logits = jax.grad(training_loss, has_aux=True)(state.weights)
    return {
        "weights": state.weights,
        "transformer_weights": state.weights,
        "gradient": gradient,
        "training_logits": (loss, logits, problem.labels),
    }
