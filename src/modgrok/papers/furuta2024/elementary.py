"""Furuta et al. 2024: addition, subtraction and multiplication, and what their networks are made of.

Owns: the claims of Fig. 3, Fig. 8 and A.14 about +, -, *; the parts of the logits (Table A.4); frozen random
embeddings (App. F).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...measures import make_token_basis
from ...measures.circuit.circuit import Circuit, circuit_of
from ...measures.circuit.restricted_loss import COMBINATIONS, restricted_losses
from ...measures.circuit.task_grid import task_grids
from ...measures.fourier.token_waves import wave_norms
from ...models.transformer import Transformer
from ...reports.charts.claim_charts import Panel
from ...reports.panels.loss_parts import ROWS, loss_parts
from ...reports.views.circuit_view import CircuitView
from ...reports.views.tables import Stage
from ...runs.schedule import GROKKED
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .runs import (
    FAILING,
    ONE_SEED,
    SLOW,
    SLOW_WORDS,
    TINY,
    TWO_SEEDS,
    accuracy_panel,
    best_accuracy,
    every,
    failing,
    fall,
    group,
    last_grokking,
    mean_last,
    measured,
    of_task,
    spectra_panel,
    waves_panel,
)

SUM, DIFFERENCE, PRODUCT = "x + y", "x - y", "x*y"
OPERATIONS = (SUM, DIFFERENCE, PRODUCT)
SPARSE = 0.5
"""FFS of at most a half has fallen: it is 1 at random weights."""
DENSE = 0.9
HIGH = 0.7
"""FCR of at least 0.7 is high, as at random weights (about 0.93); the paper names no number."""
FALL = 0.05
"""FCR that is lower by at least this at the end of a run than at its start has fallen."""
CONTROL = "more than without grokking, in runs of the same seeds from 15% of the pairs"
"""Of the fall of FCR: networks that never grok lose some of it, too."""
QUICK: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": TINY,
    "laptop": (*TWO_SEEDS, "Runs go on to their last step, also after grokking: waves settle later."),
}
SLOWER: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": TINY,
    "laptop": (*TWO_SEEDS, SLOW_WORDS, "At p = 97 it groks at step 31,000 (docs/transformer-results.md)."),
}
DEVIATIONS: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": TINY,
    "laptop": (
        *TWO_SEEDS,
        SLOW_WORDS,
        "Runs of addition go on to their last step, where FCR of W_L is a little lower than at their "
        "grokking; those of subtraction end at 1.5 times the step at which they grok.",
    ),
}


def quick(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan + and *, followed to the end where that is near."""
    early = None if budget == "paper" else False
    return {"operations": group(budget, SUM, PRODUCT, seeds=3, early_stop=early)}


