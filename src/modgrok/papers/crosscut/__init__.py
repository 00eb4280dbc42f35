"""Comparisons across the papers."""

from .paper import CITATION, CLAIMS, PAPER, TITLE

__all__ = ["CITATION", "CLAIMS", "PAPER", "TITLE"]
