"""The transformer's learner: initial weights, fixed and taken parts, losses that do not collapse."""

from __future__ import annotations

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.learners import make_problem
from modgrok.learners.transformer.initialisation import initial_transformer
from modgrok.learners.transformer.learner import PretrainedParts, TransformerLearner, transformer_learner
from modgrok.learners.transformer.settings import TransformerSettings
from modgrok.models.transformer import Transformer
from modgrok.tasks import InputError, split_task, task_from_text
from modgrok.training.descent import NetworkState
from modgrok.training.losses import collapsed, cross_entropy, log_softmax, loss_named

TASK = task_from_text("x + y", 7)
PROBLEM = make_problem(TASK, split_task(TASK, 0.7, np.random.PCG64(0)))
SMALL = {"d_model": 16, "heads": 2, "d_mlp": 24}


def learner_of(donors: PretrainedParts | None = None, **options: object) -> TransformerLearner:
    settings = TransformerSettings(**{**SMALL, **options}).resolve(7, 2)
    return transformer_learner(settings, donors)


def begun(learner: TransformerLearner, seed: int = 1) -> NetworkState[Transformer]:
    return learner.init(jax.random.key(seed), jax.random.key(2), PROBLEM)


def stepped(
    learner: TransformerLearner, state: NetworkState[Transformer], n: int
) -> NetworkState[Transformer]:
    step = eqx.filter_jit(learner.step)
    for _ in range(n):
        state, finite = step(state, PROBLEM)
        assert bool(finite)
    return state


DEVIATIONS = {
    "furuta2024": {"embedding": 102**-0.5, "unembedding": 128**-0.5, "mlp_out": 128**-0.5, "out": 128**-0.5},
    "nanda2023": {"embedding": 128**-0.5, "unembedding": 102**-0.5, "mlp_out": 128**-0.5, "out": 128**-0.5},
    "pytorch": {
        "embedding": 1.0,
        "unembedding": (3 * 128) ** -0.5,
        "mlp_out": (3 * 512) ** -0.5,
        "out": 384**-0.5,
    },
}


@pytest.mark.long
@pytest.mark.parametrize("name", DEVIATIONS)
def test_initial_weights_have_their_schemes_deviations(name: str) -> None:
    settings = TransformerSettings(initialisation=name, biases="all").resolve(97, 2)
    net = initial_transformer(settings, jax.random.key(0), 97, 2, 1, jnp.asarray(2.0))
    block = net.blocks[0]
    values = {
        "embedding": net.embedding,
        "unembedding": net.unembedding,
        "mlp_out": block.mlp_out,
        "out": block.out,
    }
    for part, deviation in DEVIATIONS[name].items():
        assert float(jnp.std(values[part])) == pytest.approx(2 * deviation, rel=0.03), part
    assert block.mlp_in_bias is not None
    assert (float(jnp.abs(block.mlp_in_bias).max()) == 0) == (name != "pytorch")


@pytest.mark.long
def test_architecture_options_do_not_change_each_others_weights() -> None:
    plain = begun(learner_of()).weights
    rich = begun(learner_of(biases="all", layer_norm=True, positional_embedding=True, layers=2)).weights
    assert np.array_equal(plain.blocks[0].query, rich.blocks[0].query)
    assert np.array_equal(plain.unembedding, rich.unembedding)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "optimiser",
    ["adamw", "muon", *(pytest.param(o, marks=pytest.mark.long) for o in ("adam", "gd", "momentum"))],
)
@pytest.mark.parametrize("part", ["embedding", "body"])
def test_fixed_parts_do_not_move_and_the_others_do(part: str, optimiser: str) -> None:
    learner = learner_of(optimiser=optimiser, **{f"freeze_{part}": True})
    first = begun(learner)
    last = stepped(learner, first, 3)
    held = {"embedding": first.weights.embedding, "body": first.weights.blocks}[part]
    after = {"embedding": last.weights.embedding, "body": last.weights.blocks}[part]
    moved = last.weights.blocks[0].mlp_in if part == "embedding" else last.weights.embedding
    before = first.weights.blocks[0].mlp_in if part == "embedding" else first.weights.embedding
    assert eqx.tree_equal(held, after)
    assert float(jnp.abs(moved - before).max()) > 0
    assert float(jnp.abs(last.weights.unembedding - first.weights.unembedding).max()) > 0


