"""Progress measures: the explained share of each paper's networks, and which measure moves first.

Owns: the title, and the claims in their order; each is in the module of its subject.
"""

from __future__ import annotations

from ..claims.catalogue import Paper, with_sizes
from .first_moves import CLAIMS as FIRST_MOVES
from .scales import SIZES
from .shares import CLAIMS as SHARES

TITLE = "Progress measures: what moves first, and what it means"
CITATION = (
    "Our own measurements; measures by Nanda et al. 2023 (2301.05217), Furuta et al. 2024, Doshi et al. 2024"
)
CLAIMS = with_sizes((*SHARES, *FIRST_MOVES), SIZES)
PAPER = Paper("progress", TITLE, CITATION, CLAIMS)
