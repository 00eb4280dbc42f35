"""Gromov 2023, Fig. 2 and 7: neurons of the first layer, and the two branches of the root of (n + m)^2.

Owns: these two claims about what training finds.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ...models import MLP
from ...reports.charts.claim_charts import Point, image, points, single
from ..claims.claim import Claim, ClaimResult, Expected
from ..claims.evidence import Evidence
from .functions import HALF, NOTES, closed, function, square_of_sum
from .runs import REAL, SHARED, descent

# Fig. 2: the first layer


def strongest(net: MLP) -> tuple[np.ndarray, np.ndarray]:
    """Return each neuron's strongest frequency in each block of the first layer, and its share of the energy.

    Returns:
        (int64 (k, N) of 1..[p/2], float64 (k, N) in [0, 1]); the constant takes no part.
    """
    power = np.abs(np.fft.rfft(np.asarray(net.embedding, dtype=np.float64), axis=1)[:, 1:]) ** 2
    share = power / power.sum(axis=1, keepdims=True)
    return np.argmax(power, axis=1) + 1, share.max(axis=1)


def measure_first_layer(evidence: Evidence) -> ClaimResult:
    """Compare the strongest frequencies of both operands, neuron by neuron."""
    runs = evidence["gd"]
    same, share = [], []
    for run in runs:
        net = run.network()
        assert isinstance(net, MLP)
        frequency, part = strongest(net)
        same.append(float(np.mean(frequency[0] == frequency[1])))
        share.append(float(np.median(part)))
    net = runs[0].network()
    assert isinstance(net, MLP)
    frequency, part = strongest(net)
    neuron = int(np.argmax(part.min(axis=0)))
    first, second = np.asarray(net.embedding, dtype=np.float64)[:2, :, neuron]
    p = net.modulus
    picture = image(
        first[:, None] + second[None, :],
        f"Preactivation of neuron {neuron}: one wave in n plus one in m, frequency {frequency[0, neuron]}.",
        x="m",
        y="n",
    )
    values = {
        "same_frequency": min(same),
        "same_over_chance": min(same) * (p // 2),
        "median_share": float(np.mean(share)),
    }
    caption = "Preactivation of the neuron with the purest waves, over all inputs."
    rows = [
        {"seed": run.experiment.seed, "same frequency": a, "median share": b}
        for run, a, b in zip(runs, same, share, strict=True)
    ]
    return ClaimResult(values, (single("neuron", "A neuron of the first layer", caption, picture, 6),), rows)


# Fig. 7: lines of activation


def branch_ratio(net: MLP, p: int) -> float:
    """Return how much of the larger branch the smaller one has, averaged over the non-zero squares.

    For a non-zero square q = s^2, logit q is averaged over all inputs with n + m = s and over those with
    n + m = -s, each less its mean over all inputs; the ratio of the smaller to the larger is 1 if both lines
    are equally bright and 0, or below, if one is dark.
    """
    n = np.arange(p)
    inputs = np.stack(np.meshgrid(n, n, indexing="ij"), axis=-1).reshape(-1, 2)
    logits = np.asarray(net(jnp.asarray(inputs, jnp.int32)), dtype=np.float64)
    logits -= logits.mean(axis=0)
    total = inputs.sum(axis=1) % p
    ratios = []
    for root in range(1, (p + 1) // 2):
        q = root * root % p
        both = sorted(float(logits[total == s, q].mean()) for s in (root, p - root))
        ratios.append(both[0] / both[1] if both[1] > 0 else 0.0)
    return float(np.mean(ratios))


def measure_branches(evidence: Evidence) -> ClaimResult:
    """Compare both branches of the root in trained networks and in the closed form with one branch."""
    runs = evidence["gd"]
    p = runs[0].task.p
    trained, width = [], 0
    for run in runs:
        net = run.network()
        assert isinstance(net, MLP)
        trained.append(branch_ratio(net, p))
        width = net.width
    built = closed(square_of_sum(p), p, width, 0, "inverse").network
    assert isinstance(built, MLP)
    values = {
        "test_accuracy": min(run.last("test_accuracy") for run in runs),
        "trained_ratio": min(trained),
        "closed_form_ratio": branch_ratio(built, p),
    }
    marks = [
        Point("trained: four lines", values["trained_ratio"], low=0.5),
        Point("closed form, one branch: two lines", values["closed_form_ratio"], high=0.2),
    ]
    text = ", ".join(f"{mark.name} {mark.value:.2f}" for mark in marks if mark.value is not None)
    cell = points(
        marks, f"Brightness of the darker branch over the brighter one: {text}.", domain=(-0.2, 1.0)
    )
    caption = "Mean logit over the darker of the two lines n + m = s and -s, over that of the brighter one."
    return ClaimResult(values, (single("branches", "Two branches of the root", caption, cell, 12),))


CLAIMS = (
    Claim(
        "gromov2023/fig2-first-layer",
        "Fig. 2",
        "Training by gradient descent makes each neuron of the first layer a wave in n plus a wave in m, of "
        "the same frequency.",
        descent,
        measure_first_layer,
        (
            Expected(
                "same_frequency", "one frequency a neuron (Fig. 2, Eq. 6): nine of ten neurons", low=0.9
            ),
            Expected(
                "median_share", "mostly one wave (Fig. 2): half of the energy", low=0.5, essential=False
            ),
        ),
        SHARED,
    ),
    Claim(
        "gromov2023/fig7-branches",
        "App. C, Fig. 7",
        "An output of the trained network of (n + m)^2 is active along both branches of the root, four lines "
        "in the table; that of the closed form with one branch is active along one, two lines.",
        function("(x + y)^2", HALF, 5000),
        measure_branches,
        (
            Expected("test_accuracy", "100% (App. C)", low=0.999),
            Expected(
                "trained_ratio",
                "four lines (Fig. 7): the darker branch half as bright at least",
                low=0.5,
                given="test_accuracy",
            ),
            Expected("closed_form_ratio", "two lines (Fig. 7): a fifth at most", high=0.2, budgets=REAL),
        ),
        NOTES,
    ),
)
