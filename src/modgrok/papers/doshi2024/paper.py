"""Doshi, He, Das, Gromov 2024: sums of many terms, products, and which polynomials a network can learn.

Owns: this paper's claims, in its order. What they run and measure is in the modules `doshi2024_*`.
"""

from __future__ import annotations

from ..claims.catalogue import Paper, with_printed, with_sizes
from . import experts as doshi2024_experts
from . import formulas as doshi2024_formulas
from . import leakage as doshi2024_leakage
from . import products as doshi2024_products
from . import sums as doshi2024_sums
from . import table as doshi2024_table
from . import trained as doshi2024_trained
from .printed import PRINTED
from .scales import SIZES

TITLE = "Grokking Modular Polynomials"
CITATION = "D. Doshi, T. He, A. Das, A. Gromov, 2024, arXiv:2406.03495"
CLAIMS = with_sizes(
    (
        *doshi2024_sums.CLAIMS,
        *doshi2024_products.CLAIMS,
        *doshi2024_trained.CLAIMS,
        *doshi2024_leakage.CLAIMS,
        *doshi2024_table.CLAIMS,
        *doshi2024_experts.CLAIMS,
        *doshi2024_formulas.CLAIMS,
    ),
    SIZES,
)
PAPER = Paper("doshi2024", TITLE, CITATION, with_printed(CLAIMS, PRINTED))
