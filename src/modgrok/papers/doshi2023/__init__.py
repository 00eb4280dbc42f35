"""Claims of Doshi, Das, He and Gromov 2023 (arXiv 2310.13061)."""

from .paper import CITATION, CLAIMS, TITLE

__all__ = ["CITATION", "CLAIMS", "TITLE"]
