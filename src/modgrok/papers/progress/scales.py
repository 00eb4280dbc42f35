"""Progress measures: the sizes that these claims are about, and what the budget `desktop` makes of each.

Owns: these numbers. All predictions are ours: those of explained shares were made of the runs of the papers'
own claims at the budget `desktop`, the comparisons of p = 31 and eight seeds.
"""

from __future__ import annotations

from ..claims.catalogue import Sizes
from ..claims.desktop import Desktop
from ..claims.scale import PaperScale
from ..doshi2024.scales import FOUR, PRODUCT
from ..furuta2024.scales import DEFAULT as TRANSFORMERS
from ..furuta2024.scales import PREDICTED
from ..mallinar2024.scales import KERNEL
from .setup import LEARNERS, SEEDS, P

OWN = Sizes(PaperScale(p=P, seeds=len(SEEDS)), desktop=Desktop("laptop", SEEDS))
LAPTOP = Desktop("laptop")
SIZES = {
    "explained-gromov2023": Sizes(PaperScale(p=97, seeds=3), desktop=LAPTOP),
    "explained-doshi2024-product": Sizes(PRODUCT),
    "explained-doshi2024-four": Sizes(FOUR),
    "explained-mallinar2024": Sizes(KERNEL),
    "explained-furuta2024": Sizes(PREDICTED, desktop=TRANSFORMERS.desktop),
    **{f"{what}-{learner.name}": OWN for what in ("first", "stays") for learner in LEARNERS},
}
