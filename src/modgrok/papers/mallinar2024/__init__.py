"""Claims of Mallinar et al. 2024 (arXiv 2407.20199)."""

from .paper import CITATION as CITATION
from .paper import CLAIMS as CLAIMS
from .paper import PAPER as PAPER
from .paper import TITLE as TITLE
