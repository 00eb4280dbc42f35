"""modgrok: a laboratory for grokking on modular arithmetic."""

from .version import __version__

__all__ = ["__version__"]
