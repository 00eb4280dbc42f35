"""What is recorded of a kernel machine: the measures of M in the structure of the task, and its solve."""

from __future__ import annotations

from ...algebra import Basis
from ...training.problem import Problem
from ..base.observation import MeasureObserver, Subjects
from .learner import RFMLearner, RFMState


def rfm_observer(learner: RFMLearner, problem: Problem, basis: Basis) -> MeasureObserver:
    """Return the observer of a kernel machine."""
    frames = {"feature_matrix": learner.structure, "kernel_solve": None}
    return MeasureObserver(learner, problem, frames=frames, subjects=_subjects)


def _subjects(learner: RFMLearner, state: RFMState, problem: Problem) -> Subjects:
    return {"feature_matrix": state.weights.feature_matrix, "kernel_solve": state}
