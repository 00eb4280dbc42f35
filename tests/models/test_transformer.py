"""The transformer's passes: fast against plain, plain against a loop over inputs, positions and heads."""

from __future__ import annotations

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.models.transformer import LAYOUTS, Block, Norm, Transformer, activations, length_of
from modgrok.models.transformer_fast import best_logits, covers, fast_logits

P, D, HEADS, E, M = 7, 12, 3, 4, 20


def random_transformer(
    k: int = 2,
    layout: str = "infix",
    *,
    biases: bool = False,
    norms: bool = False,
    positions: bool = False,
    layers: int = 1,
    activation: str = "relu",
) -> Transformer:
    rng = np.random.default_rng(3)

    def draw(*shape: int, mean: float = 0.0) -> jax.Array:
        scale = math.sqrt(shape[-2] if len(shape) > 1 else 2)
        return jnp.asarray(mean + rng.standard_normal(shape) / scale, jnp.float32)

    def bias(*shape: int) -> jax.Array | None:
        return draw(*shape) if biases else None

    def norm() -> Norm | None:
        return Norm(draw(D, mean=1.0), draw(D)) if norms else None

    def block() -> Block:
        qkv = [draw(HEADS, D, E) for _ in range(3)]
        rest = [draw(HEADS, E, D), draw(D, M), draw(M, D)]
        bias_arrays = [bias(HEADS, E), bias(HEADS, E), bias(HEADS, E), bias(D), bias(M), bias(D)]
        return Block(*qkv, *rest, *bias_arrays, norm(), norm())

    position = draw(length_of(layout, k), D) if positions else None
    blocks = tuple(block() for _ in range(layers))
    return Transformer(draw(P + 5, D), position, blocks, norm(), draw(D, P), bias(P), k, layout, activation)


def random_inputs(k: int, tasks: int, n: int = 30) -> jax.Array:
    rng = np.random.default_rng(k)
    columns = [rng.integers(0, P, (n, k))] + ([rng.integers(0, tasks, (n, 1))] if tasks > 1 else [])
    return jnp.asarray(np.concatenate(columns, axis=1), jnp.int32)


OPTIONS = list(itertools.product((1, 2, 3), LAYOUTS, *[(False, True)] * 3, (1, 3)))
"""Every combination of options; by default one in 39, in which every value of every option occurs."""
CHOSEN = [
    pytest.param(*chosen, marks=() if number % 39 == 0 else pytest.mark.long)
    for number, chosen in enumerate(OPTIONS)
]


def test_the_default_choice_has_every_value() -> None:
    assert [set(column) for column in zip(*OPTIONS[::39], strict=True)] == [
        set(column) for column in zip(*OPTIONS, strict=True)
    ]


@pytest.mark.few(1)
@pytest.mark.parametrize(("k", "layout", "biases", "norms", "positions", "tasks"), CHOSEN)
def test_the_fast_pass_gives_the_plain_logits_and_gradients(
    k: int, layout: str, biases: bool, norms: bool, positions: bool, tasks: int
) -> None:
    net = random_transformer(k, layout, biases=biases, norms=norms, positions=positions)
    inputs = random_inputs(k, tasks)
    assert covers(net)

    def loss(net: Transformer, fast: bool) -> tuple[jax.Array, jax.Array]:
        logits = fast_logits(net, inputs) if fast else net(inputs)
        return jnp.sum(jnp.sin(logits) + logits**2), logits

    both = jax.jit(lambda net: [jax.grad(loss, has_aux=True)(net, fast) for fast in (False, True)])
    (slow_gradient, slow), (quick_gradient, quick) = both(net)
    np.testing.assert_allclose(quick, slow, atol=1e-5 * float(jnp.abs(slow).max()))
    largest = max(float(jnp.abs(g).max()) for g in jax.tree.leaves(slow_gradient))
    for one, two in zip(jax.tree.leaves(slow_gradient), jax.tree.leaves(quick_gradient), strict=True):
        np.testing.assert_allclose(two, one, atol=1e-5 * largest)


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("layout", "activation"),
    [("infix", "relu"), ("equals", "gelu"), ("infix-equals", "silu"), ("infix", "power2")],
)
def test_the_plain_pass_is_the_textbooks(layout: str, activation: str) -> None:
    net = random_transformer(
        2, layout, biases=True, norms=True, positions=True, layers=2, activation=activation
    )
    inputs = random_inputs(2, 3, n=4)
    expected = np.array([by_loops(net, tokens) for tokens in np.asarray(net.tokens(inputs))])
    np.testing.assert_allclose(net(inputs), expected, atol=2e-5)
    assert not covers(net)
    np.testing.assert_array_equal(best_logits(net, inputs), net(inputs))


