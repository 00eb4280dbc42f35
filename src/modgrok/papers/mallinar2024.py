"""Mallinar et al. 2024: feature learning by the average gradient outer product groks without a network.

Owns: the paper's name, and its claims in the paper's order; each is in the module of its subject.
"""

from __future__ import annotations

from . import (
    mallinar2024_fractions,
    mallinar2024_networks,
    mallinar2024_regulariser,
    mallinar2024_rfm,
    mallinar2024_structure,
    mallinar2024_theorem,
)

TITLE = "Emergence in non-neural models: grokking modular arithmetic via average gradient outer product"
CITATION = "Mallinar, Beaglehole, Zhu, Radhakrishnan, Pandit, Belkin 2024, arXiv 2407.20199"
CLAIMS = (
    *mallinar2024_rfm.CLAIMS,
    *mallinar2024_fractions.CLAIMS,
    *mallinar2024_structure.CLAIMS,
    *mallinar2024_theorem.CLAIMS,
    *mallinar2024_networks.CLAIMS,
    *mallinar2024_regulariser.CLAIMS,
)
