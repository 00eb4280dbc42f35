"""Progress measures: statistics on planted curves with known answers, readings of a known network."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from modgrok.algebra import natural_basis
from modgrok.analytic import construct
from modgrok.decide import decide_table
from modgrok.measures.fourier.ipr import ipr
from modgrok.measures.fourier.lens import make_fourier_frames
from modgrok.models import MLP
from modgrok.papers import Evidence
from modgrok.papers.book.markdown import read_results
from modgrok.papers.claims.catalogue import read_paper
from modgrok.papers.progress.course import ACCURACY, Course, moved, way_covered
from modgrok.papers.progress.first_moves import measure_first, measure_stays
from modgrok.papers.progress.readings import MEASURES, ffs_of, ipr_of_columns, key_frequencies, measures_at
from modgrok.papers.progress.setup import LEARNERS
from modgrok.reports.charts.seeds import panels_of_seeds
from modgrok.runs import Experiment
from modgrok.runs.splits import split_of

ROOT = Path(__file__).parents[2]
PAGE, TOOL = ROOT / "docs" / "progress-measures.md", ROOT / "tools" / "make_progress_picture.py"
STEPS = np.arange(0, 201, 10)


def ramp(start: float, stop: float, first: float = 0.0, last: float = 1.0) -> np.ndarray:
    """A curve that goes straight from `first` at one step to `last` at another."""
    return np.interp(STEPS, [start, stop], [first, last])


PLANTED = Course(
    STEPS,
    {
        ACCURACY: ramp(80, 120),
        "early": ramp(20, 60, 3.0, 0.5),  # falls, with another scale
        "late": ramp(100, 180),
        "same": 7 * ramp(80, 120),
        "still": np.full(len(STEPS), 0.3),
        "dip": ramp(80, 120) - 2 * (STEPS == 50),
    },
    grokked_at=120,
)


def test_leads_of_planted_curves() -> None:
    assert PLANTED.reaches(ACCURACY, 0.5) == pytest.approx(100)
    assert PLANTED.lead("early", 0.5) == pytest.approx(60 / 120)
    assert PLANTED.lead("early", 0.1) == pytest.approx((84 - 24) / 120)
    assert PLANTED.lead("late", 0.5) == pytest.approx(-40 / 120)
    assert PLANTED.lead("late", 0.1) == pytest.approx((84 - 108) / 120)
    assert PLANTED.lead("same", 0.5) == pytest.approx(0)
    assert PLANTED.lead("dip", 0.5) == pytest.approx(0)


def test_a_measure_that_ends_where_it_began_leads_by_nothing() -> None:
    assert PLANTED.lead("still", 0.5) is None
    assert PLANTED.covered_at_accuracy("still", 0.1) is None


def test_the_way_covered_when_accuracy_begins_to_rise() -> None:
    assert PLANTED.covered_at_accuracy("early", 0.1) == pytest.approx(1)
    assert PLANTED.covered_at_accuracy("late", 0.1) == pytest.approx(0)
    assert PLANTED.covered_at_accuracy("same", 0.1) == pytest.approx(0.1)
    assert PLANTED.covered_at_accuracy("late", 0.75) == pytest.approx(0.125)


def test_the_way_covered_has_no_scale_and_no_sign() -> None:
    curve = np.array([0.2, 0.1, 0.9, 1.4])
    for scale, shift in ((1.0, 0.0), (-3.0, 5.0), (1e-9, 2e-9)):
        assert way_covered(scale * curve + shift) == pytest.approx(way_covered(curve))
    assert moved(-0.5, -2.0) == 0.25
    assert moved(0.5, -2.0) == 0.25  # to either side: seeds must not cancel
    assert moved(0.5, 0.0) is None
    assert moved(0.0, 0.0) == 0.0


def test_the_ipr_of_columns_is_that_of_networks() -> None:
    vectors = np.random.default_rng(0).normal(size=(3, 11, 20)).astype(np.float32)
    net = MLP(jax.numpy.asarray(vectors[:2]), jax.numpy.asarray(vectors[2]))
    expected = float(ipr(net, make_fourier_frames(natural_basis(11, 2))))
    assert ipr_of_columns(np.concatenate(vectors, axis=1)) == pytest.approx(expected, rel=1e-5)
    assert ipr_of_columns(np.zeros((11, 2))) == 0
    assert ipr_of_columns(np.eye(11)) == pytest.approx(1 / 6)


def planted_run(noise: float) -> tuple[Any, Any]:
    """A run whose weights are those of a closed form of one frequency, with noise; and its checkpoint."""
    experiment = Experiment.of("x + y", p=11, fraction=0.6)
    task = experiment.build_task()
    net = construct(task.table, 11, decide_table(task.table, 11).witness, frequencies=(3,)).network
    draw = np.random.default_rng(1).normal(size=(2, 11, net.width)).astype(np.float32)
    net = MLP(net.embedding + noise * draw, net.readout, net.activation)
    run = SimpleNamespace(task=task, split=split_of(experiment, task), at=lambda name, step: 0.7)
    return run, SimpleNamespace(step=5, explained_share=None, load=lambda: net)


def test_readings_of_a_network_of_one_frequency() -> None:
    run, checkpoint = planted_run(0.0)
    assert key_frequencies(run, checkpoint.load()) == [3]
    vectors = LEARNERS[0].vectors
    values = measures_at(run, checkpoint, vectors, [3])
    assert tuple(values) == (ACCURACY, *MEASURES)
    assert values[ACCURACY] == 0.7
    assert values["explained_share"] == 1
    assert values["ipr"] == pytest.approx(1)
    assert values["ffs"] == pytest.approx(2 / 10)
    assert values["excluded_loss"] == pytest.approx(np.log(11), rel=1e-5)  # nothing is left but a constant
    assert values["restricted_loss"] < values["excluded_loss"] - 0.1
    other = measures_at(run, checkpoint, vectors, [2])
    assert other["restricted_loss"] == pytest.approx(np.log(11), rel=1e-5)
    assert ffs_of(np.random.default_rng(0).normal(size=(11, 4000))) == 1


def test_the_recorded_share_is_taken_where_there_is_one() -> None:
    run, checkpoint = planted_run(0.0)
    checkpoint.explained_share = 0.25
    assert measures_at(run, checkpoint, LEARNERS[0].vectors, [3])["explained_share"] == 0.25


def learner_run(net: Any, steps: tuple[int, ...], run: Any, **row: Any) -> Any:
    """A run of which each of these steps kept its weights: at first noise, at the end the given ones."""
    _, noisy = planted_run(1.0)
    checkpoints = [
        SimpleNamespace(step=step, explained_share=None, load=net if step == steps[-1] else noisy.load)
        for step in steps
    ]
    accuracies = {step: float(step == steps[-1]) for step in steps}
    return SimpleNamespace(
        task=run.task,
        split=run.split,
        experiment=SimpleNamespace(seed=0),
        row=SimpleNamespace(**{"memorised_at": steps[0], "grokked_at": steps[-1], **row}),
        checkpoints=checkpoints,
        steps=np.array(steps),
        at=lambda name, step: accuracies[step],
        last=lambda name: 0.1,
        curve=lambda name: np.array(list(accuracies.values())),
        network=checkpoints[-1].load,
    )


def test_claims_of_planted_runs() -> None:
    """All measures jump in the last interval: none leads. Equal weights: nothing moves."""
    run, checkpoint = planted_run(0.0)
    _, noisy = planted_run(1.0)
    grokking = learner_run(checkpoint.load, (10, 20, 30), run)
    failing = learner_run(noisy.load, (10, 20, 30), run, grokked_at=None)
    evidence = Evidence("laptop", {"grokking": (grokking,), "failing": (failing,)})
    first = measure_first(LEARNERS[0], evidence)
    for name in MEASURES:
        assert first.values[f"{name}_lead_at_half"] == pytest.approx(0, abs=1e-9)
        assert first.values[f"{name}_way_at_tenth"] == pytest.approx(0.1)
    stays = measure_stays(LEARNERS[0], evidence)
    assert stays.values["failing_test_accuracy"] == 0.1
    assert all(stays.values[f"{name}_moved"] == 0 for name in MEASURES)


def test_a_seed_that_does_not_grok_counts_as_the_latest() -> None:
    run, checkpoint = planted_run(0.0)
    never = learner_run(checkpoint.load, (10, 20), run, grokked_at=None)
    first = [
        measure_first(LEARNERS[0], Evidence("laptop", {"grokking": (run,)}))
        for run in (never, learner_run(checkpoint.load, (10, 20), run))
    ]
    (panel,) = panels_of_seeds([one.panels for one in first])
    assert "Median of 2 seeds" in panel.caption  # its empty lines do not keep the others from being drawn
    values = first[0].values
    assert all(values[f"{name}_lead_at_half"] is None for name in MEASURES)
    (claim,) = (claim for claim in read_paper("progress").claims if claim.id == "progress/first-mlp")
    assert claim.verdict(values, "laptop") == "open"
    assert claim.verdict(values, "desktop") == "refuted"


@pytest.mark.skipif(not (PAGE.is_file() and TOOL.is_file()), reason="not part of this checkout")
def test_the_page_has_the_numbers_of_the_committed_book() -> None:
    tool = runpy.run_path(str(TOOL))
    results = {result.id: result for result in read_results(ROOT / "docs" / "claims")}
    for name in ("move_rows", "share_rows"):
        assert "\n".join(tool[name](results)) in PAGE.read_text(encoding="utf-8")
