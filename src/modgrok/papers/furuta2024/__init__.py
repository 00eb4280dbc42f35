"""Claims of Furuta, Minegishi, Iwasawa and Matsuo 2024 (arXiv 2402.16726)."""

from .paper import CITATION, CLAIMS, PAPER, TITLE

__all__ = ["CITATION", "CLAIMS", "PAPER", "TITLE"]
