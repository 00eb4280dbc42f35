"""Furuta et al. 2024: the sizes of the paper's own runs, and what the budget `desktop` makes of each claim.

Owns: these numbers, which the paper states for all its runs: p = 97, 300,000 steps, three seeds. A run of
that length takes hours here, so `desktop` repeats the laptop's tasks mod 37 for up to 20,000 steps. The
claims of `full_size` have the paper's modulus, and about 90 minutes a run: `--seeds 0` runs the first alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..claims.catalogue import Sizes
from ..claims.desktop import Desktop
from ..claims.scale import PaperScale

TRANSFORMER = PaperScale(p=97, steps=300_000, seeds=3, sizes={"d_model": 128, "d_mlp": 512})
DEFAULT = Sizes(TRANSFORMER, desktop=Desktop("laptop", extend=True))
"""Of every claim."""
PREDICTED = PaperScale(p=37, steps=20_000, seeds=3)
"""Of predictions of ours: the runs that docs/predictions.md names are those of the budget `desktop`."""
FIVE = Sizes(TRANSFORMER, desktop=Desktop("laptop", seeds=(0, 1, 2, 3, 4), extend=True))
TABLES = Sizes(TRANSFORMER, desktop=Desktop("laptop", seeds=(5, 6, 7), extend=True))
"""Of whole tables. Their hundreds of cells can be run one seed at a time (`--seeds 5`)."""
STEPS_97: Mapping[str, int] = {
    "fig3-97": 120_000,
    "tableA5-shifted-product-97": 72_000,
    "tableA5-quadratic-97": 45_000,
    "leakage-quadratic-97": 45_000,
    "tableA5-cubic-97": 40_000,
    "figA13-97": 120_000,
}
"""Claim at the paper's modulus -> limit on its steps; the more of the pairs are used, the longer a step."""
SIZES: dict[str, Sizes] = {
    **{name: Sizes(TRANSFORMER, desktop=Desktop("paper", steps=steps)) for name, steps in STEPS_97.items()},
    **dict.fromkeys(("fig11-mixture", "fig11-swap"), FIVE),
    **dict.fromkeys(("tableA5-whole", "table1-whole"), TABLES),
    **dict.fromkeys(
        ("leakage-quadratic", "leakage-embeddings", "fig3-swap"), Sizes(PREDICTED, desktop=DEFAULT.desktop)
    ),
    "figA16-threshold": Sizes(TRANSFORMER, desktop=Desktop("laptop", seeds=(3, 4, 5), extend=True)),
}
"""Of single claims: their number of seeds alone. Claims share runs, the controls of leakage too, and must
follow them alike."""
