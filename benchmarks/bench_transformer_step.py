"""One full-batch transformer step at p = 97, r = 0.3 (2,822 pairs), float32, AdamW.

    uv run --group bench pytest benchmarks/bench_transformer_step.py -s -n 0

Contestants: modgrok's compiled segment with the fast pass; the same with the plain pass; the plain pass in
eager PyTorch, as released code does it; and the floor, the matrix products of the fast pass, forward and
backward, alone in the same kind of compiled loop.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from timing import interleaved, table

from modgrok.runs import Experiment, prepare
from modgrok.runs.preparation import initial_state
from modgrok.runs.segments import advance

P, D, HEADS, M, STEPS = 97, 128, 4, 512, 10


def modgrok_segment(forward: str = "auto") -> Callable[[], object]:
    """A segment of STEPS steps, as the loop runs it."""
    setting = prepare(Experiment.of("x + y", p=P, fraction=0.3, learner="transformer", forward=forward))
    state = initial_state(setting)

    def work() -> None:
        end, _ = advance(setting.learner, state, setting.problem, jnp.asarray(STEPS))
        jax.block_until_ready(end.weights.embedding)

    return work


def products_alone(n: int) -> Callable[[], object]:
    """Each of the fast pass's products with its two of the derivative, chained so that none is left out."""
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> jax.Array:
        return jnp.asarray(rng.standard_normal(shape) * shape[-1] ** -0.5, jnp.float32)

    shapes = ((D, D), (D, M), (M, P), (D, P))
    weights = tuple(draw(*shape) for shape in shapes)
    layers = tuple(draw(n, shape[0]) for shape in shapes)

    @jax.jit
    def loop(weights: tuple[jax.Array, ...], layers: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        def body(_: int, weights: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
            moved = []
            for w, layer in zip(weights, layers, strict=True):
                forward = layer @ w
                into_layer = forward @ w.T
                into_weight = layer.T @ forward
                moved.append(w + 1e-12 * (into_weight + jnp.sum(into_layer[:1])))
                moved[-1] = moved[-1] + 1e-12 * into_layer[: w.shape[0], :1]
            return tuple(moved)

        return jax.lax.fori_loop(0, STEPS, body, weights)

    return lambda: jax.block_until_ready(loop(weights, layers))


def torch_eager() -> Callable[[], object]:
    """STEPS AdamW steps of the plain transformer on token sequences."""
    torch = pytest.importorskip("torch", reason="needs the bench group (torch)")
    setting = prepare(Experiment.of("x + y", p=P, fraction=0.3, learner="transformer"))
    pairs = np.array(setting.problem.inputs)
    sequences = np.stack([pairs[:, 0], np.full(len(pairs), P), pairs[:, 1]], axis=1)
    tokens = torch.tensor(sequences, dtype=torch.long)
    labels = torch.tensor(np.array(setting.problem.labels), dtype=torch.long)

    def weight(*shape: int) -> object:
        return torch.nn.Parameter(torch.randn(*shape) * D**-0.5)

    e = D // HEADS
    w_e, w_u = weight(P + 5, D), weight(D, P)
    q, k, v = (weight(HEADS, D, e) for _ in range(3))
    o, w_in, w_out = weight(HEADS, e, D), weight(D, M), weight(M, D)
    optimiser = torch.optim.AdamW(
        [w_e, w_u, q, k, v, o, w_in, w_out], lr=1e-3, weight_decay=1.0, betas=(0.9, 0.98)
    )
    mask = torch.tril(torch.ones(3, 3)) == 0

    def logits() -> object:
        r = w_e[tokens]
        queries, keys, values = (torch.einsum("ntd,hde->nhte", r, w) for w in (q, k, v))
        scores = (queries @ keys.transpose(-1, -2) / e**0.5).masked_fill(mask, -torch.inf)
        z = torch.softmax(scores, dim=-1) @ values
        r = r + torch.einsum("nhte,hed->ntd", z, o)
        r = r + torch.relu(r @ w_in) @ w_out
        return (r @ w_u)[:, -1]

    def work() -> None:
        for _ in range(STEPS):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(logits(), labels)
            loss.backward()
            optimiser.step()

    return work


def test_step_against_torch_and_the_floor(benchmark) -> None:
    """At least 4 times faster than eager PyTorch's plain pass; at most 1.5 times the products."""
    ours = modgrok_segment()
    result = interleaved(
        {
            "modgrok": ours,
            "its matrix products alone": products_alone(2822),
            "modgrok, plain pass": modgrok_segment("plain"),
            "eager PyTorch, plain pass": torch_eager(),
        },
        rounds=5,
    )
    result = {name: seconds / STEPS for name, seconds in result.items()}
    print("\n" + table("transformer step at p = 97, 2,822 pairs", result, " a step", "modgrok"))
    benchmark.extra_info.update(result)
    benchmark.pedantic(ours, rounds=3)
    assert result["eager PyTorch, plain pass"] >= 4 * result["modgrok"]
    assert result["modgrok"] <= 1.5 * result["its matrix products alone"]
