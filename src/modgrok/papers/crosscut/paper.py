"""Beyond single papers: the same tasks under every learner, `decide` against outcomes, who needs least data.

Owns: the title, and the claims in their order; each is in the module of its subject. What a paper says of its
own learner is in that paper's folder.
"""

from __future__ import annotations

from ..claims.catalogue import Paper, with_sizes
from .closed_form import CLAIMS as CLOSED_FORM
from .data import CLAIMS as DATA
from .hypothesis import CLAIMS as HYPOTHESIS
from .leakage import CLAIMS as LEAKAGE
from .nearest_form import CLAIMS as NEAREST_FORM
from .scales import DEFAULT, OWN
from .table import CLAIMS as TABLE

TITLE = "Across the papers: the same tasks under every learner"
CITATION = "Our own comparisons; hypotheses by Doshi, He, Das, Gromov 2024, arXiv 2406.03495"
CLAIMS = with_sizes((*TABLE, *HYPOTHESIS, *CLOSED_FORM, *DATA, *LEAKAGE, *NEAREST_FORM), OWN, DEFAULT)
PAPER = Paper("crosscut", TITLE, CITATION, CLAIMS)
