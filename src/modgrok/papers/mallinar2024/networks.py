"""Mallinar et al. 2024: two-layer networks beside the kernel machines (Fig. 5 and 6, App. Fig. 5 to 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...measures.features.features import domain_agop, network_values
from ...models import MLP
from ...models.agop import nfm
from ...models.circulant import matrix_power, orientations, structure_of
from ...reports.charts import claim_charts as charts
from ...reports.charts.claim_charts import Line, Panel, Point, single
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .setup import (
    MODULUS,
    ONE_SEED,
    SLUGS,
    TINY,
    alignments,
    block_of,
    deviations,
    operation,
    operations,
    passes,
    shown,
    without_diagonal,
)

INITIAL = "normal initial weights of standard deviation (16N)^(-1/3) instead of PyTorch's"
CHECKPOINT_DEVIATION = "weights are kept at powers of two of the steps, not at every epoch"
OPPOSITE = "networks end in the orientation opposite to that of the kernels: Hankel for x + y"
ALREADY = (
    "at initialisation whole matrices correlate by 0.98 already, by their diagonals; the off-diagonal block, "
    "which neither the paper nor its code names, is nearest to the printed numbers"
)
MEASURED = (
    "alignment is that of the root of the AGOP, as in kernel machines; until 30 November 2026 it was that of "
    "W_1^T W_1, whose bounds of 0.02 had been lowered to 0 after a miss"
)
EPOCHS = 50


def network(budget: BudgetName, **more: Any) -> dict[str, Any]:
    """Return the fields of the paper's network: width 1024, quadratic, AdamW, batches of 32."""
    small = budget == "tiny"
    return {
        "learner": "mlp",
        "parametrisation": "doshi",
        "p": MODULUS[budget],
        "width": tiny.WIDTH if small else 1024,
        "optimiser": "adamw",
        "lr": 1e-3,
        "weight_decay": 1.0,
        "batch_size": 8 if small else 32,
        "seed": 0,
        **more,
    }


def epoch(budget: BudgetName, fraction: float) -> int:
    """Return the steps of an epoch of x + y: whole batches of the training set."""
    fields = network(budget)
    return int(fraction * fields["p"] ** 2) // int(fields["batch_size"])


def network_runs(budget: BudgetName) -> RunGroup:
    """Return fifty epochs of the four operations, some weights kept on the way."""
    pace = epoch(budget, 0.5)
    steps = EPOCHS * pace if budget != "tiny" else 3 * pace
    base = network(budget, fraction=0.5, steps=steps, observe_every=pace, early_stop=False)
    return RunGroup(base, {"expression": list(operations(budget))}, weights="schedule")


def plan_networks(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Four operations, fifty epochs."""
    return {"run": network_runs(budget)}


def settings_of(run: RunData) -> Any:
    """Return the settings of a network's run."""
    return run.experiment.learner


def pace_of(run: RunData) -> int:
    """Return the steps of an epoch."""
    size = settings_of(run).batch_size
    assert size is not None
    return len(run.split.train) // size


def epochs(run: RunData) -> np.ndarray:
    """Return the epochs at which a run was observed."""
    return run.steps / pace_of(run)


def checkpoint_networks(run: RunData) -> dict[float, MLP]:
    """Return epoch -> network, for every kept one."""
    networks = {}
    for checkpoint in run.checkpoints:
        net = checkpoint.load()
        assert isinstance(net, MLP)
        networks[checkpoint.step / pace_of(run)] = net
    return networks


def agop_root(run: RunData, net: MLP) -> np.ndarray:
    """Return the square root of the AGOP over all inputs, in float64."""
    with jax.enable_x64(True):
        return np.asarray(matrix_power(domain_agop(net, run.task.inputs()), 0.5))


def feature_matrix(net: MLP) -> np.ndarray:
    """Return W_1^T W_1 in float64."""
    with jax.enable_x64(True):
        return np.asarray(nfm(jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), net)))


# Hidden progress in networks (Fig. 5, App. Fig. 5)

FLAT_ACCURACY = 0.1