def slow(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan -."""
    return {"difference": group(budget, DIFFERENCE, seeds=3, steps=SLOW[budget])}


def operations(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan +, - and *."""
    return {**quick(budget), **slow(budget)}


# Fig. 3, 8, A.14: FFS and FCR of the three operations -------------------------------------------------------


def measure_operation(evidence: Evidence, task: str) -> ClaimResult:
    """Measure one of the operations, and how far its FCR falls."""
    runs = of_task(every(evidence), task)
    names = ("ffs_embedding", "fcr_embedding", "ffs_readout", "fcr_readout")
    values = {name: mean_last(runs, name) for name in names}
    values["test_accuracy"] = best_accuracy(runs)
    values["fcr_embedding_fall"] = fall(runs, "fcr_embedding")
    if task == PRODUCT:
        sums = of_task(every(evidence), SUM)
        values["fcr_fall_over_sum"] = values["fcr_embedding_fall"] - fall(sums, "fcr_embedding")
        values["fcr_fall_over_failing"] = fall_over_failing(evidence, task)
    panels = (
        waves_panel(runs[0], "embedding"),
        waves_panel(runs[0], "readout"),
        spectra_panel(runs[:1], "embedding"),
    )
    return ClaimResult(values, panels, [_row(run) for run in runs])


def fall_over_failing(evidence: Evidence, task: str) -> float:
    """Return by how much more FCR of W_E falls where a task groks than where it is given too few pairs."""
    grokking, others = of_task(every(evidence), task), of_task(evidence[FAILING], task)
    return fall(grokking, "fcr_embedding") - fall(others, "fcr_embedding")


def plan_product(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan + and *, and * from too few pairs as well."""
    return {**quick(budget), **failing(budget, PRODUCT)}


def _row(run: RunData) -> dict[str, Any]:
    return {"seed": run.experiment.seed, **measured([run])}


def measure_difference_readout(evidence: Evidence) -> ClaimResult:
    """Compare W_L of subtraction with that of addition."""
    named = {task: of_task(every(evidence), task) for task in (SUM, DIFFERENCE)}
    fcr = {task: mean_last(runs, "fcr_readout") for task, runs in named.items()}
    values = {
        "fcr_difference": fcr[DIFFERENCE],
        "fcr_sum": fcr[SUM],
        "fcr_lower_by": fcr[SUM] - fcr[DIFFERENCE],
        "test_accuracy": best_accuracy(named[DIFFERENCE]),
    }
    panels = (spectra_panel([runs[0] for runs in named.values()], "readout"),)
    return ClaimResult(values, panels, [_row(run) for runs in named.values() for run in runs])


# Multiplication, in the order of logarithms -----------------------------------------------------------------


def measure_logarithms(evidence: Evidence) -> ClaimResult:
    """Compare both orders of the tokens in multiplication."""
    runs = of_task(every(evidence), PRODUCT)
    values = {
        "test_accuracy": best_accuracy(runs),
        "ffs_natural": mean_last(runs, "ffs_embedding"),
        "ffs_log": mean_last(runs, "ffs_embedding_log"),
        "fcr_log": mean_last(runs, "fcr_embedding_log"),
        "ffs_readout_log": mean_last(runs, "ffs_readout_log"),
    }
    panels = (spectra_panel(runs[:1], "embedding"), spectra_panel(runs[:1], "readout"))
    return ClaimResult(values, panels, [_row(run) for run in runs])


def parity_ratio(embedding: np.ndarray) -> float:
    """Return the FCR that the parity of an embedding's multiplicative waves implies.

    A character of Z_p^* with an even number in the order of logarithms is an even function of x, so all its
    energy is in cosines of the order of numbers, at all frequencies alike (a Gauss sum has one size); so is
    the difference of token 0 from the others' mean. A character with an odd number is odd, all in sines.
    Hence FCR is close to (smaller energy / larger energy)^(1/2), the energies those of W_E in both kinds; it
    is equal where waves of different numbers are orthogonal in the other dimension.

    Arguments:
        embedding: of the numbers 0..p-1, p a prime from 5 on; shape (p, d).
    """
    p = len(embedding)
    token_basis = make_token_basis(p)
    assert token_basis.log is not None
    squares = np.asarray(wave_norms(jnp.asarray(embedding), token_basis.log), np.float64)[1:] ** 2
    number = np.arange(len(squares)) // 2 + 1
    even, odd = (float(squares[number % 2 == parity].sum()) for parity in (0, 1))
    even += (p - 1) / p * float(np.sum((embedding[0] - embedding[1:].mean(axis=0)) ** 2))
    return float(np.sqrt(min(even, odd) / max(even, odd)))


def measure_parity(evidence: Evidence) -> ClaimResult:
    """Hold the bias of multiplication against the parity of its characters."""
    runs = of_task(every(evidence), PRODUCT)
    pairs = []
    for run in runs:
        net = run.network()
        assert isinstance(net, Transformer)
        numbers = np.asarray(net.embedding[: run.task.p], np.float64)
        pairs.append((run.last("fcr_embedding"), parity_ratio(numbers)))
    values = {"largest_error": max(abs(ratio - implied) for ratio, implied in pairs)}
    rows = [
        {"seed": run.experiment.seed, "FCR": ratio, "FCR from parities": implied}
        for run, (ratio, implied) in zip(runs, pairs, strict=True)
    ]
    return ClaimResult(values, (spectra_panel(runs, "embedding"),), rows)


# Table A.4: losses of parts of the logits -------------------------------------------------------------------


def circuit_at_end(run: RunData) -> Circuit:
    """Read a run's last network at every pair."""
    net = run.network()
    assert isinstance(net, Transformer)
    (at,) = task_grids(run.task)
    return circuit_of(net, at.grid, at.number)


def measure_sum_parts(evidence: Evidence) -> ClaimResult:
    """Take the losses of Table A.4 for addition."""
    losses, row, panel = _parts(evidence, SUM)
    chance = float(np.log(of_task(every(evidence), SUM)[0].task.p))
    restricted = losses["restricted_loss"] / losses["full_loss"]
    values = {
        "restricted_over_full": restricted,
        "restricted_half": restricted,
        "key_nonkey_over_full": losses["key_nonkey_loss"] / losses["full_loss"],
        "key_residual_over_full": losses["key_residual_loss"] / losses["full_loss"],
        "nonkey_over_chance": losses["nonkey_loss"] / chance,
        "residual_over_chance": losses["residual_loss"] / chance,
    }
    return ClaimResult(values, (panel,), [row])


def measure_difference_parts(evidence: Evidence) -> ClaimResult:
    """Take the losses of Table A.4 for subtraction."""
    losses, row, panel = _parts(evidence, DIFFERENCE)
    values = {"restricted_over_full": losses["restricted_loss"] / losses["full_loss"]}
    return ClaimResult(values, (panel,), [row])


def _parts(evidence: Evidence, task: str) -> tuple[dict[str, float], dict[str, Any], Panel]:
    run = of_task(every(evidence), task)[0]
    circuit = circuit_at_end(run)
    losses = restricted_losses(circuit.logits, circuit.key)
    return (
        losses,
        {"task": task, **{ROWS[name]: losses[name] for name, _ in COMBINATIONS}},
        _parts_panel(run),
    )


def _parts_panel(run: RunData) -> Panel:
    net = run.network()
    assert isinstance(net, Transformer)
    (at,) = task_grids(run.task)
    view = CircuitView(Stage(run.experiment.name, run.row.step), net, at)
    panel = loss_parts([view], view.circuit.key)
    name = "sum" if run.experiment.name == SUM else "difference"
    return replace(
        panel, key=f"{panel.key}_{name}", title=f"{run.experiment.name}: loss of parts of the logits"
    )


# App. F: random embeddings that are not trained -------------------------------------------------------------


def frozen(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the three operations with W_E as it is drawn."""
    return {
        "operations": group(budget, SUM, PRODUCT, freeze_embedding=True),
        "difference": group(budget, DIFFERENCE, freeze_embedding=True, steps=SLOW[budget]),
    }


def measure_frozen(evidence: Evidence) -> ClaimResult:
    """Measure the operations with a frozen embedding."""
    named = {task: of_task(every(evidence), task) for task in OPERATIONS}
    values = {f"accuracy_{name}": best_accuracy(named[task]) for name, task in NAMES}
    rows = [
        {"task": task, "test accuracy": best_accuracy(runs), "grokked at": last_grokking(runs)}
        | {"steps": runs[0].row.step, "FFS W_E": mean_last(runs, "ffs_embedding")}
        | {"FFS W_L": mean_last(runs, "ffs_readout")}
        for task, runs in named.items()
    ]
    panels = (
        accuracy_panel([(task, runs[0]) for task, runs in named.items()]),
        waves_panel(named[SUM][0], "readout"),
    )
    return ClaimResult(values, panels, rows)


NAMES = (("sum", SUM), ("difference", DIFFERENCE), ("product", PRODUCT))
GROKS = Expected("test_accuracy", "groks: 100% (Table A.5, r = 0.3)", low=GROKKED)


def _operation(name: str, task: str, sentence: str, expected: tuple[Expected, ...]) -> Claim:
    return Claim(
        f"furuta2024/fig3-{name}",
        "Fig. 3, Fig. 8, Fig. A.14",
        sentence,
        {DIFFERENCE: slow, PRODUCT: plan_product}.get(task, quick),
        partial(measure_operation, task=task),
        (GROKS, *(replace(one, given="test_accuracy") for one in expected)),
        SLOWER if task == DIFFERENCE else QUICK,
    )


CLAIMS = (
    _operation(
        "sum",
        SUM,
        "Addition groks. A few waves remain in the embedding and in the neuron-logit map (FFS falls), "
        "cosines and sines alike (FCR stays high).",
        (
            Expected("ffs_embedding", "falls (Fig. 8)", high=SPARSE),
            Expected("fcr_embedding", "stays high (Fig. 8)", low=HIGH),
            Expected("ffs_readout", "falls (Fig. A.14)", high=SPARSE),
            Expected("fcr_readout", "stays high (Fig. A.14)", low=HIGH),
        ),
    ),
    _operation(
        "difference",
        DIFFERENCE,
        "Subtraction groks, with an embedding as sparse and as unbiased as that of addition.",
        (
            Expected("ffs_embedding", "falls (Fig. 8)", high=SPARSE),
            Expected("fcr_embedding", "stays high (Fig. 8)", low=HIGH),
            Expected("ffs_readout", "falls (Fig. 3)", high=SPARSE),
        ),
    ),
    Claim(
        "furuta2024/fig3-difference-readout",
        "Fig. 3",
        "The neuron-logit map of subtraction is biased towards cosines or sines, more than that of addition.",
        operations,
        measure_difference_readout,
        (
            GROKS,
            Expected("fcr_lower_by", "asymmetric and biased W_L (Fig. 3)", low=0.05, given="test_accuracy"),
        ),
        DEVIATIONS,
    ),
    _operation(
        "product",
        PRODUCT,
        "Multiplication groks and uses all frequencies (FFS stays 1), with a bias to cosines or to sines "
        "(FCR falls).",
        (
            Expected("ffs_embedding", "stays 1.0 (Fig. 8)", low=DENSE),
            Expected("fcr_embedding_fall", "falls (Fig. 8)", low=FALL),
            Expected("fcr_fall_over_sum", "more than that of addition, which stays high (Fig. 8)", low=FALL),
            Expected("fcr_fall_over_failing", CONTROL, low=FALL),
            Expected(
                "fcr_embedding", "falls (Fig. 8; to 0.48 at p = 97, seed 0)", high=HIGH, essential=False
            ),
            Expected("ffs_readout", "all frequencies equally (Fig. 3)", low=DENSE),
        ),
    ),
    Claim(
        "furuta2024/product-logarithms",
        "beyond the paper: arXiv 2606.17399",
        "In the order of discrete logarithms multiplication is as sparse and unbiased as addition: it does "
        "not use all frequencies, but few waves of another group.",
        quick,
        measure_logarithms,
        (
            Expected("test_accuracy", "groks", low=GROKKED),
            Expected("ffs_natural", "1.0: all frequencies (Fig. 8)", low=DENSE),
            Expected("ffs_log", "sparse: 4 key frequencies of 56 at p = 113 (2606.17399)", high=SPARSE),
            Expected("ffs_readout_log", "sparse, likewise", high=SPARSE),
            Expected("fcr_log", "high, as that of addition", low=HIGH),
        ),
        QUICK,
    ),
    Claim(
        "furuta2024/product-bias",
        "beyond the paper: an explanation of Fig. 3",
        "The bias of multiplication is the imbalance of even and odd characters among its few waves: FCR is "
        "the square root of the ratio of their energies.",
        quick,
        measure_parity,
        (Expected("largest_error", "0, up to the overlap of waves in 128 dimensions", high=0.03),),
        QUICK,
        certain="the two kinds of characters have equal Gauss sums, so the ratio is an identity",
    ),
    Claim(
        "furuta2024/tableA4-sum",
        "Table A.4, App. E",
        "Addition's loss lies in the waves of a few key frequencies: alone they do better than the full "
        "logits, and everything else alone is no better than chance.",
        quick,
        measure_sum_parts,
        (
            Expected("restricted_over_full", "0.49 (4.985e-8 / 1.008e-7): below 1", high=1.0),
            Expected("restricted_half", "0.49, to a factor of two", 0.25, 1.0, essential=False),
            Expected("key_nonkey_over_full", "0.49 (4.989e-8 / 1.008e-7)", high=1.0, essential=False),
            Expected("key_residual_over_full", "1.01 (1.015e-7 / 1.008e-7)", 0.5, 2.0, essential=False),
            Expected("nonkey_over_chance", "1.00 (4.576 / log 97)", low=0.9),
            Expected("residual_over_chance", "1.18 (5.385 / log 97)", low=0.9),
        ),
        {
            **QUICK,
            "laptop": (
                *QUICK["laptop"],
                "The first seed.",
                "The full loss is 5e-4 here after 1,200 steps, 1e-7 in the paper.",
            ),
        },
    ),
    Claim(
        "furuta2024/tableA4-difference",
        "Table A.4, App. E",
        "Subtraction's loss does not lie in the waves of its key frequencies: alone they do much worse than "
        "the full logits, which also need parts that do not depend on x - y alone.",
        slow,
        measure_difference_parts,
        (Expected("restricted_over_full", "5e6 (0.7141 / 1.336e-7): above 2", low=2.0),),
        {
            **SLOWER,
            "laptop": (
                *SLOWER["laptop"],
                "The first seed.",
                "The full loss is 0.005 here, 1.3e-7 in the paper. p = 97 was tried for 38,000 steps "
                "(docs/transformer-results.md): its loss is 0.021, and there the key frequencies do better, "
                "too.",
            ),
        },
    ),
    Claim(
        "furuta2024/figA13-random-embedding",
        "Fig. A.13, App. F",
        "With a random embedding that is not trained, all three operations still grok.",
        frozen,
        measure_frozen,
        tuple(Expected(f"accuracy_{name}", "groks (Fig. A.13)", low=GROKKED) for name, _ in NAMES),
        {
            "tiny": TINY,
            "laptop": (
                *ONE_SEED,
                SLOW_WORDS,
                "At p = 97, r = 0.3, x + y had reached 31% when the run ended (docs/transformer-results.md).",
            ),
        },
    ),
)
