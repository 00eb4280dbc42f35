"""Doshi et al. 2024: the sizes of the paper's own runs, and what the budget `desktop` makes of each claim.

Owns: these numbers. Steps are read off Fig. 2 and 3; those of App. C are not stated, nor are seeds. That
eleven of the twelve losses of its table mod 97 agree with ours after 300 steps to 25% (three seeds, N = 5000)
suggests 300, but a size that is inferred from results does not decide over them.
"""

from __future__ import annotations

from ..claims.catalogue import Sizes
from ..claims.desktop import Desktop
from ..claims.scale import PaperScale

FOUR = PaperScale(p=11, steps=400, sizes={"width": 5000})
PRODUCT = PaperScale(p=97, steps=100, sizes={"width": 500})
TABLE = {p: PaperScale(p=p, sizes={"width": 5000}) for p in (97, 23)}
EXPERTS = PaperScale(p=23, sizes={"width": 500})
"""Of App. B's closed forms: of trained experts the paper states no size."""
SHORT = Desktop(steps=300)
"""The twelve targets end within 300 steps at N = 5000."""

SIZES = {
    **dict.fromkeys(("fig2-accuracy", "fig2-ipr"), Sizes(FOUR)),
    **dict.fromkeys(("fig3-accuracy", "fig3-ipr"), Sizes(PRODUCT)),
    "fig3-swap": Sizes(PaperScale(p=97, steps=150, seeds=3, sizes={"width": 500})),
    "appC-97": Sizes(TABLE[97], desktop=SHORT),
    "appC-23": Sizes(TABLE[23], desktop=Desktop(seeds=tuple(range(8)), steps=300)),
    "sec3-four-phases": Sizes(FOUR),
    "sec3-product-phases": Sizes(PRODUCT),
    "sec4-experts": Sizes(EXPERTS, {"sum": PaperScale(p=23, sizes={"width": 2000})}),
    "hypothesis-5.1": Sizes(TABLE[97], {f"{kind} 23": TABLE[23] for kind in ("sum", "perturbed")}, SHORT),
}
