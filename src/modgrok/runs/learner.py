"""From settings to a learner: the one place that knows every kind.

Owns: which learner settings build, in which precision it runs, which of its weights are kept.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import jax
import numpy as np

from ..algebra import Basis
from ..learners.mlp.learner import MLPLearner, MLPState, mlp_learner
from ..learners.mlp.settings import MLPSettings
from ..learners.rfm.learner import RFMLearner, RFMState, rfm_learner
from ..learners.rfm.settings import RFMSettings
from ..learners.transformer.learner import Donors, TransformerLearner, transformer_learner
from ..learners.transformer.settings import TransformerSettings
from ..models.circulant import structure_of
from ..models.transformer import Transformer
from ..tasks import InputError
from ..training.descent import NetworkState
from ..training.problem import Problem
from .experiment import LearnerSettings

Learner = MLPLearner | RFMLearner | TransformerLearner
State = MLPState | RFMState | NetworkState[Transformer]


def precision_of(settings: LearnerSettings) -> AbstractContextManager[object]:
    """Return the context in which a learner runs: float32 for networks.

    float64 is there for kernel solves, and for losses in float64, in which weights stay float32. Scoped: JAX
    is as it was afterwards.
    """
    return jax.enable_x64(settings.kind == "rfm" or settings.loss == "log_softmax_float64")


def build_learner(
    settings: LearnerSettings,
    problem: Problem,
    basis: Basis,
    metric: np.ndarray | None = None,
    donors: Donors | None = None,
) -> Learner:
    """Build the learner of an experiment, inside its precision.

    Arguments:
        settings: resolved.
        problem: what it trains on.
        basis: of the task.
        metric: initial M of an `rfm` learner whose settings name a stored one.
        donors: networks that parts of a transformer are taken from, when its settings name them.

    Raises:
        InputError: a batch larger than the training set, a kernel matrix larger than memory, or no stored M.
    """
    n, k = problem.inputs.shape
    size = None if isinstance(settings, RFMSettings) else settings.batch_size
    if size is not None and size > n:
        raise InputError(f"batch_size: must be at most the {n} training examples, got {size}")
    if isinstance(settings, TransformerSettings):
        return transformer_learner(settings, donors)
    if isinstance(settings, MLPSettings):
        return mlp_learner(settings, problem.classes, k, structure_of(basis))
    if settings.initial == "stored" and metric is None:
        raise InputError("initial: a stored M must be handed in with --metric, got none")
    return rfm_learner(settings, problem, basis=basis, stored=metric)


def keeps_every_observation(learner: Learner) -> bool:
    """Say whether the weights of every observation are kept: those of kernel machines, which are small."""
    return isinstance(learner, RFMLearner)