def measure_networks(evidence: Evidence) -> ClaimResult:
    """Read when networks generalise, and how far their features have come before."""
    rows, moves, falls, flats, shares, besides = [], [], [], [], [], []
    values: dict[str, float | None] = {f"half_{slug}": None for slug in SLUGS.values()}
    for run in evidence["run"]:
        checkpoints = checkpoint_networks(run)
        grams = [feature_matrix(net) for net in checkpoints.values()]
        roots = [agop_root(run, net) for net in checkpoints.values()]
        hollow = [without_diagonal(root) for root in roots]
        aligned, deviation = alignments(roots, roots[-1]), _least_deviations(run, grams)
        beside = alignments(hollow, hollow[-1])
        where, accuracy = np.array(list(checkpoints)), run.curve("nonzero_accuracy")
        before = np.interp(where, epochs(run), accuracy) <= FLAT_ACCURACY
        last = int(np.flatnonzero(before).max(initial=0))
        moves.append(float(aligned[last] - aligned[0]))
        falls.append(float(deviation[0] - deviation[last]))
        besides.append(float(beside[last] - beside[0]))
        shares.append((moves[-1] / float(1 - aligned[0]), falls[-1] / float(deviation[0] - deviation[-1])))
        flats.append(passes(epochs(run), accuracy, FLAT_ACCURACY))
        values[f"half_{SLUGS[operation(run)]}"] = passes(epochs(run), accuracy, 0.5)
        rows.append(
            {
                "task": operation(run),
                "10% at epoch": shown(flats[-1], 1),
                "half at epoch": shown(values[f"half_{SLUGS[operation(run)]}"], 1),
                "test at the end": shown(run.last("test_accuracy"), 4),
                "features at epoch": shown(float(where[last]), 1),
                "alignment then": f"{aligned[0]:.3f} to {aligned[last]:.3f}",
                "without the diagonal": f"{beside[0]:.3f} to {beside[last]:.3f}",
                "deviation then": f"{deviation[0]:.3f} to {deviation[last]:.3f}",
                "of the way": f"{shares[-1][0]:.0%}, {shares[-1][1]:.0%}",
            }
        )
    values |= {
        "final_least": min(run.last("test_accuracy") for run in evidence["run"]),
        "flat_epochs": min((when for when in flats if when is not None), default=None),
        "alignment_gain": min(moves),
        "deviation_fall": min(falls),
        "beside_diagonal_gain": min(besides),
    }
    return ClaimResult(values, _network_panels(evidence["run"]), rows)


def _least_deviations(run: RunData, grams: Sequence[np.ndarray]) -> np.ndarray:
    """Return the deviation from the orientation that the last matrix is nearest to."""
    both = [deviations(grams, one) for _, one in orientations(structure_of(run.basis))]
    return min(both, key=lambda pair: pair[-1])


def _network_panels(every: Sequence[RunData]) -> tuple[Panel, ...]:
    accuracy = [Line(operation(t), epochs(t), t.curve("test_accuracy")) for t in every]
    features = []
    for run in every:
        checkpoints = checkpoint_networks(run)
        grams = [feature_matrix(net) for net in checkpoints.values()]
        features.append(Line(operation(run), list(checkpoints), _least_deviations(run, grams), dots=True))
    ends = ", ".join(f"{operation(t)} {t.last('test_accuracy'):.3f}" for t in every)
    return (
        single(
            "accuracy",
            "Test accuracy",
            "Share of the other half of the table that is right, against epochs.",
            charts.lines(accuracy, f"Test accuracy ends at {ends}.", x="epoch", log_x=False, percent=True),
            6,
        ),
        single(
            "features",
            "Circulant deviation of the features",
            "Of W_1^T W_1, from the orientation that it ends near, at kept weights.",
            charts.lines(features, "Deviation falls in all.", x="epoch", log_x=False, domain=(0.0, 1.0)),
            6,
        ),
    )


PROGRESS = Claim(
    "mallinar2024/fig5-networks",
    "Fig. 5, App. Fig. 5",
    "A quadratic two-layer network trained by AdamW generalises on the four operations within 50 epochs, "
    "near epoch 14; for five to ten epochs its features approach their final form while accuracy stays low.",
    plan_networks,
    measure_networks,
    (
        Expected("final_least", "100% within 50 epochs (Fig. 5, App. Fig. 5); at least 99%", low=0.99),
        Expected("flat_epochs", "accuracy stays low for 5 to 10 epochs (Fig. 5); 10% not before 5", low=5.0),
        Expected(
            "beside_diagonal_gain",
            "the root of the AGOP moves meanwhile (Fig. 5): alignment with its last rises by 0.02, without "
            "the diagonal",
            low=0.02,
        ),
        Expected(
            "alignment_gain",
            "the same with the diagonal: which of the two the figure draws is not stated",
            low=0.02,
            given="alignment_gain",
        ),
        Expected("deviation_fall", "features move meanwhile (Fig. 5): deviation falls by 0.02", low=0.02),
        *(
            Expected(f"half_{slug}", "about epoch 14 (report), 25%", 10.5, 17.5, essential=False)
            for slug in SLUGS.values()
        ),
    ),
    {
        "tiny": TINY,
        "laptop": (ONE_SEED, INITIAL, CHECKPOINT_DEVIATION, OPPOSITE, MEASURED),
        "paper": (ONE_SEED, INITIAL, CHECKPOINT_DEVIATION, OPPOSITE, MEASURED),
    },
)


# The neural feature matrix and the AGOP (Fig. 6, App. Fig. 6 and 7)

PEARSON = {"x + y": 0.955, "x - y": 0.942, "x*y": 0.924, "x/y": 0.929}


