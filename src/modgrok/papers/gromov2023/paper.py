"""Gromov 2023, "Grokking modular arithmetic": what it says, and the runs that test it.

Its claims on Fig. 1 are in `training`, those on Fig. 2 to 5 in `solutions`, those on
closed forms and other functions in `functions`, those on neurons and
branches in `layers`, those on data and optimisers in `data`, their control on swap splits in `leakage`.
"""

from __future__ import annotations

from ..claims.catalogue import Paper, with_printed, with_sizes
from .closed_forms import CLAIMS as CLOSED_FORMS
from .data import CLAIMS as DATA
from .functions import CLAIMS as FUNCTIONS
from .layers import CLAIMS as LAYERS
from .leakage import CLAIMS as LEAKAGE
from .printed import PRINTED
from .scales import SIZES
from .solutions import CLAIMS as SOLUTIONS
from .training import CLAIMS as TRAINING

TITLE = "Grokking modular arithmetic"
CITATION = "A. Gromov, 2023, arXiv:2301.02679"
CLAIMS = with_sizes(
    (*TRAINING, *SOLUTIONS, *FUNCTIONS, *CLOSED_FORMS, *LAYERS, *DATA, *LEAKAGE),
    SIZES,
)
PAPER = Paper("gromov2023", TITLE, CITATION, with_printed(CLAIMS, PRINTED))
