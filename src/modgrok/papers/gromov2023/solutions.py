"""Gromov 2023, Fig. 2 to 5: what training finds, from how much data, and how periodic it becomes."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from ...analytic import construct, weighted_sum
from ...measures import PHASE_BINS
from ...models import MLP
from ...reports.charts.claim_charts import (
    MEASURE,
    TEST,
    TRAIN,
    Line,
    histogram,
    image,
    single,
    step_lines,
)
from ..claims.claim import Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from .runs import (
    ADAMW,
    RATE,
    REAL,
    SHARED,
    SMALLER,
    WITH_ADAMW,
    descent,
    fractions,
    grokking_by_fraction,
    grokking_chart,
    grokking_line,
    least_fraction,
    optimisers,
    participation,
)


def spectrum(net: MLP, q: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logit q over all inputs (n, m), and its Fourier power over (k, l) without the mean."""
    p = net.modulus
    n = np.arange(p)
    inputs = np.stack(np.meshgrid(n, n, indexing="ij"), axis=-1).reshape(-1, 2)
    logits = np.asarray(net(jnp.asarray(inputs, jnp.int32)))[:, q].reshape(p, p)
    power = np.abs(np.fft.fft2(logits)) ** 2
    power[0, 0] = 0
    return logits, power / power.sum()


def shares(power: np.ndarray) -> tuple[float, float]:
    """Return the shares of power at (k, k), and at the leftovers (k, -k), (2k, 0) and (0, 2k)."""
    k = np.arange(1, len(power))
    rest = power[k, -k].sum() + power[k, 0].sum() + power[0, k].sum()
    return float(power[k, k].sum()), float(rest)