def test_parts_are_taken_from_donors() -> None:
    source = begun(learner_of(), seed=9).weights
    digest = {"embedding_digest": "0" * 64, "body_digest": "1" * 64}
    first_weights = begun(learner_of(PretrainedParts(source, None), embedding_digest="0" * 64)).weights
    assert np.array_equal(first_weights.embedding, source.embedding)
    assert not np.array_equal(first_weights.blocks[0].query, source.blocks[0].query)
    both = begun(learner_of(PretrainedParts(source, source), **digest)).weights
    assert eqx.tree_equal(both.blocks, source.blocks)
    assert np.array_equal(both.unembedding, begun(learner_of()).weights.unembedding)


def test_donors_that_do_not_fit_are_refused() -> None:
    small = begun(learner_of(d_model=8), seed=9).weights
    with pytest.raises(
        InputError, match=r"embedding_from: must have this run's shape \(12, 16\), got \(12, 8\)"
    ):
        begun(learner_of(PretrainedParts(small), embedding_digest="0" * 64))
    other = begun(learner_of(positional_embedding=True), seed=9).weights
    with pytest.raises(InputError, match="body_from: must"):
        begun(learner_of(PretrainedParts(None, other), body_digest="0" * 64))
    with pytest.raises(InputError, match="embedding_from: the network must be given, got none"):
        learner_of(embedding_digest="0" * 64)


def test_both_passes_train_alike() -> None:
    fast, plain = learner_of(), learner_of(forward="plain")
    one, two = stepped(fast, begun(fast), 20), stepped(plain, begun(plain), 20)
    for a, b in zip(jax.tree.leaves(one.weights), jax.tree.leaves(two.weights), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("loss", ["cross_entropy", "stablemax", "mse", "log_softmax"])
def test_every_loss_falls(loss: str) -> None:
    learner = learner_of(loss=loss, weight_decay=0.0, lr=1e-2)
    state = begun(learner)
    after = stepped(learner, state, 60)

    def value(state: NetworkState[Transformer]) -> float:
        logits = learner.logits(state.weights, PROBLEM.inputs)
        return float(jnp.mean(loss_named(loss)(logits, PROBLEM.labels)))

    assert value(after) < 0.7 * value(state)


@pytest.mark.long
def test_the_loss_in_float64_leaves_the_weights_in_float32() -> None:
    with jax.enable_x64(True):
        learner = learner_of(loss="log_softmax_float64")
        state = stepped(learner, begun(learner), 3)
        assert {leaf.dtype for leaf in jax.tree.leaves(state.weights)} == {jnp.dtype("float32")}
    plain = learner_of(loss="log_softmax")
    other = stepped(plain, begun(plain), 3)
    np.testing.assert_allclose(state.weights.embedding, other.weights.embedding, atol=1e-5)


def test_cross_entropy_keeps_its_digits_where_the_usual_form_collapses() -> None:
    labels = jnp.zeros(1, jnp.int32)
    for gap in (1.0, 10.0, 30.0, 60.0, 80.0):
        logits = jnp.array([[gap, 0.0, 0.0, -1.0]])
        others = 2 + math.exp(-1)
        expected = math.log1p(others * math.exp(-gap))
        value, gradient = jax.value_and_grad(lambda z: cross_entropy(z, labels)[0])(logits)
        assert float(value) == pytest.approx(expected, rel=1e-5)
        share = math.exp(-gap) / (1 + others * math.exp(-gap))
        np.testing.assert_allclose(gradient[0], [-others * share, share, share, share / math.e], rtol=1e-4)
        assert not bool(collapsed(cross_entropy, logits, labels)[0])
        assert bool(collapsed(log_softmax, logits, labels)[0]) == (gap > 80)
    wide = jnp.array([[0.0, 500.0, -500.0]])
    assert float(cross_entropy(wide, labels)[0]) == 500


def test_bad_settings_are_refused() -> None:
    with pytest.raises(InputError, match="heads: must divide d_model = 128"):
        TransformerSettings(heads=3).resolve(97, 2)
    assert TransformerSettings(heads=3, d_head=40).resolve(97, 2).d_head == 40
    with pytest.raises(InputError, match="optimiser: muon must be used with matrices only"):
        TransformerSettings(optimiser="muon", layer_norm=True).resolve(97, 2)


def test_numbers_that_are_traced_share_one_compilation() -> None:
    one, two = learner_of(lr=1e-3, weight_decay=1.0), learner_of(lr=3e-3, weight_decay=0.5, init_scale=2.0)
    assert jax.tree.structure(one) == jax.tree.structure(two)
    assert dataclasses.is_dataclass(one)
