"""Mallinar et al. 2024: the sizes of the paper's own runs, and what the budget `desktop` makes of each claim.

Owns: these numbers. Steps are iterations of kernel machines, and steps of gradient descent of networks: an
epoch has 58 batches of 32 at half of the table mod 61, and 20 at 17.5% of it.
"""

from __future__ import annotations

from ..claims.catalogue import Sizes
from ..claims.desktop import Desktop
from ..claims.scale import PaperScale

KERNEL = PaperScale(p=61, steps=30)
LARGE_KERNEL = PaperScale(p=97, steps=30)
FIG5 = PaperScale(p=61, steps=50 * 58, sizes={"width": 1024})
FIG7 = PaperScale(p=61, steps=3000 * 20, sizes={"width": 256})
"""The released script of this figure has width 256; 1024 is stated of Fig. 5."""
ALL_EPOCHS = Desktop(steps=3000 * 20)
"""All epochs of Fig. 7: a run takes under two minutes."""
EIGHT = Desktop(seeds=tuple(range(8)))
"""Of claims whose runs take less than 20 s."""
ORIENTATION = PaperScale(p=31, steps=3_000, seeds=3, sizes={"width": 128})
"""Those that the prediction names: it is ours."""
REGULARISER = PaperScale(p=61, sizes={"width": 512})

SIZES = {
    **dict.fromkeys(("fig2-quadratic", "appfig1-gaussian"), Sizes(KERNEL)),
    "fig2-progress": Sizes(KERNEL, desktop=EIGHT),
    **dict.fromkeys(("observation1-orientation", "fig3-logarithms", "fractions-quadratic"), Sizes(KERNEL)),
    "observation1-diagonal": Sizes(KERNEL, desktop=EIGHT),
    "appfig2-evolution": Sizes(KERNEL),
    "fig2-swap": Sizes(PaperScale(p=61, steps=30, seeds=3), desktop=EIGHT),
    "fig2-losses": Sizes(KERNEL),
    "fig1-59": Sizes(PaperScale(p=59, steps=30)),
    "appfig10-97": Sizes(LARGE_KERNEL, desktop=Desktop("laptop", steps=30)),
    "appfig9-products": Sizes(FIG7, desktop=ALL_EPOCHS),
    "appfig10-fractions": Sizes(LARGE_KERNEL, desktop=Desktop("laptop", steps=30)),
    "fig4-circulant-kernel": Sizes(KERNEL, {"circulant": PaperScale(p=61)}),
    "appfig3-enforcement": Sizes(LARGE_KERNEL),
    **dict.fromkeys(("appfig4-two-tasks", "leakage-two-tasks"), Sizes(KERNEL)),
    "appk-low-rank": Sizes(KERNEL),
    **dict.fromkeys(("fig5-networks", "appfig6-features"), Sizes(FIG5, desktop=EIGHT)),
    **dict.fromkeys(("fig7-circulant-inputs", "fig7-one-hot-inputs"), Sizes(FIG7, desktop=ALL_EPOCHS)),
    "fig7-wider": Sizes(PaperScale(p=61, steps=3000 * 20, sizes={"width": 1024}), desktop=ALL_EPOCHS),
    "nfm-width": Sizes(ORIENTATION, desktop=Desktop("laptop")),
    "appfig8-regulariser": Sizes(REGULARISER),
}
