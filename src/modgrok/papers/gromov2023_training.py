"""Gromov 2023, Fig. 1 to 5: how two-layer networks learn x + y."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np

from ..analytic import construct, weighted_sum
from ..measures import PHASE_BINS
from ..models import MLP
from ..sweeps.statistics import quantile
from . import tiny
from .charts import MEASURE, SECOND, TEST, TRAIN, Line, Panel, histogram, image, lines, single
from .claim import Budget, Claim, Expected, Found
from .evidence import Evidence, Trial
from .plan import Group

SIZES: Mapping[Budget, dict[str, int]] = {
    "tiny": {"p": tiny.P, "width": tiny.WIDTH},
    "laptop": {"p": 97, "width": 500},
    "paper": {"p": 97, "width": 500},
}
SMALL: Mapping[Budget, dict[str, int]] = {**SIZES, "laptop": {"p": 31, "width": 200}}
"""Sizes where many runs are made."""
FRACTION: Mapping[Budget, float] = {"tiny": tiny.FRACTION, "laptop": 0.49, "paper": 0.49}
RATE = "learning rate 3e5, since none is stated: the course of Fig. 1 in a third of its steps"
SMALLER = "p = 31 and 200 neurons; learning rate scaled to them, to the course of Fig. 4a"
ADAMW = "AdamW in the plain parametrisation at rate 0.01 with weight decay 1, since none is stated"


def rate(budget: Budget) -> dict[str, float]:
    """Return gradient descent's rate: that of Fig. 1's time scale, or thrice it; tiny has the default."""
    return {} if budget == "tiny" else {"lr": 1e5 if budget == "paper" else 3e5}


def small_rate(budget: Budget) -> dict[str, float]:
    """Return gradient descent's rate at the sizes of `SMALL`: scaled to them by default."""
    return rate(budget) if budget == "paper" else {}


def descent(budget: Budget) -> Mapping[str, Group]:
    """Full-batch gradient descent on x + y without regularisation."""
    steps = {"tiny": tiny.STEPS, "laptop": 5500, "paper": 30_000}[budget]
    base = {"expression": "x + y", "fraction": FRACTION[budget], "early_stop": False, "steps": steps}
    seeds = {"tiny": [0], "laptop": [0], "paper": [0, 1, 2, 3, 4]}[budget]
    return {"gd": Group({**base, **SIZES[budget], **rate(budget)}, {"seed": seeds})}


def adamw(budget: Budget, lr: float, steps: int) -> Group:
    """AdamW on x + y, followed well beyond grokking."""
    base = {"expression": "x + y", "optimiser": "adamw", "parametrisation": "doshi", "weight_decay": 1.0}
    return Group(
        {**base, **SIZES[budget], "fraction": FRACTION[budget], "early_stop": False, "lr": lr, "steps": steps}
    )


def optimisers(budget: Budget) -> Mapping[str, Group]:
    """The same task under gradient descent, with momentum, and under AdamW."""
    short = budget == "tiny"
    momentum = {} if short else {"lr": 1e5 if budget == "laptop" else 1e4}
    limit = {"steps": 2000} if budget == "laptop" else {}
    base = dict(descent(budget)["gd"].base) | {"optimiser": "momentum"} | limit
    base.pop("lr", None)
    return {
        **descent(budget),
        "momentum": Group({**base, **momentum}),
        "adamw": adamw(budget, 0.01, tiny.STEPS if short else 500),
    }


