"""The recursive feature machine, as the whole package knows it."""

from __future__ import annotations

from ...algebra import Basis
from ...tasks import InputError
from ...training.problem import Problem
from ..base.contract import Assets, LearnerDefinition
from .learner import RFMLearner, rfm_learner, with_common_shape
from .memory import rfm_memory
from .observer import rfm_observer
from .operations import rfm_operations
from .settings import RFMSettings
from .words import WORDING


def _build(settings: RFMSettings, problem: Problem, basis: Basis, assets: Assets) -> RFMLearner:
    stored = None
    if settings.initial == "stored":
        stored = assets.get(settings.initial_digest or "")
        if stored is None:
            raise InputError("initial: a stored M must be given with --feature-matrix, got none")
    return rfm_learner(settings, problem, basis=basis, stored=stored)


RFM_DEFINITION = LearnerDefinition(
    name="rfm",
    settings=RFMSettings,
    build=_build,
    default_steps=30,
    wording=WORDING,
    operations=rfm_operations,
    observer=rfm_observer,
    stops_early=False,
    double_precision=lambda settings: True,
    keeps_every_observation=True,
    takes_mixtures=True,
    shape_follows_seed=True,
    common_shape=with_common_shape,
    memory=rfm_memory,
)
