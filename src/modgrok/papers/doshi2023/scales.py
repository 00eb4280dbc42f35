"""Doshi et al. 2023: the sizes of the paper's own runs, and what the budget `desktop` makes of each claim.

Owns: these numbers. Steps are those of the executed notebook where a claim follows it, else the default of
the released scripts, 2,000.
"""

from __future__ import annotations

from ..claims.catalogue import Sizes
from ..claims.desktop import Desktop
from ..claims.scale import PaperScale


def _scale(steps: int) -> PaperScale:
    return PaperScale(p=97, steps=steps, sizes={"width": 500})


EIGHT = Desktop(seeds=tuple(range(8)))
"""Of runs that take seconds."""

SIZES = {
    **dict.fromkeys(("fig2-clean", "fig2-ipr"), Sizes(_scale(100), desktop=EIGHT)),
    "fig2-swap": Sizes(PaperScale(p=97, steps=100, seeds=8, sizes={"width": 500}), desktop=EIGHT),
    "fig1-coexistence": Sizes(_scale(500)),
    "fig1-partial-inversion": Sizes(_scale(500)),
    "fig1-full-inversion": Sizes(_scale(500)),
    "fig1-forgetting": Sizes(_scale(500)),
    "multiplication": Sizes(_scale(500)),
    "fig3-diagram": Sizes(_scale(2000), desktop=Desktop("laptop", steps=2000, extend=True)),
    "fig4-histograms": Sizes(_scale(500)),
    "fig6-low-first": Sizes(_scale(1000)),
    "fig6-high-first": Sizes(_scale(1000)),
}
