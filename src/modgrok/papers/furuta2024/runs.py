"""Furuta et al. 2024: the sizes of runs at each budget, and what several claims read of them.

Owns: the paper's settings and how each budget departs from them, accuracies and measures over seeds, the
panels that claims share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...measures import make_token_basis
from ...models.transformer import Transformer
from ...reports.charts.claim_charts import SOFT, Line, Panel, single, step_lines
from ...reports.panels.wave_spectra import wave_spectra
from ...reports.views.tables import Stage
from ...runs.schedule import GROKKED
from ..claims import tiny
from ..claims.claim import BudgetName
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup


@dataclass(frozen=True)
class Size:
    """What all runs of a budget share.

    Arguments:
        p: modulus.
        fraction: of the pairs, used for training, where the paper has its default r = 0.3.
        fractions: where the paper lets r vary.
        rate: learning rate.
        steps: after which a run that has not grokked is given up.
        seeds: of the claims about measures; the others take the first.
        width: of the residual stream; the MLP has four times as many neurons.
    """

    p: int
    fraction: float
    fractions: tuple[float, ...]
    rate: float
    steps: int
    seeds: tuple[int, ...]
    width: int = 128


SIZES: Mapping[BudgetName, Size] = {
    "tiny": Size(tiny.P, tiny.FRACTION, (tiny.FRACTION,), 0.003, 12, (0,), 16),
    "laptop": Size(37, 0.7, (0.6, 0.75, 0.9), 0.003, 1200, (0, 1)),
    "paper": Size(97, 0.3, (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), 0.001, 300_000, (0, 1, 2)),
}
LAPTOP = (
    "p = 37, not 97; both are 1 mod 12, so x^2, x^3 and x^4 take as many times fewer values.",
    "70% of the pairs are used for training where the paper has 30%: fewer pairs in all need a larger "
    "fraction.",
    "Learning rate 0.003, not 0.001.",
    "At most 1,200 steps, not 300,000: a run that has not grokked by then counts as one that does not.",
)
"""How every laptop run departs from the paper."""
TWO_SEEDS = (*LAPTOP, "Two seeds, not three.")
ONE_SEED = (*LAPTOP, "One seed, not three.")
SLOW: Mapping[BudgetName, int] = {"tiny": 12, "laptop": 6000, "paper": 300_000}
"""Steps of subtraction, which takes four times as long as addition and more."""
LONG: Mapping[BudgetName, int] = {"tiny": 12, "laptop": 3600, "paper": 300_000}
"""Steps of what is said not to grok: three times as many as addition gets and more."""
FEW: Mapping[BudgetName, float] = {"tiny": tiny.FRACTION, "laptop": 0.15, "paper": 0.1}
"""Fraction of the pairs from which no task groks."""
FAILING = "failing"
"""Group of the runs from too few pairs, the control of what grokking does to a network's waves."""
SLOW_WORDS = "Subtraction has at most 6,000 steps."
TINY = ("p = 7, 16 dimensions and 12 steps: this checks the machinery, not the claim.",)


def group(budget: BudgetName, *expressions: str, seeds: int = 1, **options: Any) -> RunGroup:
    """Plan transformers at the paper's default fraction.

    Arguments:
        budget: of `SIZES`.
        expressions: tasks, one run a seed each.
        seeds: how many of the budget's seeds.
        options: further fields of `train`; `fraction` may be a list, an axis then; None is the default.

    Example:
        >>> [member.point for member in group("laptop", "x + y", "x*y").members()]
        [{'expression': 'x + y', 'seed': 0}, {'expression': 'x*y', 'seed': 0}]
    """
    size = SIZES[budget]
    base: dict[str, Any] = {
        "learner": "transformer",
        "p": size.p,
        "fraction": size.fraction,
        "lr": size.rate,
        "d_model": size.width,
        "d_mlp": 4 * size.width,
        "steps": size.steps,
        **{name: value for name, value in options.items() if value is not None},
    }
    if budget == "tiny":
        base["early_stop"] = False  # so that claims which share a run follow it alike
    axes: dict[str, Any] = {"expression": list(expressions)}
    if isinstance(base["fraction"], list):
        axes["fraction"] = base.pop("fraction")
    return RunGroup(base, {**axes, "seed": list(size.seeds[:seeds])})


def failing(budget: BudgetName, *expressions: str) -> dict[str, RunGroup]:
    """Plan tasks from too few pairs, followed to the end where that is near."""
    early = None if budget == "paper" else False
    return {FAILING: group(budget, *expressions, seeds=3, early_stop=early, fraction=FEW[budget])}


def best_accuracy(runs: Sequence[RunData], name: str = "test_accuracy") -> float:
    """Return the best accuracy along each run, and of several seeds the least."""
    return min(float(run.curve(name).max()) for run in runs)


def mean_last(runs: Sequence[RunData], name: str) -> float:
    """Return a measure at the end of the runs, averaged over seeds."""
    return float(np.mean([run.last(name) for run in runs]))


