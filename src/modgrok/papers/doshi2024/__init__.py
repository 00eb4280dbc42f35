"""Claims of Doshi, He, Das and Gromov 2024 (arXiv 2406.03495)."""

from .paper import CITATION, CLAIMS, PAPER, TITLE

__all__ = ["CITATION", "CLAIMS", "PAPER", "TITLE"]