def measure_features(evidence: Evidence) -> ClaimResult:
    """Correlate W_1^T W_1 with the square root of the AGOP, at the end and at initialisation."""
    values: dict[str, float | None] = {f"correlation_{slug}": None for slug in SLUGS.values()}
    rows, pictures = [], []
    started: dict[str, float] = {}
    ended: dict[str, float] = {}
    blocks: dict[str, float] = {}
    hollow: dict[str, float] = {}
    for run in evidence["run"]:
        slug = SLUGS[operation(run)]
        start, end = (_feature_values(run, net) for net in (run.network(0), run.network()))
        ended[operation(run)] = float(end["nfm_agop_correlation"])
        blocks[operation(run)], hollow[operation(run)] = _part_correlations(run)
        started[operation(run)] = float(start["nfm_agop_correlation"])
        values[f"correlation_{slug}"] = ended[operation(run)]
        rows.append(
            {
                "task": operation(run),
                "at initialisation": shown(started[operation(run)]),
                "at the end": shown(ended[operation(run)]),
                "without the diagonal": shown(hollow[operation(run)]),
                "block at the end": shown(blocks[operation(run)]),
                "paper": PEARSON[operation(run)],
                "NFM is": str(end["nfm_orientation"]),
                "its deviation": shown(float(end["nfm_deviation"])),
            }
        )
        net = run.network()
        assert isinstance(net, MLP)
        block = block_of(run, feature_matrix(net), by_logarithms=True)
        cell = charts.image(block, f"Off-diagonal block of W_1^T W_1 of {operation(run)}.", signed=True)
        caption = "Rows of y, columns of x; of products and quotients by logarithms."
        pictures.append(single(f"nfm-{slug}", f"NFM of {operation(run)}", caption, cell, 3))
    values |= {"correlation_least": min(ended.values()), "initial_least": min(started.values())}
    values |= {"block_least": min(blocks.values()), "without_diagonal_least": min(hollow.values())}
    values |= {f"block_{slug}": None for slug in SLUGS.values()}
    values |= {f"block_{SLUGS[name]}": value for name, value in blocks.items()}
    marks = [
        Point(
            name,
            value,
            PEARSON[name] - 0.05,
            min(PEARSON[name] + 0.05, 1.0),
            note=f"{value:.3f}; of the whole matrix {ended[name]:.3f}",
        )
        for name, value in blocks.items()
    ]
    text = ", ".join(f"{name} {value:.3f}" for name, value in blocks.items())
    cell = charts.points(marks, f"Correlations of the blocks: {text}.", domain=(0.85, 1.0))
    caption = (
        "Pearson's correlation of the entries of the off-diagonal blocks of W_1^T W_1 and AGOP^(1/2); bands: "
        "the paper's, 0.05."
    )
    return ClaimResult(values, (single("pearson", "NFM against AGOP", caption, cell, 12), *pictures), rows)


def _feature_values(run: RunData, net: object) -> Mapping[str, float | str]:
    assert isinstance(net, MLP)
    with jax.enable_x64(True):
        return network_values(net, run.task.inputs(), structure_of(run.basis))


def _part_correlations(run: RunData) -> tuple[float, float]:
    """Correlate parts of W_1^T W_1 and of the root of the AGOP at the end.

    Returns:
        (of the off-diagonal blocks; of all entries but those on the diagonal).
    """
    net = run.network()
    assert isinstance(net, MLP)
    first, second = feature_matrix(net), agop_root(run, net)
    off = ~np.eye(len(first), dtype=bool)
    one, two = (block_of(run, matrix, by_logarithms=False).ravel() for matrix in (first, second))
    return _pearson(one, two), _pearson(first[off], second[off])


def _pearson(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first, second)[0, 1])


FEATURES = Claim(
    "mallinar2024/appfig6-features",
    "Fig. 6, App. Fig. 6 and 7",
    "After 50 epochs the neural feature matrix W_1^T W_1 and the square root of the AGOP agree: their "
    "entries correlate by more than 0.92 in all four operations.",
    plan_networks,
    measure_features,
    (
        Expected(
            "correlation_least", "0.924 to 0.955 (App. Fig. 6 and 7), above 0.92, of whole matrices", low=0.92
        ),
        Expected(
            "without_diagonal_least",
            "above 0.92, without the diagonal: the released code logs both, and which of them is printed is "
            "not stated",
            low=0.92,
            given="without_diagonal_least",
        ),
        Expected(
            "block_least", "above 0.92, of the off-diagonal block, see docs/rfm.md", low=0.92, essential=False
        ),
        *(
            Expected(
                f"block_{SLUGS[name]}",
                f"{value} (App. Fig. 6 and 7), 0.05, of the off-diagonal block",
                value - 0.05,
                value + 0.05,
                essential=False,
            )
            for name, value in PEARSON.items()
        ),
    ),
    {"tiny": TINY, "laptop": (ONE_SEED, INITIAL, ALREADY), "paper": (ONE_SEED, INITIAL, ALREADY)},
)


CLAIMS = (PROGRESS, FEATURES)
