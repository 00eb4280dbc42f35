"""The two-layer network, as the whole package knows it."""

from __future__ import annotations

from ...algebra import Basis
from ...models.circulant import structure_of
from ...training.problem import Problem, check_batch_size
from ..base.contract import Assets, LearnerDefinition
from .learner import MLPLearner, mlp_learner
from .memory import mlp_memory
from .observer import mlp_observer
from .operations import mlp_operations
from .settings import MLPSettings
from .words import WORDING


def _build(settings: MLPSettings, problem: Problem, basis: Basis, assets: Assets) -> MLPLearner:
    check_batch_size(settings.batch_size, problem)
    structure = structure_of(basis) if settings.inputs == "random-circulant" else None
    return mlp_learner(settings, problem.classes, problem.operands, structure)


def _can_pad(settings: MLPSettings) -> bool:
    return not (settings.batch_size or settings.dropout or settings.agop_weight)


MLP_DEFINITION = LearnerDefinition(
    name="mlp",
    settings=MLPSettings,
    build=_build,
    default_steps=10_000,
    wording=WORDING,
    operations=mlp_operations,
    observer=mlp_observer,
    can_pad=_can_pad,
    memory=mlp_memory,
)
