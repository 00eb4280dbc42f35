"""Removing neurons: counts against a slow loop, and what a run with corrupted labels keeps where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.learners import GROUPS, make_problem
from modgrok.measures import basis_of_task, make_fourier_frames
from modgrok.measures.corruption.pruning import neuron_order, pruned, pruning_curves
from modgrok.measures.fourier.ipr import ipr_of_neurons
from modgrok.measures.fourier.lens import spectra
from modgrok.models import MLP
from modgrok.reports.report import run_report
from modgrok.runs import Experiment, Run, Store, run
from modgrok.runs.splits import split_of
from modgrok.tasks import split_task, task_from_expression
from modgrok.training.problem import Problem


def problem_of(expression: str, p: int) -> Problem:
    task = task_from_expression(expression, p)
    return make_problem(
        task, split_task(task, 0.6, np.random.PCG64(1), corruption=0.4, noise=np.random.PCG64(2))
    )


def slow_counts(net: MLP, problem: Problem, order: np.ndarray, removed: int) -> list[int]:
    """Zero the neurons' weights, evaluate every input afresh, count."""
    embedding, readout = np.array(net.embedding), np.array(net.readout)
    embedding[:, :, order[:removed]] = 0
    readout[:, order[:removed]] = 0
    predictions = np.argmax(
        MLP(jnp.asarray(embedding), jnp.asarray(readout), net.activation)(problem.all_inputs), -1
    )
    right = predictions == np.asarray(problem.all_labels)
    return [int(np.sum(right & group)) for group in np.asarray(problem.groups)]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("expression", "activation"), [("x + y", "power2"), ("x*y + z", "relu"), ("x/y", "power3")]
)
def test_counts_equal_those_of_a_slow_loop(expression: str, activation: str) -> None:
    """Small integers make both exact, ties between logits included."""
    rng, problem = np.random.default_rng(4), problem_of(expression, 5)
    k = problem.all_inputs.shape[1]
    net = MLP(
        jnp.asarray(rng.integers(-3, 4, (k, 5, 12)), jnp.float32),
        jnp.asarray(rng.integers(-3, 4, (5, 12)), jnp.float32),
        activation,
    )
    order = rng.permutation(12)
    result = pruned(net, problem, order)
    assert result.correct.tolist() == [slow_counts(net, problem, order, j) for j in range(13)]
    assert result.size.tolist() == np.asarray(problem.groups).sum(1).tolist()
    some = pruned(net, problem, order, [12, 0, 5])
    assert some.stops.tolist() == [0, 5, 12]
    assert np.array_equal(some.correct, result.correct[[0, 5, 12]])


def test_large_tables_are_counted_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, problem = np.random.default_rng(4), problem_of("x + y", 7)
    net = MLP(
        jnp.asarray(rng.normal(size=(2, 7, 9)), jnp.float32),
        jnp.asarray(rng.normal(size=(7, 9)), jnp.float32),
    )
    whole = pruned(net, problem, np.arange(9))
    monkeypatch.setattr("modgrok.measures.corruption.pruning.BLOCK", 9 * 10)
    assert np.array_equal(pruned(net, problem, np.arange(9)).correct, whole.correct)


def test_neurons_are_ordered_by_ipr() -> None:
    rng = np.random.default_rng(5)
    task = task_from_expression("x + y", 11)
    frames = make_fourier_frames(basis_of_task(task))
    net = MLP(
        jnp.asarray(rng.normal(size=(2, 11, 20)), jnp.float32),
        jnp.asarray(rng.normal(size=(11, 20)), jnp.float32),
    )
    ratios = np.asarray(ipr_of_neurons(spectra(net, frames)))
    assert np.all(np.diff(ratios[neuron_order(net, frames, "low-first")]) >= 0)
    assert (
        neuron_order(net, frames, "high-first").tolist()
        == neuron_order(net, frames, "low-first")[::-1].tolist()
    )


CORRUPTED = Experiment.of(
    "x + y",
    p=31,
    width=300,
    fraction=0.8,
    corruption=0.15,
    parametrisation="doshi",
    optimiser="adamw",
    lr=0.01,
    weight_decay=2.0,
)
"""Coexistence: it fits all corrupted labels and generalises."""


@pytest.fixture(scope="module")
def corrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    folder = tmp_path_factory.mktemp("corrupted")
    with Store(folder) as store:
        corrupted_run = run(
            CORRUPTED, store=store, steps=400, early_stop=False, observe_every=200, weights="final"
        )
    return folder, corrupted_run


@pytest.mark.long  # a network trained on corrupted labels
def test_low_ipr_memorises_and_high_ipr_generalises(corrupted: tuple[Path, Run]) -> None:
    """Doshi et al. 2023, Fig. 6, at p = 31: with 70% of the neurons removed, low first and high first."""
    _, corrupted_run = corrupted
    last = corrupted_run.records[-1].scalars
    assert last["corrupted_accuracy"] > 0.99
    assert last["test_accuracy"] > 0.95
    task = CORRUPTED.build_task()
    problem = make_problem(task, split_of(CORRUPTED, task))
    curves = pruning_curves(
        corrupted_run.weights, make_fourier_frames(basis_of_task(task)), problem, [0, 210]
    )
    low, high = (curves[name].accuracies() for name in ("low-first", "high-first"))
    for name in GROUPS:
        assert low[name][0] == high[name][0] == last[f"{name}_accuracy"]
    assert low["test"][1] > 0.95
    assert low["clean"][1] > 0.99
    assert low["corrupted"][1] < 0.45
    assert low["train"][1] == pytest.approx(0.85, abs=0.06)
    assert high["test"][1] < 0.1
    assert high["corrupted"][1] > 0.85


@pytest.mark.long  # a network trained on corrupted labels
def test_the_command_prunes_the_last_network(corrupted: tuple[Path, Run], call: Any) -> None:
    folder, corrupted_run = corrupted
    output = call("measure", "latest", "--prune", "--json", "--runs", str(folder))
    assert output.code == 0, output.err
    result, last = output.json["pruning"], corrupted_run.records[-1].scalars
    assert result["step"] == 400
    for direction in ("low_first", "high_first"):
        for name in GROUPS:
            assert len(result[direction][name]) == 301
            assert result[direction][name][0] == last[f"{name}_accuracy"]
    assert "accuracy after removing neurons, IPR low first" in output.out


@pytest.mark.long  # a whole report of a run
def test_a_report_of_corrupted_labels_draws_both_directions(
    corrupted: tuple[Path, Run], tmp_path: Path
) -> None:
    with Store(corrupted[0], read_only=True) as store:
        report = run_report(store, "latest", tmp_path / "r.html")
    panel = next(panel for panel in report.panels if panel.key == "pruning")
    assert [group.label.split(",")[0] for group in panel.groups] == ["low first", "high first"]
    assert "corrupted training labels" in panel.groups[0].cells[0].text


def test_networks_without_a_split_are_refused(call: Any) -> None:
    result = call("measure", "network.safetensors", "--prune")
    assert result.code == 2
    assert result.err.startswith(
        "modgrok: prune: must be used with a stored run, or with --train for a file, got"
    )
