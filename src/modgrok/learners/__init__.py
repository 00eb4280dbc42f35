"""Learners: losses, optimisers, and one `init`/`step` pair each."""

from .losses import LOSSES, loss_named
from .mlp import MLPLearner, MLPState, mlp_learner
from .mlp_settings import MLPSettings
from .optimisers import OPTIMISERS, Rates, optimiser
from .problem import GROUPS, Problem, make_problem

__all__ = [
    "GROUPS",
    "LOSSES",
    "OPTIMISERS",
    "MLPLearner",
    "MLPSettings",
    "MLPState",
    "Problem",
    "Rates",
    "loss_named",
    "make_problem",
    "mlp_learner",
    "optimiser",
]
