"""Gromov 2023: the sizes of the paper's own runs, and what the budget `desktop` makes of each claim.

Owns: these numbers. The paper states p; its width, rate, steps and seeds are not stated, and the steps here
are read off Fig. 1, which ends at about 20,000.
"""

from __future__ import annotations

from ..claims.catalogue import Sizes
from ..claims.desktop import Desktop
from ..claims.scale import PaperScale

FIG1 = PaperScale(p=97, steps=20_000, complete=False)
ONLY_MODULUS = PaperScale(p=97, complete=False)
"""Runs of which only the modulus is known; App. C does not say after which step it finds nothing learned."""

EIGHT = Desktop("laptop", seeds=tuple(range(8)))
"""Of claims that compare many runs: the laptop's sizes, at which a run takes seconds."""

SIZES = {
    **dict.fromkeys(("fig1-accuracy", "fig1-loss", "fig1-norm", "fig1-gradient"), Sizes(FIG1)),
    "fig2-preactivations": Sizes(FIG1),
    "fig3-phases": Sizes(FIG1, {"momentum": ONLY_MODULUS, "adamw": ONLY_MODULUS}),
    "fig4-fraction": Sizes(ONLY_MODULUS, desktop=Desktop(steps=8_000)),
    "fig5-ipr": Sizes(ONLY_MODULUS),
    **dict.fromkeys(("appc-squares", "appc-square-of-sum", "appc-product"), Sizes(FIG1)),
    **dict.fromkeys(("appc-quadratic-form", "appc-cubic"), Sizes(ONLY_MODULUS)),
    "fig2-first-layer": Sizes(FIG1),
    "fig7-branches": Sizes(FIG1),
    "fig10-nearly-all": Sizes(FIG1, desktop=EIGHT),
    "fig10-swap": Sizes(PaperScale(p=31, steps=5_000, seeds=3), desktop=EIGHT),
    "appc-swap": Sizes(PaperScale(p=97, steps=20_000, seeds=3)),
    "sec4-critical-fraction": Sizes(ONLY_MODULUS, desktop=EIGHT),
    "sec4-optimisers": Sizes(ONLY_MODULUS, desktop=EIGHT),
}
