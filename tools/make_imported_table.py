"""Print the table of imported networks in docs/explain.md: `uv run python tools/make_imported_table.py`.

Trains a network on x + y mod 31 in each of six layouts of public code with a plain loop of JAX and Optax,
saves its weights under the names of that layout, reads the file with `import_network`, and explains both the
logits of the loop's own function and the imported network.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import save_file

import modgrok
from modgrok.interop import import_network

P, D, M, HEADS = 31, 64, 256, 4
TASK = "x + y"
Weights = dict[str, jax.Array]
Logits = Callable[[Weights, jax.Array], jax.Array]
"""(weights by the layout's names, inputs (n, 2)) -> logits (n, P)."""


@dataclass(frozen=True)
class Layout:
    """How some public code lays out a network.

    Arguments:
        name: in the table.
        shapes: of the weights, by name.
        logits: the network.
        options: of `import_network`.
        others: entries of the file that are no weights.
    """

    name: str
    shapes: dict[str, tuple[int, ...]]
    logits: Logits
    options: dict[str, Any] = field(default_factory=dict)
    others: dict[str, np.ndarray] = field(default_factory=dict)


def one_hot(w: Weights, xy: jax.Array) -> jax.Array:
    """Two layers on one-hot values side by side."""
    hot = jax.nn.one_hot(xy, P).reshape(len(xy), -1)
    return jax.nn.relu(hot @ w["fc1.weight"].T + w["fc1.bias"]) @ w["fc2.weight"].T + w["fc2.bias"]


def separate(w: Weights, xy: jax.Array) -> jax.Array:
    """An embedding for each operand, added after a linear map each."""
    x = w["embed_x.weight"][xy[:, 0]] @ w["proj_x.weight"].T
    y = w["embed_y.weight"][xy[:, 1]] @ w["proj_y.weight"].T
    return jax.nn.relu(x + y + w["proj_y.bias"]) @ w["out.weight"].T


def shared(w: Weights, xy: jax.Array) -> jax.Array:
    """One embedding, added, and a biased linear layer."""
    total = w["embed.weight"][xy].sum(1)
    return jax.nn.relu(total @ w["l1.weight"].T + w["l1.bias"]) @ w["unembed.weight"].T


def attended(q: jax.Array, k: jax.Array, v: jax.Array, mask: jax.Array) -> jax.Array:
    """Return the weighted values, shape (n, t, heads * e), of queries, keys and values (n, t, heads, e)."""
    scores = jnp.einsum("nqhe,nkhe->nhqk", q, k) / np.sqrt(q.shape[-1])
    pattern = jax.nn.softmax(jnp.where(mask, scores, -jnp.inf), -1)
    return jnp.einsum("nhqk,nkhe->nqhe", pattern, v).reshape(*q.shape[:2], -1)


def nanda(w: Weights, tokens: jax.Array, mask: jax.Array) -> jax.Array:
    """A transformer with the matrices of Nanda's first code, (out, in), at the last position."""
    r = w["embed.W_E"].T[tokens] + w["pos_embed.W_pos"][: tokens.shape[1]]
    q, k, v = (jnp.einsum("hed,ntd->nthe", w[f"blocks.0.attn.W_{name}"], r) for name in "QKV")
    r = r + attended(q, k, v, mask) @ w["blocks.0.attn.W_O"].T
    hidden = jax.nn.relu(r @ w["blocks.0.mlp.W_in"].T + w["blocks.0.mlp.b_in"])
    r = r + hidden @ w["blocks.0.mlp.W_out"].T + w["blocks.0.mlp.b_out"]
    return (r[:, -1] @ w["unembed.W_U"])[:, :P]


def two_tokens(w: Weights, xy: jax.Array) -> jax.Array:
    """Two tokens with one embedding, without a sign and without a causal mask."""
    return nanda(w, xy, jnp.ones((2, 2), bool))


def equals(w: Weights, xy: jax.Array) -> jax.Array:
    """The tokens x y = with positions and a causal mask; biases in the MLP only."""
    sign = jnp.full((len(xy), 1), P)
    return nanda(w, jnp.concatenate([xy, sign], 1), jnp.tril(jnp.ones((3, 3), bool)))


def transformer_lens(w: Weights, xy: jax.Array) -> jax.Array:
    """The tokens x y = with the matrices of TransformerLens, (in, out) and an axis of heads."""
    r = w["embed.W_E"][jnp.concatenate([xy, jnp.full((len(xy), 1), P)], 1)] + w["pos_embed.W_pos"]
    q, k, v = (
        jnp.einsum("hde,ntd->nthe", w[f"blocks.0.attn.W_{name}"], r) + w[f"blocks.0.attn.b_{name}"]
        for name in "QKV"
    )
    out = w["blocks.0.attn.W_O"].reshape(-1, r.shape[-1])
    r = r + attended(q, k, v, jnp.tril(jnp.ones((3, 3), bool))) @ out + w["blocks.0.attn.b_O"]
    hidden = jax.nn.relu(r @ w["blocks.0.mlp.W_in"] + w["blocks.0.mlp.b_in"])
    r = r + hidden @ w["blocks.0.mlp.W_out"] + w["blocks.0.mlp.b_out"]
    return r[:, -1] @ w["unembed.W_U"] + w["unembed.b_U"]


def nanda_shapes(tokens: int, classes: int, length: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a one-layer transformer in the first code of Nanda et al. 2023."""
    e = D // HEADS
    return {
        "embed.W_E": (D, tokens),
        "pos_embed.W_pos": (length, D),
        **{f"blocks.0.attn.W_{name}": (HEADS, e, D) for name in "QKV"},
        "blocks.0.attn.W_O": (D, D),
        "blocks.0.mlp.W_in": (M, D),
        "blocks.0.mlp.b_in": (M,),
        "blocks.0.mlp.W_out": (D, M),
        "blocks.0.mlp.b_out": (D,),
        "unembed.W_U": (D, classes),
    }


def transformer_lens_shapes() -> dict[str, tuple[int, ...]]:
    """Return the shapes of a one-layer transformer of TransformerLens."""
    e = D // HEADS
    return {
        "embed.W_E": (P + 1, D),
        "pos_embed.W_pos": (3, D),
        **{f"blocks.0.attn.W_{name}": (HEADS, D, e) for name in "QKV"},
        **{f"blocks.0.attn.b_{name}": (HEADS, e) for name in "QKV"},
        "blocks.0.attn.W_O": (HEADS, e, D),
        "blocks.0.attn.b_O": (D,),
        "blocks.0.mlp.W_in": (D, M),
        "blocks.0.mlp.b_in": (M,),
        "blocks.0.mlp.W_out": (M, D),
        "blocks.0.mlp.b_out": (D,),
        "unembed.W_U": (D, P),
        "unembed.b_U": (P,),
    }


LAYOUTS = (
    Layout(
        "MLP, one-hot values side by side",
        {"fc1.weight": (M, 2 * P), "fc1.bias": (M,), "fc2.weight": (P, M), "fc2.bias": (P,)},
        one_hot,
    ),
    Layout(
        "MLP, an embedding for each operand, added after a linear map each",
        {
            "embed_x.weight": (P, D),
            "embed_y.weight": (P, D),
            "proj_x.weight": (M, D),
            "proj_y.weight": (M, D),
            "proj_y.bias": (M,),
            "out.weight": (P, M),
        },
        separate,
    ),
    Layout(
        "MLP, one embedding, added, and a biased linear layer",
        {"embed.weight": (P, D), "l1.weight": (M, D), "l1.bias": (M,), "unembed.weight": (P, M)},
        shared,
    ),
    Layout(
        "transformer, two tokens, no sign, no causal mask",
        nanda_shapes(P, P, 2),
        two_tokens,
        {"layout": "two", "causal": False},
    ),
    Layout(
        "transformer, x y =, positions, biases in the MLP only (Nanda's first code)",
        nanda_shapes(P + 1, P + 1, 3),
        equals,
        {"layout": "equals"},
    ),
    Layout(
        "TransformerLens, with other keys in the file",
        transformer_lens_shapes(),
        transformer_lens,
        {"layout": "equals"},
        {"blocks.0.attn.mask": np.tril(np.ones((3, 3), np.float32)), "epoch": np.array([7])},
    ),
)


def trained(layout: Layout, split: modgrok.Split, steps: int, seed: int = 0) -> Weights:
    """Train by full-batch AdamW with weight decay 1 on the training inputs."""
    rng = np.random.default_rng(seed)
    weights: Weights = {}
    for name, shape in layout.shapes.items():
        scale = 0.0 if name.endswith(".bias") or ".b_" in name else 1 / np.sqrt(min(shape[-2:]))
        weights[name] = jnp.asarray(scale * rng.standard_normal(shape), jnp.float32)
    inputs, labels = (jnp.asarray(values) for values in (TABLE.inputs()[split.train], LABELS[split.train]))
    optimiser = optax.adamw(1e-3, b2=0.98, weight_decay=1.0)

    def loss(weights: Weights) -> jax.Array:
        logits = layout.logits(weights, inputs)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    def update(state: tuple[Weights, Any], _: None) -> tuple[tuple[Weights, Any], None]:
        changes, moments = optimiser.update(jax.grad(loss)(state[0]), state[1], state[0])
        return (optax.apply_updates(state[0], changes), moments), None

    run = jax.jit(lambda state: jax.lax.scan(update, state, None, length=steps)[0])
    return run((weights, optimiser.init(weights)))[0]


TABLE = modgrok.task_from_expression(TASK, P)
LABELS = TABLE.labels().astype(np.int32)


def row(layout: Layout, folder: Path, steps: int) -> str:
    """Train, write, import and explain, and return the row of the table."""
    split = modgrok.arrays(TASK, p=P, fraction=0.7, seed=0).split
    weights = {name: np.asarray(value) for name, value in trained(layout, split, steps).items()}
    path = folder / "network.safetensors"
    save_file({name: value.copy() for name, value in (weights | layout.others).items()}, path)
    imported = import_network(path, TASK, p=P, **layout.options)
    inputs = jnp.asarray(TABLE.inputs(), jnp.int32)
    own = np.asarray(layout.logits(weights, inputs))
    difference = float(np.abs(np.asarray(imported.network(inputs)) - own).max())
    before = modgrok.explain(TABLE, own, split=split)
    after = modgrok.explain(TABLE, imported.network, split=split)
    same = (before.explained_share, before.frequencies) == (after.explained_share, after.frequencies)
    frequencies = after.frequencies or ()
    cells = (
        layout.name,
        f"{after.accuracy:.3f}",
        f"{after.explained_share:.3f}",
        f"{after.explained_share_train:.3f}",
        f"{len(frequencies)} of {len(after.ranking or ())}",
        ", ".join(str(k) for k in frequencies[:3]),
        f"{difference:.0e}",
        "yes" if same else f"no: {before.explained_share}, {before.frequencies}",
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=6000, help="steps of each network")
    parser.add_argument("--first", type=int, default=1, help="the row to begin with, from 1")
    options = parser.parse_args()
    columns = ("layout", "test accuracy", "explained, test", "explained, training", "frequencies")
    columns += ("the strongest", "largest difference of logits", "same explanation")
    sys.stdout.write("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns) + "\n")
    for layout in LAYOUTS[options.first - 1 :]:
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write(row(layout, Path(folder), options.steps) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
