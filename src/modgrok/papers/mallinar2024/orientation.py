"""Why the feature matrix of a network that adds is Hankel: what becomes of it as the network grows.

Owns: that claim, of ours. The argument is in docs/concepts/structure.md; it predicts that the off-diagonal
block fades against the diagonal one like N^(-1/2) for N neurons, as sums of random phases do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...models import MLP
from ...reports.charts import claim_charts as charts
from ...reports.charts.claim_charts import Line, single
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence
from ..claims.plan import RunGroup
from .networks import INITIAL, network
from .setup import TINY, shown

WIDTHS: Mapping[str, tuple[int, ...]] = {
    "tiny": (tiny.WIDTH // 2, tiny.WIDTH),
    "laptop": (128, 256, 512, 1024, 2048),
    "paper": (128, 256, 512, 1024, 2048),
}
SEEDS: Mapping[str, tuple[int, ...]] = {"tiny": (0,), "laptop": (0, 1, 2), "paper": (0, 1, 2)}


def plan_widths(budget: BudgetName) -> Mapping[str, RunGroup]:
    """x + y mod 31 from four fifths of the table, at five widths."""
    small = budget == "tiny"
    base = network(
        budget,
        expression="x + y",
        p=tiny.P if small else 31,
        fraction=0.8,
        steps=tiny.STEPS if small else 3_000,
        observe_every=None if small else 100,
        early_stop=False,
    )
    base = {
        name: value for name, value in base.items() if name not in ("width", "seed") and value is not None
    }
    return {"run": RunGroup(base, {"width": list(WIDTHS[budget]), "seed": list(SEEDS[budget])})}


def block_share(embedding: np.ndarray) -> float:
    """Return the norm of the off-diagonal block of W_1^T W_1 over that of the block of x.

    Arguments:
        embedding: weights of x and y, shape (2, p, N).

    Example:
        >>> u = np.eye(3)[None]
        >>> block_share(np.concatenate([u, 0.5 * u]))
        0.5
    """
    x, y = embedding
    return float(np.linalg.norm(y @ x.T) / np.linalg.norm(x @ x.T))


def sums_over_random(embedding: np.ndarray) -> tuple[float, float]:
    """Return the Hankel and the Toeplitz sum of first-layer waves, over what random phases would leave.

    With U_jk and V_jk the Fourier coefficients of neuron j: sums over k of |sum_j U_jk V_jk| and of
    |sum_j U_jk conj(V_jk)|, each divided by its mean for independent uniform phases.

    Arguments:
        embedding: weights of x and y, shape (2, p, N), p odd.

    Example:
        >>> waves = np.cos(2 * np.pi * np.arange(5) / 5)[:, None] * np.ones(16)
        >>> [round(value, 2) for value in sums_over_random(np.stack([waves, waves]))]
        [4.51, 4.51]
    """
    p = embedding.shape[1]
    u, v = np.fft.fft(embedding, axis=1)[:, 1 : (p + 1) // 2]
    random = np.sqrt(np.pi) / 2 * np.sqrt((np.abs(u * v) ** 2).sum(1)).sum()
    hankel, toeplitz = (np.abs((u * other).sum(1)).sum() for other in (v, v.conj()))
    return float(hankel / random), float(toeplitz / random)


def measure_widths(evidence: Evidence) -> ClaimResult:
    """Follow the block and both sums as networks grow; means where several seeds are measured together."""
    rows: list[dict[str, int | str]] = []
    numbers_of_width: dict[int, list[tuple[float, float, float]]] = {}
    for run in evidence["run"]:
        net = run.network()
        assert isinstance(net, MLP)
        embedding = np.asarray(net.embedding, np.float64)
        numbers = (block_share(embedding), *sums_over_random(embedding))
        width = int(run.point["width"])
        numbers_of_width.setdefault(width, []).append(numbers)
        rows.append(
            {
                "width": width,
                "seed": run.experiment.seed,
                "test accuracy": shown(run.last("test_accuracy"), 4),
                "block / diagonal": shown(numbers[0]),
                "Hankel / random": shown(numbers[1]),
                "Toeplitz / random": shown(numbers[2]),
            }
        )
    widths = sorted(numbers_of_width)
    share, hankel, toeplitz = np.array([np.mean(numbers_of_width[width], axis=0) for width in widths]).T
    values = {
        "test_least": min(run.last("test_accuracy") for run in evidence["run"]),
        "exponent": float(np.polyfit(np.log(widths), np.log(share), 1)[0]),
        "hankel_least": float(hankel.min()),
        "hankel_most": float(hankel.max()),
        "toeplitz_most": float(toeplitz.max()),
        "toeplitz_of_hankel": float((toeplitz / hankel).max()),
    }
    law = share[0] * np.sqrt(widths[0] / np.array(widths))
    series = [
        Line("block over diagonal", widths, share, charts.TEST, dots=True),
        Line("N^(-1/2)", widths, law, charts.SOFT, dashed=True),
        Line("Hankel over random", widths, hankel, charts.MEASURE, dots=True),
        Line("Toeplitz over random", widths, toeplitz, charts.SECOND, dots=True),
    ]
    text = f"The block falls like N to the power {values['exponent']:.2f}."
    cell = charts.lines(series, text, x="width", log_y=True, height=210)
    caption = (
        "Norm of the off-diagonal block of W_1^T W_1 over that of a diagonal one, and the sums of waves of "
        "x + y and of x - y over what random phases would leave."
    )
    return ClaimResult(values, (single("widths", "Features as networks grow", caption, cell, 12),), rows)


FITS = "test_least"
"""The premise: networks that have not generalised have other features."""

CLAIMS = (
    Claim(
        "mallinar2024/nfm-width",
        "beyond the paper: why networks are Hankel for x + y (Fig. 6)",
        "The feature matrix of a network that adds is Hankel because the Toeplitz wave is suppressed, while "
        "the Hankel wave is what random phases leave: as the network grows, its off-diagonal block fades "
        "against the diagonal like N^(-1/2).",
        plan_widths,
        measure_widths,
        (
            Expected(FITS, "all generalise, a premise; at least 99%", low=0.99, given=FITS),
            Expected("exponent", "-1/2 (predicted), 0.2", -0.7, -0.3, given=FITS),
            Expected("hankel_least", "1, random phases (predicted); at least 0.5", low=0.5, given=FITS),
            Expected("hankel_most", "1, random phases (predicted); at most 1.5", high=1.5, given=FITS),
            Expected("toeplitz_of_hankel", "suppressed (predicted); at most 0.75", high=0.75, given=FITS),
        ),
        {
            "tiny": TINY,
            "laptop": ("p = 31 instead of 61, 80% of the table, 3,000 steps", INITIAL),
            "paper": ("p = 31 instead of 61, 80% of the table, 3,000 steps", INITIAL),
        },
    ),
)