def by_loops(net: Transformer, tokens: np.ndarray) -> np.ndarray:
    """One sequence at a time, one head at a time, in float64."""

    def array(value: object) -> np.ndarray:
        return np.asarray(value, dtype=np.float64)

    def normed(norm: Norm | None, row: np.ndarray) -> np.ndarray:
        assert norm is not None
        return array(norm.scale) * (row - row.mean()) / math.sqrt(row.var() + 1e-5) + array(norm.shift)

    def phi(value: np.ndarray) -> np.ndarray:
        sigmoid = 1 / (1 + np.exp(-value))
        erf = np.vectorize(math.erf)(value / math.sqrt(2))
        return {
            "relu": np.maximum(value, 0),
            "gelu": value * (1 + erf) / 2,
            "silu": value * sigmoid,
            "power2": value**2,
        }[net.activation]

    residual = [array(net.embedding[t]) + array(net.position[i]) for i, t in enumerate(tokens)]
    for block in net.blocks:
        read = [normed(block.attention_norm, row) for row in residual]
        middle = []
        for i in range(len(tokens)):
            total = residual[i] + array(block.out_bias)
            for h in range(HEADS):
                q = read[i] @ array(block.query[h]) + array(block.query_bias)[h]
                keys = [read[j] @ array(block.key[h]) + array(block.key_bias)[h] for j in range(i + 1)]
                values = [read[j] @ array(block.value[h]) + array(block.value_bias)[h] for j in range(i + 1)]
                weights = np.exp([q @ key / math.sqrt(E) for key in keys])
                z = sum(w * v for w, v in zip(weights / weights.sum(), values, strict=True))
                total = total + z @ array(block.out[h])
            middle.append(total)
        residual = [
            row
            + phi(normed(block.mlp_norm, row) @ array(block.mlp_in) + array(block.mlp_in_bias))
            @ array(block.mlp_out)
            + array(block.mlp_out_bias)
            for row in middle
        ]
    return normed(net.final_norm, residual[-1]) @ array(net.unembedding) + array(net.unembedding_bias)


def test_token_sequences() -> None:
    pair = jnp.array([[2, 3]])
    tokens = {layout: random_transformer(2, layout).tokens(pair)[0].tolist() for layout in LAYOUTS}
    assert tokens == {
        "infix": [2, 7, 3],
        "equals": [2, 3, 7],
        "infix-equals": [2, 7, 3, 11],
        "two": [2, 3],
    }
    assert random_transformer(3).tokens(jnp.array([[1, 2, 3, 1]]))[0].tolist() == [1, 8, 2, 8, 3]


def test_activations_carry_their_names_and_add_up() -> None:
    net = random_transformer(2, "equals", biases=True, positions=True)
    inputs = random_inputs(2, 1)
    result = activations(net, inputs)
    np.testing.assert_allclose(
        result["blocks.0.hook_resid_post"],
        result["hook_embed"]
        + result["hook_pos_embed"]
        + result["blocks.0.hook_attn_out"]
        + result["blocks.0.hook_mlp_out"],
        atol=1e-5,
    )
    pattern = result["blocks.0.attn.hook_pattern"]
    assert pattern.shape == (len(inputs), HEADS, 3, 3)
    np.testing.assert_allclose(pattern.sum(-1), 1, atol=1e-6)
    assert float(pattern[:, :, 0, 1:].max()) == 0  # causal
    np.testing.assert_array_equal(result["logits"][:, -1], net(inputs))
    np.testing.assert_allclose(net.neuron_logits, net.blocks[0].mlp_out @ net.unembedding)
