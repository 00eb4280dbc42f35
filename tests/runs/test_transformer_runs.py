"""Transformers in the loop: resumed bit for bit, mixtures, parts from other runs, grokking a small task."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.models.transformer import Transformer
from modgrok.runs import Experiment, NetworkFile, Store, prepare, run
from modgrok.runs.asset_kinds import network_digest
from modgrok.tasks import InputError

SMALL = {"learner": "transformer", "d_model": 16, "heads": 2, "d_mlp": 32, "fraction": 0.7}


def experiment(text: str = "x + y", p: int = 7, **options: object) -> Experiment:
    return Experiment.of(text, p=p, **{**SMALL, **options})


@pytest.mark.long  # tests/conformance/test_lists.py resumes a transformer by default
@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 10, "layers": 2, "biases": "all", "layer_norm": True},
        {"loss": "log_softmax_float64", "grokfast": 2.0},
        {},
        {"optimiser": "muon", "freeze_embedding": True},
    ],
)
def test_run_2n_equals_run_n_then_resume_bit_for_bit(options: dict[str, object], tmp_path: Path) -> None:
    chosen = experiment(**options)
    whole = run(chosen, steps=30)
    with Store(tmp_path) as store:
        run(chosen, store=store, steps=13)
        again = run(chosen, store=store, steps=30)
        network = store.checkpoints(chosen.id)[-1].load()
    for other in (again.weights, network):
        assert isinstance(other, Transformer)
        for a, b in zip(jax.tree.leaves(whole.weights), jax.tree.leaves(other), strict=True):
            assert np.array_equal(a, b)
    assert whole.records[-1].scalars == again.records[-1].scalars


@pytest.mark.long
def test_addition_groks_and_its_embedding_grows_sparse() -> None:
    result = run(experiment(p=11, fraction=0.8, d_model=32, d_mlp=64), steps=6000, observe_every=100)
    row, last = result.row, result.records[-1].scalars
    assert row.memorised_at is not None
    assert row.grokked_at is not None
    assert row.memorised_at < row.grokked_at
    assert last["collapsed"] == 0
    assert row.context["forward"] == "fast"
    assert last["fcr_embedding"] > 0.6


@pytest.mark.long  # tests/reports/test_mixture_report.py trains one
def test_a_mixture_counts_each_of_its_tasks(tmp_path: Path) -> None:
    chosen = experiment("x + y; x - y", weight_decay=0.0)
    result = run(chosen, steps=40)
    last = result.records[-1].scalars
    assert result.row.context["tasks"] == ["x + y", "x - y"]
    assert result.row.context["train"] == 2 * 34
    pair = [last["train_1_accuracy"], last["train_2_accuracy"]]
    assert np.mean(pair) == pytest.approx(last["train_accuracy"])
    assert isinstance(result.weights, Transformer)
    inputs, labels = result.task.inputs(), result.task.labels()
    right = np.argmax(np.asarray(result.weights(jnp.asarray(inputs))), axis=1) == labels
    everything = np.mean(right)
    overall = (last["train_accuracy"] * 68 + last["test_accuracy"] * 30) / 98
    assert everything == pytest.approx(overall)


def test_the_tasks_of_a_mixture_share_one_split() -> None:
    setting = prepare(experiment("x + y; x - y; x/y"))
    inputs = np.asarray(setting.problem.inputs)
    pairs = [set(map(tuple, inputs[inputs[:, 2] == t, :2].tolist())) for t in range(3)]
    assert pairs[0] == pairs[1]
    assert pairs[2] == {pair for pair in pairs[0] if pair[1] != 0}
    assert len(setting.split.train) + len(setting.split.test) == 49 + 49 + 42


@pytest.mark.long
def test_parts_of_another_run_are_kept_and_named_by_their_weights(tmp_path: Path) -> None:
    upstream = run(experiment(), steps=20)
    content = NetworkFile(upstream.weights)
    digest = network_digest(upstream.weights)
    chosen = experiment("2x + y", embedding_digest=digest)
    assert chosen.learner.freeze_embedding is True
    with Store(tmp_path) as store:
        with pytest.raises(InputError, match="embedding_from: the network must be given, got none"):
            run(chosen, store=store, steps=2)
        run(chosen, store=store, steps=5, donors={digest: content})
        again = run(chosen, store=store, steps=10)
    assert isinstance(again.weights, Transformer)
    assert isinstance(upstream.weights, Transformer)
    assert np.array_equal(again.weights.embedding, upstream.weights.embedding)
    assert network_digest(again.weights) != digest


def test_the_extended_domain_has_five_more_values() -> None:
    result = prepare(experiment(extended_domain=True))
    assert len(result.problem.all_inputs) == 12**2
    assert result.task.labels().max() == 6


def test_options_of_one_learner_only() -> None:
    with pytest.raises(InputError, match="2 tasks needs the learner rfm or transformer, got mlp"):
        Experiment.of("x + y; x - y", p=7)
    with pytest.raises(InputError, match=r"operands over 0\.\.p\+4 need the learner transformer, got rfm"):
        Experiment.of("x + y", p=7, extended_domain=True, learner="rfm")
    with pytest.raises(InputError, match="batch_size: must be at most the 34 training examples, got 99"):
        run(experiment(batch_size=99), steps=1)
