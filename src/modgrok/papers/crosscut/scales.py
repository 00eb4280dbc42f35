"""Comparisons across papers: the sizes that would settle them, and what the budget `desktop` makes of each.

Owns: these numbers. The comparisons are ours; the hypotheses that they test are stated of networks at p = 97.
"""

from __future__ import annotations

from ..claims.catalogue import Sizes
from ..claims.desktop import Desktop
from ..claims.scale import PaperScale

HYPOTHESES = PaperScale(p=97, steps=10_000, seeds=3)
MACHINE = PaperScale(p=97, steps=30, seeds=3)
DEFAULT = Sizes(HYPOTHESES, dict.fromkeys(("rfm",), MACHINE), Desktop("laptop", steps=10_000, extend=True))
"""Of every other claim."""
OWN = {
    "nearest-form": Sizes(
        PaperScale(p=31, steps=10_000, seeds=5, sizes={"width": 256}),
        desktop=Desktop("laptop", seeds=(0, 1, 2, 3, 4), steps=10_000, extend=True),
    )
}
"""Of claims of our own."""
