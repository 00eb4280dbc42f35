"""Claims of Doshi, Das, He and Gromov 2023 (arXiv 2310.13061)."""

from .paper import CITATION as CITATION
from .paper import CLAIMS as CLAIMS
from .paper import PAPER as PAPER
from .paper import TITLE as TITLE
