"""Claims of Doshi, Das, He and Gromov 2023 (arXiv 2310.13061)."""

from .paper import CITATION, CLAIMS, PAPER, TITLE

__all__ = ["CITATION", "CLAIMS", "PAPER", "TITLE"]
