"""The recursive feature machine, as the whole package knows it."""

from __future__ import annotations

from ...algebra import Basis
from ...tasks import InputError, Task
from ...training.problem import Problem
from ..base.contract import Assets, LearnerDefinition
from .learner import RFMLearner, rfm_learner
from .memory import rfm_memory
from .observer import rfm_observer
from .settings import RFMSettings
from .words import WORDING


def _build(settings: RFMSettings, problem: Problem, basis: Basis, assets: Assets) -> RFMLearner:
    stored = None
    if settings.initial == "stored":
        stored = assets.get(settings.initial_digest or "")
        if stored is None:
            raise InputError("initial: a stored M must be given with --feature-matrix, got none")
    return rfm_learner(settings, problem, basis=basis, stored=stored)


def _products(settings: RFMSettings, n: float, task: Task) -> float:
    """Count n^3/3 + n^2 k p + n n_test: solve, AGOP and prediction."""
    return n**3 / 3 + n**2 * task.k * task.p + n * (task.size - n)


RFM_DEFINITION = LearnerDefinition(
    name="rfm",
    settings=RFMSettings,
    build=_build,
    default_steps=30,
    wording=WORDING,
    products_per_step=_products,
    observer=rfm_observer,
    stops_early=False,
    double_precision=lambda settings: True,
    keeps_every_observation=True,
    takes_mixtures=True,
    shape_follows_seed=True,
    memory=rfm_memory,
)
