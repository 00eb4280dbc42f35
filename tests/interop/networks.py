"""Transformers with random weights, over the options that files of other tools must carry."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from modgrok.models.transformer import LAYOUTS, SIGNS, Block, Norm, Transformer, length_of

P, D, M, HEADS, E = 7, 8, 12, 2, 3
OPTIONS = [
    {"layout": layout, "k": k, "layers": layers, "biases": biases, "norms": norms, "activation": phi}
    for (layout, k, layers, phi), biases, norms in itertools.product(
        zip(LAYOUTS, (2, 2, 3, 2), (1, 2, 1, 1), ("relu", "gelu", "silu", "relu"), strict=True),
        (False, True),
        (False, True),
    )
]


def random_network(
    *, layout: str, k: int, layers: int, biases: bool, norms: bool, activation: str, p: int = P
) -> Transformer:
    """Draw a transformer; with biases it has positions, too."""
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> jax.Array:
        return jnp.asarray(0.5 * rng.standard_normal(shape), jnp.float32)

    def norm() -> Norm | None:
        return Norm(draw(D), draw(D)) if norms else None

    def block() -> Block:
        weights = draw(HEADS, E, D), draw(D, M), draw(M, D)
        shapes = [(HEADS, E)] * 3 + [(D,), (M,), (D,)]
        biases_drawn = [draw(*shape) if biases else None for shape in shapes]
        return Block(*(draw(HEADS, D, E) for _ in range(3)), *weights, *biases_drawn, norm(), norm())

    return Transformer(
        draw(p + SIGNS[layout], D),
        draw(length_of(layout, k), D) if biases else None,
        tuple(block() for _ in range(layers)),
        norm(),
        draw(D, p),
        draw(p) if biases else None,
        k,
        layout,
        activation,
    )


def named(options: dict) -> str:
    """The options as the name of a test."""
    return "-".join(str(value) for value in options.values())


def every_input(net: Transformer) -> np.ndarray:
    """All p^k inputs."""
    return np.stack(np.indices((net.classes,) * net.operands), -1).reshape(-1, net.operands)