def measure_preactivations(evidence: Evidence) -> ClaimResult:
    """Compare one output over all inputs: trained, and in closed form."""
    run = evidence["gd"][0]
    trained = run.network()
    assert isinstance(trained, MLP)
    p, q = trained.modulus, 6
    built = construct(
        run.task.table, p, weighted_sum(p, (1, 1)), width=trained.width, phases="random", normalise=True
    )
    assert isinstance(built.network, MLP)
    cells = []
    values = {}
    for name, net in (("gd", trained), ("closed_form", built.network)):
        logits, power = spectrum(net, q)
        values[f"{name}_diagonal"], values[f"{name}_leftover"] = shares(power)
        title = "gradient descent" if name == "gd" else "closed form"
        cells.append(
            single(
                f"{name}-map",
                f"Output {q}, {title}",
                "",
                image(logits, f"Output {q} over n and m: {title}.", x="m", y="n"),
                6,
            )
        )
        amplitudes = np.sqrt(power[: p // 2 + 1])
        cells.append(
            single(
                f"{name}-power",
                f"Its 2-D Fourier amplitudes, {title}",
                "",
                image(
                    amplitudes,
                    f"Fourier amplitudes of output {q}: {title}.",
                    x="frequency of m",
                    y="frequency of n",
                ),
                6,
            )
        )
    values["leftover_ratio"] = values["closed_form_leftover"] / max(values["gd_leftover"], 1e-12)
    order = (cells[0], cells[2], cells[1], cells[3])
    return ClaimResult(values, order)


def measure_phases(evidence: Evidence) -> ClaimResult:
    """Gather phi1 + phi2 - phi3 of the neurons under each optimiser."""
    edges = np.linspace(-math.pi, math.pi, PHASE_BINS + 1)
    values: dict[str, float] = {}
    panels = []
    for name, title in (("gd", "gradient descent"), ("momentum", "with momentum"), ("adamw", "AdamW")):
        run = evidence[name][0]
        values[name] = run.last("phase_coherence")
        counts = run.records[-1].histograms["phase_sum"]
        cell = histogram(counts, edges, f"Phase sums of the neurons: {title}.", x="φ1 + φ2 − φ3", y="neurons")
        panels.append(single(name, title, "", cell, 4))
    values["adamw_lead"] = values["adamw"] - max(values["gd"], values["momentum"])
    return ClaimResult(values, tuple(panels))


def measure_fraction(evidence: Evidence) -> ClaimResult:
    """Read the step of grokking against the training fraction."""
    curves, rows, least_share = [], [], {}
    slow, fast = {}, {}
    for name, title, colour in (("gd", "gradient descent", TEST), ("adamw", "AdamW", TRAIN)):
        median = grokking_by_fraction(evidence[name])
        grokked = {share: step for share, step in median.items() if step is not None}
        least_share[name] = least_fraction(median)
        slow[name] = grokked[min(grokked)] if grokked else None
        fast[name] = grokked[max(grokked)] if grokked else None
        curves.append(grokking_line(title, median, colour))
        rows += [
            {"optimiser": title, "fraction": share, "grokked at": step} for share, step in median.items()
        ]
    gd, other = least_share["gd"], least_share["adamw"]
    cell = grokking_chart(curves, "Step of grokking against the training fraction.")
    return ClaimResult(
        {
            "gd_least_fraction": gd,
            "adamw_least_fraction": other,
            "gd_groks_from_least": int(gd == min(run.experiment.fraction for run in evidence["gd"])),
            "adamw_minus_gd": None if gd is None or other is None else other - gd,
            "gd_slowing": slow["gd"] / fast["gd"] if slow["gd"] and fast["gd"] else None,
            "adamw_slowing": slow["adamw"] / fast["adamw"] if slow["adamw"] and fast["adamw"] else None,
        },
        (
            single(
                "fraction", "Less data, later grokking", "Fractions that never grok have no dot.", cell, 12
            ),
        ),
        rows,
    )


def paces(run: RunData) -> dict[str, float | None]:
    """Compare the growth of the IPR a step between memorising and grokking with that before and after."""
    first, second, end = run.row.memorised_at, run.row.grokked_at, int(run.steps[-1])
    if not first or not second or not first < second < end:
        return {"pace_over_before": None, "pace_over_after": None}
    at = [0, first, second, end]
    before, during, after = np.diff([run.at("ipr", step) for step in at]) / np.diff(at)
    return {"pace_over_before": float(during / before), "pace_over_after": float(during / after)}


def measure_participation(evidence: Evidence) -> ClaimResult:
    """Read the mean inverse participation ratio at the milestones of training."""
    run = evidence["adamw"][0]
    curve, row = run.curve("ipr"), run.row
    memorised, grokked = (run.at("ipr", at) if at else None for at in (row.memorised_at, row.grokked_at))
    curves = [
        Line("IPR", run.steps, curve, MEASURE),
        Line("test accuracy", run.steps, run.curve("test_accuracy"), TEST),
    ]
    text = "Inverse participation ratio and test accuracy over AdamW training; the closed form has 1."
    milestones = (("memorised", row.memorised_at), ("grokked", row.grokked_at))
    cell = step_lines(curves, text, level=1.0, domain=(0.0, 1.05), milestones=milestones)
    after = [r.scalars["ipr"] for r in run.records if row.grokked_at and r.step >= row.grokked_at]
    return ClaimResult(
        {
            "initial": float(curve[0]),
            "memorised": memorised,
            "grokked": grokked,
            "end": float(curve[-1]),
            **paces(run),
            "growth_after_grokking": after[-1] - after[0] if after else None,
            "gap": 1 - float(curve[-1]),
        },
        (single("ipr", "Inverse participation ratio", "The dotted line is the closed form's.", cell, 12),),
    )


CLAIMS = (
    Claim(
        "gromov2023/fig2-preactivations",
        "Fig. 2",
        "One output of the trained network consists of waves in n + m almost alone; the closed form has weak "
        "waves in 2n, 2m and m - n beside them.",
        descent,
        measure_preactivations,
        (
            Expected("gd_diagonal", "one series of peaks (Fig. 2): 90% of the power", low=0.9),
            Expected("closed_form_diagonal", "the strongest series here, too (Fig. 2)", low=0.5),
            Expected("leftover_ratio", "more left over in closed form than after training (Fig. 2)", low=1.0),
        ),
        {**SHARED, "laptop": (RATE, "one seed", "output 6 as in the paper")},
    ),
    Claim(
        "gromov2023/fig3-phases",
        "Fig. 3, Eq. 12",
        "In the networks that training finds, the neurons' phases satisfy phi1 + phi2 - phi3 = 0, under "
        "gradient descent, with momentum and under AdamW, where the histogram is sharpest.",
        optimisers,
        measure_phases,
        (
            Expected("gd", "peaked at 0 (Fig. 3): mean cosine of 0.5 at least", low=0.5),
            Expected("momentum", "peaked at 0 (Fig. 3)", low=0.5),
            Expected("adamw", "peaked at 0 (Fig. 3)", low=0.5),
            Expected("adamw_lead", "AdamW sharpest (Fig. 3): above the others", low=0.0, essential=False),
        ),
        {**WITH_ADAMW, "laptop": (*WITH_ADAMW["laptop"], "momentum at rate 1e5, 2,000 steps")},
    ),
    Claim(
        "gromov2023/fig4-fraction",
        "Fig. 4a",
        "Grokking slows down towards the smallest fractions of data, and does not occur below some fraction; "
        "AdamW needs no more data than gradient descent.",
        fractions,
        measure_fraction,
        (
            Expected("gd_slowing", "slower with less data (Fig. 4a)", low=1.2),
            Expected(
                "gd_groks_from_least",
                "0: not from the smallest fraction (Fig. 4a)",
                high=0,
                budgets=REAL,
                absence=True,
            ),
            Expected("adamw_slowing", "slower with less data (Fig. 4a)", low=1.2),
            Expected(
                "gd_least_fraction",
                "about 0.29 (third-party reading of Fig. 4a)",
                low=0.25,
                high=0.4,
                essential=False,
                budgets=("paper",),
            ),
            Expected("adamw_minus_gd", "AdamW needs no more data (Fig. 4a, Sec. 4)", high=0.0),
        ),
        {
            **WITH_ADAMW,
            "laptop": (
                SMALLER,
                ADAMW,
                "6 fractions, one seed each, at most 5,000 steps",
                "At p = 97 (atlas/tables/gd_p97.csv) the step of grokking falls up to half of the table and "
                "rises by a few percent above it.",
            ),
            "paper": (RATE, ADAMW),
        },
    ),
    Claim(
        "gromov2023/fig5-ipr",
        "Fig. 5",
        "Under AdamW the weights become periodic slowly at first, fast while the network groks, and still "
        "further after it has reached 100%; a gap to the closed form remains.",
        participation,
        measure_participation,
        (
            Expected("initial", "random weights: 4/(p + 1) = 0.041", low=0.03, high=0.05, budgets=REAL),
            Expected("pace_over_before", "faster while it groks than before it memorises (Fig. 5)", low=1.0),
            Expected("pace_over_after", "faster while it groks than after (Fig. 5)", low=1.0),
            Expected("growth_after_grokking", "goes on rising after 100% (Fig. 5)", low=0.02),
            Expected("gap", "stays below the closed form's 1 (Fig. 5)", low=0.02, absence=True),
        ),
        {
            **WITH_ADAMW,
            "laptop": (
                "AdamW in the plain parametrisation at rate 0.003 with weight decay 1, since none is stated",
                "one seed",
            ),
        },
    ),
)
