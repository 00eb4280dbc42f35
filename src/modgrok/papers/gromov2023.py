"""Gromov 2023, "Grokking modular arithmetic": what it says, and the runs that test it.

Its claims on Fig. 1 are in `gromov2023_training`, those on Fig. 2 to 5 in `gromov2023_solutions`, those on
closed forms and other functions in `gromov2023_functions`.
"""

from __future__ import annotations

from .gromov2023_functions import CLAIMS as FUNCTIONS
from .gromov2023_solutions import CLAIMS as SOLUTIONS
from .gromov2023_training import CLAIMS as TRAINING

TITLE = "Grokking modular arithmetic"
CITATION = "A. Gromov, 2023, arXiv:2301.02679"
CLAIMS = (*TRAINING, *SOLUTIONS, *FUNCTIONS)
