"""Learners: losses, optimisers, and one `init`/`step` pair each."""

from ..models.agop import agop_trace, network_agop, nfm
from ..models.circulant import CirculantStructure, random_circulant, structure_of
from ..training.losses import LOSSES, loss_named
from ..training.optimisers import OPTIMISERS, Rates, optimiser
from ..training.problem import GROUPS, Problem, make_problem
from .mlp.learner import MLPLearner, MLPState, mlp_learner
from .mlp.settings import MLPSettings
from .rfm.learner import RFMLearner, RFMState, rfm_learner
from .rfm.settings import RFMSettings
from .transformer.learner import PretrainedParts, TransformerLearner, transformer_learner
from .transformer.settings import TransformerSettings

Structure = CirculantStructure
"""The former name of `CirculantStructure`."""

Donors = PretrainedParts
"""The former name of `PretrainedParts`."""

__all__ = [
    "GROUPS",
    "LOSSES",
    "OPTIMISERS",
    "CirculantStructure",
    "Donors",
    "MLPLearner",
    "MLPSettings",
    "MLPState",
    "PretrainedParts",
    "Problem",
    "RFMLearner",
    "RFMSettings",
    "RFMState",
    "Rates",
    "Structure",
    "TransformerLearner",
    "TransformerSettings",
    "agop_trace",
    "loss_named",
    "make_problem",
    "mlp_learner",
    "network_agop",
    "nfm",
    "optimiser",
    "random_circulant",
    "rfm_learner",
    "structure_of",
    "transformer_learner",
]
