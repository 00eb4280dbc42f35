"""Comparisons across the papers."""

from .paper import CITATION as CITATION
from .paper import CLAIMS as CLAIMS
from .paper import PAPER as PAPER
from .paper import TITLE as TITLE
