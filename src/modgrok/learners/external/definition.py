"""Runs that are trained elsewhere, as the whole package knows them.

Nothing is built and nothing steps: `modgrok.log` records numbers and weights that another program gives it.
"""

from __future__ import annotations

from typing import NoReturn

from ...algebra import Basis
from ...tasks import InputError, Task
from ...training.problem import Problem
from ..base.contract import Assets, LearnerDefinition
from .settings import ExternalSettings
from .words import WORDING

NAME = "external"


def _build(settings: ExternalSettings, problem: Problem, basis: Basis, assets: Assets) -> NoReturn:
    raise InputError(f"learner: {NAME} has nothing to build, since its runs are not trained here")


def _operations(settings: ExternalSettings, n: float, task: Task) -> NoReturn:
    raise InputError(f"learner: {NAME} has no steps of known cost, since its runs are not trained here")


EXTERNAL_DEFINITION = LearnerDefinition(
    name=NAME,
    settings=ExternalSettings,
    build=_build,
    default_steps=0,
    wording=WORDING,
    operations=_operations,
    trains=False,
    stops_early=False,
    takes_mixtures=True,
    takes_extended_domain=True,
    context=lambda settings: {"recorded": True},
)
