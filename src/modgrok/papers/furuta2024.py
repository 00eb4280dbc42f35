"""Furuta et al. 2024: what grokked transformers are made of, on operations and polynomials."""

from __future__ import annotations

from . import furuta2024_elementary, furuta2024_fractions, furuta2024_polynomials, furuta2024_transfer
from .claim import Claim

TITLE = (
    "Towards Empirical Interpretation of Internal Circuits and Properties in Grokked Transformers on Modular "
    "Polynomials"
)
CITATION = "Furuta, Minegishi, Iwasawa, Matsuo 2024, TMLR, arXiv 2402.16726"
CLAIMS: tuple[Claim, ...] = (
    *furuta2024_elementary.CLAIMS,
    *furuta2024_polynomials.CLAIMS,
    *furuta2024_fractions.CLAIMS,
    *furuta2024_transfer.CLAIMS,
)
