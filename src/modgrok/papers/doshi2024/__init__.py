"""Claims of Doshi, He, Das and Gromov 2024 (arXiv 2406.03495)."""

from .paper import CITATION as CITATION
from .paper import CLAIMS as CLAIMS
from .paper import PAPER as PAPER
from .paper import TITLE as TITLE
