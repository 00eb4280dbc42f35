"""Doshi, Das, He, Gromov 2023: networks on corrupted labels memorise, generalise, do both, or forget.

Owns: this paper's claims, in its order. What they run and measure is in the modules `doshi2023_*`.
"""

from __future__ import annotations

from ..claims.catalogue import Paper, with_printed, with_sizes
from . import diagram as doshi2023_diagram
from . import formulas as doshi2023_formulas
from . import leakage as doshi2023_leakage
from . import neurons as doshi2023_neurons
from . import phases as doshi2023_phases
from .printed import PRINTED
from .scales import SIZES

TITLE = (
    "To grok or not to grok: Disentangling generalization and memorization on corrupted algorithmic datasets"
)
CITATION = "D. Doshi, A. Das, T. He, A. Gromov, 2023, arXiv:2310.13061"
CLAIMS = with_sizes(
    (
        *doshi2023_phases.CLAIMS,
        *doshi2023_leakage.CLAIMS,
        *doshi2023_diagram.CLAIMS,
        *doshi2023_neurons.CLAIMS,
        *doshi2023_formulas.CLAIMS,
    ),
    SIZES,
)
PAPER = Paper("doshi2023", TITLE, CITATION, with_printed(CLAIMS, PRINTED))