def fall(runs: Sequence[RunData], name: str) -> float:
    """Return by how much a measure is lower at the end of runs than at their start, averaged over seeds."""
    return float(np.mean([run.curve(name)[0] - run.last(name) for run in runs]))


def every(evidence: Evidence) -> tuple[RunData, ...]:
    """Return the runs of all groups, without those from too few pairs."""
    return tuple(run for name, runs in evidence.groups.items() if name != FAILING for run in runs)


def of_task(runs: Sequence[RunData], expression: str) -> tuple[RunData, ...]:
    """Return the runs of one task in the order of their seeds."""
    return tuple(run for run in runs if run.point.get("expression") == expression)


def last_grokking(runs: Sequence[RunData]) -> int | None:
    """Return the step at which the last of several seeds grokked; None if one did not."""
    steps = [run.row.grokked_at for run in runs]
    return None if None in steps else max(step for step in steps if step is not None)


def measured(runs: Sequence[RunData]) -> dict[str, Any]:
    """Return a table's row of one task: when it grokked, and FFS and FCR in the order of the numbers."""
    wave_numbers = {f"{name} {of}": mean_last(runs, key) for name, of, key in WAVES}
    return {
        "task": runs[0].experiment.name,
        "fraction": runs[0].experiment.fraction,
        "steps": runs[0].row.step,
        "grokked at": last_grokking(runs),
        "test accuracy": best_accuracy(runs),
        **wave_numbers,
    }


WAVES = (
    ("FFS", "W_E", "ffs_embedding"),
    ("FCR", "W_E", "fcr_embedding"),
    ("FFS", "W_L", "ffs_readout"),
    ("FCR", "W_L", "fcr_readout"),
)
"""(measure, matrix, name in records)."""


def accuracy_panel(
    named: Sequence[tuple[str, RunData]],
    name: str = "test_accuracy",
    span: int = 6,
    nulls: Mapping[str, float] | None = None,
) -> Panel:
    """Draw test accuracies against steps.

    Arguments:
        named: (label, run).
        name: of the curve.
        span: columns of twelve.
        nulls: label -> accuracy of the orbit null on the run's split, drawn beside its curve.
    """
    null_lines = [
        Line(f"{label}, orbit null", run.steps, np.full(len(run.steps), nulls[label]), SOFT, dashed=True)
        for label, run in named
        if nulls is not None and label in nulls
    ]
    summary = ", ".join(f"{label} reaches {best_accuracy([run], name):.1%}" for label, run in named)
    cell = step_lines(
        [*(Line(label, run.steps, run.curve(name)) for label, run in named), *null_lines],
        f"Test accuracy against steps: {summary}.",
        y="test accuracy",
        percent=True,
        level=GROKKED,
    )
    caption = f"Share of test pairs answered correctly; the dotted line is {GROKKED:.0%}: grokked from there."
    return single("accuracy", "Test accuracy", caption, cell, span)


def waves_panel(run: RunData, matrix: str, span: int = 6) -> Panel:
    """Draw FFS and FCR of W_E or W_L against steps, in both orders.

    Arguments:
        run: a run.
        matrix: `embedding` or `readout`.
        span: columns of twelve.
    """
    where = {"embedding": "W_E", "readout": "W_L"}[matrix]
    curves = [
        Line("FFS", run.steps, run.curve(f"ffs_{matrix}")),
        Line("FCR", run.steps, run.curve(f"fcr_{matrix}")),
        Line("FFS, by logarithms", run.steps, run.curve(f"ffs_{matrix}_log"), "#9db8cd"),
        Line("FCR, by logarithms", run.steps, run.curve(f"fcr_{matrix}_log"), "#e3b5aa"),
    ]
    ends = ", ".join(f"{line.name} {float(line.y[-1]):.2f}" for line in curves)
    name = run.experiment.name
    cell = step_lines(
        curves,
        f"FFS and FCR of {where} of {name} against steps; at the end {ends}.",
        domain=(0.0, 1.05),
        milestones=(("grokked", run.row.grokked_at),),
    )
    caption = (
        "FFS: share of waves larger than half the largest of their kind; low is sparse. FCR: mean over "
        "frequencies of the smaller of cosine and sine over the larger; low is biased (Sec. 3)."
    )
    return single(f"waves_{matrix}", f"{name}: FFS and FCR of {where}", caption, cell, span)


def spectra_panel(runs: Sequence[RunData], matrix: str) -> Panel:
    """Draw the waves of W_E or W_L at the end of several runs, cosines up and sines down, in both orders.

    Arguments:
        runs: of one modulus.
        matrix: `embedding` or `readout`.
    """
    networks: list[tuple[Stage, Transformer]] = []
    for run in runs:
        net = run.network()
        assert isinstance(net, Transformer)
        networks.append((Stage(run.experiment.name, run.row.step), net))
    return wave_spectra(networks, make_token_basis(runs[0].task.p), matrix)
