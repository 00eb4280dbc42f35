"""Train the small transformers of trained.npz: x - y mod 7, on every input, one for each layout.

    uv run python tests/interop/make_trained.py

They answer the whole table, so that what their weights leave open can be settled by it.
"""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from modgrok.models.transformer import SIGNS, Block, Transformer, length_of

P, D, M, HEADS = 7, 16, 32, 2
DATA = Path(__file__).parent / "data" / "trained.npz"


def drawn(layout: str, seed: int) -> Transformer:
    """Draw a transformer with positions and with biases in its MLP alone."""
    keys = iter(jax.random.split(jax.random.key(seed), 20))

    def draw(*shape: int) -> jax.Array:
        return jax.random.normal(next(keys), shape) / np.sqrt(shape[-2])

    e = D // HEADS
    qkv = [draw(HEADS, D, e) for _ in range(3)]
    block = Block(
        *qkv, draw(HEADS, e, D), draw(D, M), draw(M, D), mlp_in_bias=jnp.zeros(M), mlp_out_bias=jnp.zeros(D)
    )
    v = P + SIGNS[layout]
    return Transformer(draw(v, D), draw(length_of(layout, 2), D), (block,), None, draw(D, P), None, 2, layout)


def trained(layout: str) -> Transformer:
    """Train on every input."""
    net = drawn(layout, 1)
    x, y = (part.ravel() for part in np.indices((P, P)))
    inputs, labels = jnp.asarray(np.stack([x, y], 1), jnp.int32), jnp.asarray((x - y) % P)
    optimiser = optax.adamw(5e-3, weight_decay=0.05)
    state = optimiser.init(net)

    def loss(net: Transformer) -> jax.Array:
        return optax.softmax_cross_entropy_with_integer_labels(net(inputs), labels).mean()

    def step(
        carry: tuple[Transformer, optax.OptState], _: None
    ) -> tuple[tuple[Transformer, optax.OptState], jax.Array]:
        value, gradient = jax.value_and_grad(loss)(carry[0])
        updates, state = optimiser.update(gradient, carry[1], carry[0])
        return (optax.apply_updates(carry[0], updates), state), value

    (net, _), values = jax.jit(lambda net, state: jax.lax.scan(step, (net, state), length=600))(net, state)
    right = np.asarray(net(inputs)).argmax(1) == np.asarray(labels)
    assert values[-1] < 0.01
    assert right.all()
    return net


if __name__ == "__main__":
    arrays = {}
    for layout in ("infix", "equals", "infix-equals"):
        net = trained(layout)
        block = net.blocks[0]
        named = {
            "W_E": net.embedding, "W_pos": net.position, "W_U": net.unembedding, "W_Q": block.query,
            "W_K": block.key, "W_V": block.value, "W_O": block.out, "W_in": block.mlp_in,
            "b_in": block.mlp_in_bias, "W_out": block.mlp_out, "b_out": block.mlp_out_bias,
        }  # fmt: skip
        arrays |= {f"{layout}/{name}": np.asarray(value, np.float16) for name, value in named.items()}
    np.savez_compressed(DATA, **arrays)
