"""What is recorded of a transformer: norms, collapse, the waves of W_E and W_L."""

from __future__ import annotations

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
    logits = learner.logits(state.weights, problem.inputs)
    return {
        "weights": state.weights,
        "transformer_weights": state.weights,
        "gradient": learner.loss_gradient(state, problem).gradient,
        "training_logits": (loss_named(learner.settings.loss), logits, problem.labels),
    }
