"""Mallinar et al. 2024: feature learning by the average gradient outer product groks without a network.

Owns: the paper's name, and its claims in the paper's order; each is in the module of its subject.
"""

from __future__ import annotations

from ..claims.catalogue import Paper, with_printed, with_sizes
from . import features as mallinar2024_features
from . import few_inputs as mallinar2024_few_inputs
from . import formulas as mallinar2024_formulas
from . import fractions as mallinar2024_fractions
from . import leakage as mallinar2024_leakage
from . import losses as mallinar2024_losses
from . import networks as mallinar2024_networks
from . import orientation as mallinar2024_orientation
from . import regulariser as mallinar2024_regulariser
from . import rfm as mallinar2024_rfm
from . import structure as mallinar2024_structure
from . import theorem as mallinar2024_theorem
from .printed import PRINTED
from .scales import SIZES

TITLE = "Emergence in non-neural models: grokking modular arithmetic via average gradient outer product"
CITATION = "Mallinar, Beaglehole, Zhu, Radhakrishnan, Pandit, Belkin 2024, arXiv 2407.20199"
CLAIMS = with_sizes(
    (
        *mallinar2024_rfm.CLAIMS,
        *mallinar2024_leakage.CLAIMS,
        *mallinar2024_features.CLAIMS,
        *mallinar2024_losses.CLAIMS,
        *mallinar2024_fractions.CLAIMS,
        *mallinar2024_structure.CLAIMS,
        *mallinar2024_theorem.CLAIMS,
        *mallinar2024_formulas.CLAIMS,
        *mallinar2024_networks.CLAIMS,
        *mallinar2024_few_inputs.CLAIMS,
        *mallinar2024_orientation.CLAIMS,
        *mallinar2024_regulariser.CLAIMS,
    ),
    SIZES,
)
PAPER = Paper("mallinar2024", TITLE, CITATION, with_printed(CLAIMS, PRINTED))
