"""Claims of Furuta, Minegishi, Iwasawa and Matsuo 2024 (arXiv 2402.16726)."""

from .paper import CITATION as CITATION
from .paper import CLAIMS as CLAIMS
from .paper import PAPER as PAPER
from .paper import TITLE as TITLE