def fractions(budget: Budget) -> Mapping[str, Group]:
    """Training fractions under gradient descent and AdamW (Fig. 4a)."""
    shares = {
        "tiny": [tiny.FRACTION, tiny.OTHER_FRACTION],
        "laptop": [0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
        "paper": [0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    }[budget]
    steps = {"tiny": tiny.STEPS, "laptop": 5000, "paper": 100_000}[budget]
    gd = {"expression": "x + y", **SMALL[budget], **small_rate(budget), "steps": steps}
    base = {
        "expression": "x + y",
        "optimiser": "adamw",
        "parametrisation": "doshi",
        "weight_decay": 1.0,
        "lr": 0.01,
    }
    seeds = [0, 1, 2] if budget == "paper" else [0]
    return {
        "gd": Group(gd, {"fraction": shares, "seed": seeds}),
        "adamw": Group(
            {**base, **SMALL[budget], "steps": min(steps, 2000)}, {"fraction": shares, "seed": seeds}
        ),
    }


def participation(budget: Budget) -> Mapping[str, Group]:
    """AdamW with a small rate, so that the regimes lie apart (Fig. 5)."""
    return {"adamw": adamw(budget, 0.003, {"tiny": tiny.STEPS, "laptop": 1500, "paper": 20_000}[budget])}


def curves(
    runs: Sequence[Trial], parts: Sequence[tuple[str, str, str]], text: str, **options: object
) -> Panel:
    """Draw recorded numbers of all seeds, one line a seed."""
    drawn = [
        Line(name if run is runs[0] else "", run.steps, run.curve(key), colour)
        for run in runs
        for name, key, colour in parts
    ]
    first = runs[0].row
    moments = (("memorised", first.memorised_at), ("grokked", first.grokked_at))
    cell = lines(drawn, text, moments=moments, height=210, **options)  # type: ignore[arg-type]
    return single(parts[-1][1], text, "One line a seed; marks are the first seed's.", cell, 12)


def find_accuracy(evidence: Evidence) -> Found:
    """Read when gradient descent memorises and when it groks."""
    runs = evidence["gd"]
    moments = [(run.row.memorised_at, run.row.grokked_at) for run in runs]
    delays = [g / m if m and g else None for m, g in moments]
    parts = (("training", "train_accuracy", TRAIN), ("test", "test_accuracy", TEST))
    return Found(
        {
            "train_accuracy": min(run.last("train_accuracy") for run in runs),
            "test_accuracy": min(run.last("test_accuracy") for run in runs),
            "delay": least(delays),
        },
        (curves(runs, parts, "Training accuracy rises before test accuracy", percent=True),),
        [
            {"seed": run.experiment.seed, "memorised at": m, "grokked at": g}
            for run, (m, g) in zip(runs, moments, strict=True)
        ],
    )


def find_loss(evidence: Evidence) -> Found:
    """Read how the two losses move."""
    runs = evidence["gd"]
    rises = [float(np.max(np.diff(run.curve("train_loss")) / run.curve("train_loss")[:-1])) for run in runs]
    peaks = [int(run.steps[np.argmax(run.curve("test_loss"))]) for run in runs]
    highs = [float(run.curve("test_loss").max() / run.curve("test_loss")[0]) for run in runs]
    when = [
        peak / run.row.grokked_at if run.row.grokked_at else None
        for peak, run in zip(peaks, runs, strict=True)
    ]
    parts = (("training", "train_loss", TRAIN), ("test", "test_loss", TEST))
    return Found(
        {"train_rise": max(rises), "test_peak": min(highs), "peak_over_grokking": greatest(when)},
        (curves(runs, parts, "Test loss peaks, then falls", log_y=True, y="loss"),),
        [
            {"seed": run.experiment.seed, "step of the peak": peak, "grokked at": run.row.grokked_at}
            for run, peak in zip(runs, peaks, strict=True)
        ],
    )


def find_norm(evidence: Evidence) -> Found:
    """Read how the root mean square weight grows."""
    runs = evidence["gd"]
    flat = [run.at("weight_norm", (run.row.memorised_at or int(run.steps[-1])) / 2) for run in runs]
    pace = [np.diff(run.curve("weight_norm")) / np.diff(run.steps) for run in runs]
    fastest = [
        float(run.steps[np.argmax(growth) + 1]) / run.row.grokked_at if run.row.grokked_at else None
        for run, growth in zip(runs, pace, strict=True)
    ]
    return Found(
        {
            "initial": float(np.mean([run.curve("weight_norm")[0] for run in runs])),
            "fastest_over_grokking": greatest(fastest),
            "half_way_to_memorising": max(flat),
            "final": float(np.mean([run.last("weight_norm") for run in runs])),
        },
        (
            curves(
                runs,
                (("weights", "weight_norm", MEASURE),),
                "The weights' norm is flat, then grows",
                y="root mean square",
            ),
        ),
    )


def find_gradient(evidence: Evidence) -> Found:
    """Read where the gradient is largest."""
    runs = evidence["gd"]
    peaks = [int(run.steps[np.argmax(run.curve("gradient_norm"))]) for run in runs]
    worst = [max(int(run.steps[np.argmax(run.curve("test_loss"))]), 1) for run in runs]
    rise = [float(run.curve("gradient_norm").max() / run.curve("gradient_norm")[0]) for run in runs]
    fall = [run.last("gradient_norm") / float(run.curve("gradient_norm").max()) for run in runs]
    ratio = [peak / at for peak, at in zip(peaks, worst, strict=True)]
    drawn = [
        Line(name if run is runs[0] else "", run.steps, run.curve(key) / run.curve(key).max(), colour)
        for run in runs
        for name, key, colour in (
            ("gradient norm", "gradient_norm", SECOND),
            ("test loss", "test_loss", TEST),
        )
    ]
    cell = lines(
        drawn, "Gradient norm and test loss, both over their largest values.", y="share of the largest"
    )
    return Found(
        {"rise": min(rise), "peak_over_loss_peak": float(np.mean(ratio)), "fall": max(fall)},
        (
            single(
                "gradient",
                "Gradient and test loss",
                "Each over its largest value, one line a seed.",
                cell,
                12,
            ),
        ),
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


def find_preactivations(evidence: Evidence) -> Found:
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
        shown = np.sqrt(power[: p // 2 + 1])
        cells.append(
            single(
                f"{name}-power",
                f"Its 2-D Fourier amplitudes, {title}",
                "",
                image(
                    shown,
                    f"Fourier amplitudes of output {q}: {title}.",
                    x="frequency of m",
                    y="frequency of n",
                ),
                6,
            )
        )
    values["leftover_ratio"] = values["closed_form_leftover"] / max(values["gd_leftover"], 1e-12)
    order = (cells[0], cells[2], cells[1], cells[3])
    return Found(values, order)


def find_phases(evidence: Evidence) -> Found:
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
    return Found(values, tuple(panels))


def find_fraction(evidence: Evidence) -> Found:
    """Read the step of grokking against the training fraction."""
    drawn, rows, least_share = [], [], {}
    slow, fast = {}, {}
    for name, title, colour in (("gd", "gradient descent", TEST), ("adamw", "AdamW", TRAIN)):
        table: dict[float, list[int | None]] = {}
        for run in evidence[name]:
            table.setdefault(run.experiment.fraction, []).append(run.row.grokked_at)
        median = {share: quantile(found, 0.5) for share, found in table.items()}
        grokked = {share: step for share, step in median.items() if step is not None}
        least_share[name] = min(grokked, default=None)
        slow[name] = grokked[min(grokked)] if grokked else None
        fast[name] = grokked[max(grokked)] if grokked else None
        drawn.append(Line(title, list(grokked), list(grokked.values()), colour, dots=True))
        rows += [
            {"optimiser": title, "fraction": share, "grokked at": step} for share, step in median.items()
        ]
    gd, other = least_share["gd"], least_share["adamw"]
    cell = lines(
        drawn,
        "Step of grokking against the training fraction.",
        x="training fraction",
        y="step of grokking",
        log_x=False,
        log_y=True,
    )
    return Found(
        {
            "gd_least_fraction": gd,
            "adamw_least_fraction": other,
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


def find_participation(evidence: Evidence) -> Found:
    """Read the mean inverse participation ratio at the moments of training."""
    run = evidence["adamw"][0]
    curve, row = run.curve("ipr"), run.row
    memorised, grokked = (run.at("ipr", at) if at else None for at in (row.memorised_at, row.grokked_at))
    drawn = [
        Line("IPR", run.steps, curve, MEASURE),
        Line("test accuracy", run.steps, run.curve("test_accuracy"), TEST),
    ]
    text = "Inverse participation ratio and test accuracy over AdamW training; the closed form has 1."
    moments = (("memorised", row.memorised_at), ("grokked", row.grokked_at))
    cell = lines(drawn, text, level=1.0, domain=(0.0, 1.05), moments=moments)
    after = [r.scalars["ipr"] for r in run.records if row.grokked_at and r.step >= row.grokked_at]
    return Found(
        {
            "initial": float(curve[0]),
            "memorised": memorised,
            "grokked": grokked,
            "end": float(curve[-1]),
            "growth_after_grokking": after[-1] - after[0] if after else None,
            "gap": 1 - float(curve[-1]),
        },
        (single("ipr", "Inverse participation ratio", "The dotted line is the closed form's.", cell, 12),),
    )


def least(values: Sequence[float | int | None]) -> float | int | None:
    """Return the smallest, None if one is missing."""
    known = [value for value in values if value is not None]
    return min(known) if known and len(known) == len(values) else None


def greatest(values: Sequence[float | int | None]) -> float | int | None:
    """Return the largest, None if one is missing."""
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


LAPTOP_SEEDS = "one seed"
SHARED: Mapping[Budget, tuple[str, ...]] = {
    "tiny": (tiny.SAYS_NOTHING,),
    "laptop": (RATE, LAPTOP_SEEDS),
    "paper": ("learning rate 1e5, chosen for the paper's time scale, since none is stated",),
}
WITH_ADAMW: Mapping[Budget, tuple[str, ...]] = {
    "tiny": (tiny.SAYS_NOTHING,),
    "laptop": (RATE, ADAMW, "one seed"),
    "paper": (ADAMW,),
}
REAL: tuple[Budget, ...] = ("laptop", "paper")

CLAIMS = (
    Claim(
        "gromov2023/fig1-accuracy",
        "Fig. 1c",
        "Plain full-batch gradient descent without regularisation memorises x + y first, and reaches 100% on "
        "the test inputs later.",
        descent,
        find_accuracy,
        (
            Expected("train_accuracy", "100% (Fig. 1c)", low=0.999),
            Expected("test_accuracy", "100% (Fig. 1c)", low=0.999),
            Expected("delay", "test accuracy later than training accuracy (Fig. 1c)", low=1.05),
        ),
        SHARED,
    ),
    Claim(
        "gromov2023/fig1-loss",
        "Fig. 1a",
        "The training loss only falls, while the test loss rises to a peak before grokking.",
        descent,
        find_loss,
        (
            Expected(
                "train_rise", "falls monotonically (Fig. 1a); a relative rise of 1% is allowed", high=0.01
            ),
            Expected("test_peak", "above its initial value (Fig. 1a)", low=1.02),
            Expected("peak_over_grokking", "before grokking (Fig. 1a): below 1", high=1.0),
        ),
        SHARED,
    ),
    Claim(
        "gromov2023/fig1-norm",
        "Fig. 1b",
        "The norm of the weights stays flat and grows when the network begins to generalise.",
        descent,
        find_norm,
        (
            Expected("initial", "1.0 (Fig. 1b)", low=0.98, high=1.02),
            Expected(
                "fastest_over_grokking",
                "grows at the onset of generalisation (Fig. 1b): fastest around the step of grokking",
                low=0.5,
                high=1.2,
            ),
            Expected(
                "half_way_to_memorising",
                "flat (Fig. 1b): at most 20% above its initial value, a tolerance of ours",
                high=1.2,
                essential=False,
            ),
            Expected(
                "final",
                "about 3.7 (read off Fig. 1b); closed form 5.15",
                low=3.0,
                high=5.2,
                essential=False,
                budgets=REAL,
            ),
        ),
        SHARED,
    ),
    Claim(
        "gromov2023/fig1-gradient",
        "Fig. 1d",
        "The norm of the gradient rises until the test loss is largest, and falls from then on.",
        descent,
        find_gradient,
        (
            Expected("rise", "rises (Fig. 1d): by half at least", low=1.5),
            Expected(
                "peak_over_loss_peak",
                "at the step of the largest test loss (Fig. 1d), to 25%",
                low=0.75,
                high=1.25,
            ),
            Expected("fall", "falls (Fig. 1d): to less than half", high=0.5),
        ),
        SHARED,
    ),
    Claim(
        "gromov2023/fig2-preactivations",
        "Fig. 2",
        "One output of the trained network consists of waves in n + m alone; the closed form has weak waves "
        "in 2n, 2m and m - n beside them.",
        descent,
        find_preactivations,
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
        find_phases,
        (
            Expected("gd", "peaked at 0 (Fig. 3): mean cosine of 0.5 at least", low=0.5),
            Expected("momentum", "peaked at 0 (Fig. 3)", low=0.5),
            Expected("adamw", "peaked at 0 (Fig. 3)", low=0.5),
            Expected("adamw_lead", "AdamW sharpest (Fig. 3): above the others", low=0.0, essential=False),
        ),
        WITH_ADAMW,
    ),
    Claim(
        "gromov2023/fig4-fraction",
        "Fig. 4a",
        "The less data, the later grokking, down to a fraction below which it never comes; AdamW needs no "
        "more data than gradient descent.",
        fractions,
        find_fraction,
        (
            Expected("gd_slowing", "slower with less data (Fig. 4a)", low=1.2),
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
        {**WITH_ADAMW, "laptop": (SMALLER, ADAMW, "6 fractions, one seed each, at most 5,000 steps")},
    ),
    Claim(
        "gromov2023/fig5-ipr",
        "Fig. 5",
        "Under AdamW the weights become periodic slowly at first, fast while the network groks, further "
        "after it has 100%, and a gap to the closed form remains.",
        participation,
        find_participation,
        (
            Expected("initial", "random weights: 4/(p + 1) = 0.041", low=0.03, high=0.05, budgets=REAL),
            Expected("growth_after_grokking", "goes on rising after 100% (Fig. 5)", low=0.02),
            Expected("gap", "stays below the closed form's 1 (Fig. 5)", low=0.02),
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
