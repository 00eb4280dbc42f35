"""Furuta et al. 2024: what grokked transformers are made of, on operations and polynomials."""

from __future__ import annotations

from ..claims.catalogue import Paper, with_printed, with_sizes
from ..claims.claim import Claim
from . import crossing as furuta2024_crossing
from . import elementary as furuta2024_elementary
from . import families as furuta2024_families
from . import formulas as furuta2024_formulas
from . import fractions as furuta2024_fractions
from . import full_size as furuta2024_full_size
from . import leakage as furuta2024_leakage
from . import mixtures as furuta2024_mixtures
from . import polynomials as furuta2024_polynomials
from . import timing as furuta2024_timing
from . import transfer as furuta2024_transfer
from . import whole_tables as furuta2024_whole_tables
from .printed import PRINTED
from .scales import DEFAULT, SIZES

TITLE = (
    "Towards Empirical Interpretation of Internal Circuits and Properties in Grokked Transformers on Modular "
    "Polynomials"
)
CITATION = "Furuta, Minegishi, Iwasawa, Matsuo 2024, TMLR, arXiv 2402.16726"
CLAIMS: tuple[Claim, ...] = with_sizes(
    (
        *furuta2024_elementary.CLAIMS,
        *furuta2024_timing.CLAIMS,
        *furuta2024_polynomials.CLAIMS,
        *furuta2024_families.CLAIMS,
        *furuta2024_leakage.CLAIMS,
        *furuta2024_fractions.CLAIMS,
        *furuta2024_transfer.CLAIMS,
        *furuta2024_crossing.CLAIMS,
        *furuta2024_mixtures.CLAIMS,
        *furuta2024_whole_tables.CLAIMS,
        *furuta2024_full_size.CLAIMS,
        *furuta2024_formulas.CLAIMS,
    ),
    SIZES,
    DEFAULT,
)
PAPER = Paper("furuta2024", TITLE, CITATION, with_printed(CLAIMS, PRINTED))
