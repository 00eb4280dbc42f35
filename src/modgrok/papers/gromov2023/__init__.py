"""Claims of Gromov 2023 (arXiv 2301.02679)."""

from .paper import CITATION, CLAIMS, PAPER, TITLE

__all__ = ["CITATION", "CLAIMS", "PAPER", "TITLE"]
