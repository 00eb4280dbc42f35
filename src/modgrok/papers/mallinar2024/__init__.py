"""Claims of Mallinar et al. 2024 (arXiv 2407.20199)."""

from .paper import CITATION, CLAIMS, PAPER, TITLE

__all__ = ["CITATION", "CLAIMS", "PAPER", "TITLE"]
