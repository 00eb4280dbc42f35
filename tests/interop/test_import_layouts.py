"""Weights as public code lays them out come in with the logits of that code, written down here in NumPy.

The names of keys, the shapes and the order of tokens are those of the repositories named in each test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

import modgrok
from modgrok.interop import import_network

P, D, M, H = 7, 8, 12, 2
PAIRS = np.stack(np.indices((P, P)), -1).reshape(-1, 2).astype(np.int32)
X, Y = PAIRS.T
State = dict[str, np.ndarray]


def draw(rng: np.random.Generator, **shapes: tuple[int, ...]) -> State:
    return {name: 0.5 * rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def named(rng: np.random.Generator, shapes: dict[str, tuple[int, ...]]) -> State:
    return {name: 0.5 * rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def same(network: Any, expected: np.ndarray) -> None:
    assert np.abs(np.asarray(network(jnp.asarray(PAIRS))) - expected).max() < 1e-4


def two_tokens(rng: np.random.Generator, mix: float) -> tuple[State, np.ndarray]:
    """fjzzq2002/pizza, train-main.py: two tokens, no sign, no mask, a share of attention that is constant."""
    v, e = P, 4
    state = named(rng, {
        "embed.W_E": (D, v), "pos_embed.W_pos": (2, D), "unembed.W_U": (D, v),
        **{f"blocks.{layer}.attn.W_{letter}": (H, e, D) for layer in range(2) for letter in "KQV"},
        **{f"blocks.{layer}.attn.W_O": (D, H * e) for layer in range(2)},
        **{f"blocks.{layer}.mlp.{name}": shape for layer in range(2) for name, shape in
           {"W_in": (M, D), "b_in": (M,), "W_out": (D, M), "b_out": (D,)}.items()},
    })  # fmt: skip
    r = state["embed.W_E"].T[PAIRS] + state["pos_embed.W_pos"]
    for layer in range(2):
        at = {name.split(".")[-1]: state[name] for name in state if name.startswith(f"blocks.{layer}.")}
        q, k, w = (np.einsum("ihd,bpd->biph", at[f"W_{letter}"], r) for letter in "QKV")
        pattern = mix * softmax(np.einsum("biqh,biph->biqp", q, k) / np.sqrt(e)) + 1 - mix
        z = np.einsum("biph,biqp->bqih", w, pattern).reshape(len(r), 2, -1)
        r = r + z @ at["W_O"].T
        r = r + relu(r @ at["W_in"].T + at["b_in"]) @ at["W_out"].T + at["b_out"]
    masks = {f"blocks.{layer}.attn.mask": np.tril(np.ones((2, 2), np.float32)) for layer in range(2)}
    return state | masks, r[:, -1] @ state["unembed.W_U"]


@pytest.mark.parametrize("mix", [1.0, 0.3, 0.0])
def test_two_tokens_without_a_mask(tmp_path: Path, mix: float) -> None:
    state, expected = two_tokens(np.random.default_rng(0), mix)
    np.savez(tmp_path / "net.npz", **state)
    result = import_network(tmp_path / "net.npz", "x + y", p=P, causal=False, mix=mix)
    same(result.network, expected)
    assert result.network.layout == "two"
    assert set(result.ignored) == {"blocks.0.attn.mask", "blocks.1.attn.mask"}


def layer_norm(r: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    centred = r - r.mean(-1, keepdims=True)
    return centred / np.sqrt(r.var(-1, keepdims=True) + 1e-5) * weight + bias


def post_norm(rng: np.random.Generator) -> tuple[State, np.ndarray]:
    """danielmamay/grokking: x op y =, with = numbered p and op p + 1, norms after each part, two layers."""
    v = P + 2
    parts = {
        "self_attn.in_proj_weight": (3 * D, D), "self_attn.out_proj.weight": (D, D),
        "self_attn_norm.weight": (D,),
        "self_attn_norm.bias": (D,), "ffn.0.weight": (M, D), "ffn.2.weight": (D, M), "ffn_norm.weight": (D,),
        "ffn_norm.bias": (D,),
    }  # fmt: skip
    shapes = {f"layers.{layer}.{name}": shape for layer in range(2) for name, shape in parts.items()}
    state = named(rng, {
        "token_embeddings.weight": (v, D), "position_embeddings.weight": (4, D), **shapes,
        "layers.2.weight": (v, D),
    })  # fmt: skip
    tokens = np.stack([X, np.full_like(X, P + 1), Y, np.full_like(X, P)], 1)
    r = state["token_embeddings.weight"][tokens] + state["position_embeddings.weight"]
    for layer in range(2):
        at = {name: state[f"layers.{layer}.{name}"] for name in parts}
        q, k, w = (
            (r @ part.T).reshape(len(r), 4, H, -1) for part in np.split(at["self_attn.in_proj_weight"], 3)
        )
        scores = np.einsum("bqhe,bkhe->bhqk", q, k) / np.sqrt(D // H) + np.triu(np.full((4, 4), -1e10), 1)
        z = np.einsum("bhqk,bkhe->bqhe", softmax(scores), w).reshape(len(r), 4, D)
        r = r + z @ at["self_attn.out_proj.weight"].T
        r = layer_norm(r, at["self_attn_norm.weight"], at["self_attn_norm.bias"])
        r = r + relu(r @ at["ffn.0.weight"].T) @ at["ffn.2.weight"].T
        r = layer_norm(r, at["ffn_norm.weight"], at["ffn_norm.bias"])
    masks = {
        f"layers.{layer}.attn_mask": np.triu(np.full((4, 4), -1e10, np.float32), 1) for layer in range(2)
    }
    return state | masks, (r[:, -1] @ state["layers.2.weight"].T)[:, :P]


@pytest.mark.long
def test_norms_after_the_parts_and_signs_in_another_order(tmp_path: Path) -> None:
    state, expected = post_norm(np.random.default_rng(1))
    save_file(state, tmp_path / "net.safetensors")
    result = import_network(
        tmp_path / "net.safetensors", "x / y", p=P, heads=H, tokens=(P + 1, P), causal=True, post_norm=True
    )
    same(result.network, expected)
    assert result.network.layout == "infix-equals"


def nanogpt(rng: np.random.Generator) -> tuple[State, np.ndarray]:
    """Names of karpathy/nanoGPT: fused c_attn with biases, norms before the parts, one layer; x y =, gelu."""
    at = "transformer.h.0."
    state = named(rng, {
        "transformer.wte.weight": (P + 1, D), "transformer.wpe.weight": (3, D), f"{at}ln_1.weight": (D,),
        f"{at}ln_1.bias": (D,), f"{at}attn.c_attn.weight": (3 * D, D), f"{at}attn.c_attn.bias": (3 * D,),
        f"{at}attn.c_proj.weight": (D, D), f"{at}attn.c_proj.bias": (D,), f"{at}ln_2.weight": (D,),
        f"{at}ln_2.bias": (D,), f"{at}mlp.c_fc.weight": (M, D), f"{at}mlp.c_fc.bias": (M,),
        f"{at}mlp.c_proj.weight": (D, M), f"{at}mlp.c_proj.bias": (D,), "transformer.ln_f.weight": (D,),
        "transformer.ln_f.bias": (D,), "lm_head.weight": (P + 1, D),
    })  # fmt: skip
    s = {name.removeprefix(at): value for name, value in state.items()}
    tokens = np.stack([X, Y, np.full_like(X, P)], 1)
    r = s["transformer.wte.weight"][tokens] + s["transformer.wpe.weight"]
    read = layer_norm(r, s["ln_1.weight"], s["ln_1.bias"]) @ s["attn.c_attn.weight"].T + s["attn.c_attn.bias"]
    q, k, v = (part.reshape(len(r), 3, H, -1) for part in np.split(read, 3, -1))
    pattern = softmax(
        np.einsum("bqhe,bkhe->bhqk", q, k) / np.sqrt(D // H) + np.triu(np.full((3, 3), -1e9), 1)
    )
    z = np.einsum("bhqk,bkhe->bqhe", pattern, v).reshape(len(r), 3, D)
    r = r + z @ s["attn.c_proj.weight"].T + s["attn.c_proj.bias"]
    h = layer_norm(r, s["ln_2.weight"], s["ln_2.bias"]) @ s["mlp.c_fc.weight"].T + s["mlp.c_fc.bias"]
    h = relu(h)
    r = r + h @ s["mlp.c_proj.weight"].T + s["mlp.c_proj.bias"]
    r = layer_norm(r, s["transformer.ln_f.weight"], s["transformer.ln_f.bias"])
    mask = {f"{at}attn.bias": np.tril(np.ones((1, 1, 3, 3), np.float32))}
    return state | mask, (r[:, -1] @ s["lm_head.weight"].T)[:, :P]


def test_one_matrix_for_queries_keys_and_values() -> None:
    state, expected = nanogpt(np.random.default_rng(2))
    result = import_network(
        {"model": state, "optimizer": {}, "iter_num": 3},
        "x*y",
        p=P,
        heads=H,
        layout="equals",
        post_norm=False,
    )
    same(result.network, expected)
    assert "optimizer" in result.ignored


def test_heads_in_a_list() -> None:
    """openai/grok keeps W_q, W_k and W_v of each head apart: `attn_heads.N.Wq.weight`."""
    rng = np.random.default_rng(3)
    state, expected = nanogpt(rng)
    at = "transformer.h.0."
    fused, bias = state.pop(f"{at}attn.c_attn.weight"), state.pop(f"{at}attn.c_attn.bias")
    for letter, weight, part in zip("qkv", np.split(fused, 3), np.split(bias, 3), strict=True):
        for head, (rows, shift) in enumerate(zip(np.split(weight, H), np.split(part, H), strict=True)):
            state[f"{at}self_attn.attn_heads.{head}.W{letter}.weight"] = rows
            state[f"{at}self_attn.attn_heads.{head}.W{letter}.bias"] = shift
    result = import_network(state, "x*y", p=P, layout="equals", post_norm=False)
    same(result.network, expected)


def mlp_cases() -> dict[str, tuple[State, np.ndarray, dict[str, Any]]]:
    rng = np.random.default_rng(4)
    hot = np.concatenate([np.eye(P)[X], np.eye(P)[Y]], 1)
    cases: dict[str, tuple[State, np.ndarray, dict[str, Any]]] = {}
    s = named(rng, {"W1.weight": (M, 2 * P), "W2.weight": (P, M)})
    quadratic = (hot @ s["W1.weight"].T) ** 2 @ s["W2.weight"].T
    cases["one-hot values side by side, quadratic (Gromov 2023)"] = s, quadratic, {"activation": "power2"}
    s = named(rng, {"fc1.weight": (M, 2 * P), "fc1.bias": (M,), "fc2.weight": (P, M), "fc2.bias": (P,)})
    biased = relu(hot @ s["fc1.weight"].T + s["fc1.bias"]) @ s["fc2.weight"].T + s["fc2.bias"]
    cases["one-hot values side by side, biases"] = s, biased, {}
    s = named(rng, {
        "Embedding_left.weight": (P, D), "Embedding_right.weight": (P, D), "linear.weight": (M, 2 * D),
        "linear.bias": (M,), "Umbedding.weight": (P, M), "Umbedding.bias": (P,),
    })  # fmt: skip
    joined = np.concatenate([s["Embedding_left.weight"][X], s["Embedding_right.weight"][Y]], 1)
    logits_at = (
        relu(joined @ s["linear.weight"].T + s["linear.bias"]) @ s["Umbedding.weight"].T + s["Umbedding.bias"]
    )
    cases["separate embeddings side by side"] = s, logits_at, {}
    s = named(rng, {
        "embed_x.weight": (P, D), "embed_y.weight": (P, D), "proj_x.weight": (M, D), "proj_y.weight": (M, D),
        "proj_y.bias": (M,), "out.weight": (P, M),
    })  # fmt: skip
    added = s["embed_x.weight"][X] @ s["proj_x.weight"].T + s["embed_y.weight"][Y] @ s["proj_y.weight"].T
    cases["separate embeddings added after a linear map each"] = (
        s, relu(added + s["proj_y.bias"]) @ s["out.weight"].T, {},
    )  # fmt: skip
    s = named(rng, {"embed.weight": (P, D), "unembed.weight": (P, M), "l1.weight": (M, D), "l1.bias": (M,)})
    e = s["embed.weight"]
    cases["a shared embedding, added, and a biased layer (pizza, model A)"] = (
        s, relu((e[X] + e[Y]) @ s["l1.weight"].T + s["l1.bias"]) @ s["unembed.weight"].T, {},
    )  # fmt: skip
    s = named(rng, {
        "embed.weight": (P, D), "unembed.weight": (P, M), "l1.weight": (M, D), "l1.bias": (M,),
        "l2.weight": (M, M), "l2.bias": (M,),
    })  # fmt: skip
    e = s["embed.weight"]
    first = relu((e[X] + e[Y]) @ s["l1.weight"].T + s["l1.bias"])
    second = relu(first @ s["l2.weight"].T + s["l2.bias"])
    cases["two hidden layers (pizza, model B)"] = s, second @ s["unembed.weight"].T, {}
    s = named(
        rng, {"emb.weight": (P, D), "net.0.weight": (M, 2 * D), "net.2.weight": (P, M), "net.2.bias": (P,)}
    )
    joined = np.concatenate([s["emb.weight"][X], s["emb.weight"][Y]], 1)
    cases["a shared embedding, side by side, in a Sequential"] = (
        s, relu(joined @ s["net.0.weight"].T) @ s["net.2.weight"].T + s["net.2.bias"], {},
    )  # fmt: skip
    s = named(rng, {"W_x": (P, M), "W_y": (P, M), "W_2": (M, P), "b_2": (P,)})
    cases["two tables added, bare names"] = (
        s, relu(s["W_x"][X] + s["W_y"][Y]) @ s["W_2"] + s["b_2"], {},
    )  # fmt: skip
    s = named(rng, {
        "params.Embed_0.embedding": (P, D), "params.Dense_0.kernel": (2 * D, M), "params.Dense_0.bias": (M,),
        "params.Dense_1.kernel": (M, P),
    })  # fmt: skip
    joined = np.concatenate([s["params.Embed_0.embedding"][X], s["params.Embed_0.embedding"][Y]], 1)
    cases["names of Flax"] = (
        s,
        relu(joined @ s["params.Dense_0.kernel"] + s["params.Dense_0.bias"]) @ s["params.Dense_1.kernel"],
        {},
    )
    s = named(rng, {"embedding.weight": (P + 2, D), "fc1.weight": (M, 4 * D), "fc2.weight": (P + 2, M)})
    e = s["embedding.weight"]
    sequence = np.concatenate([e[X], np.tile(e[P], (P * P, 1)), e[Y], np.tile(e[P + 1], (P * P, 1))], 1)
    cases["an MLP on the tokens x op y ="] = (
        s, (relu(sequence @ s["fc1.weight"].T) @ s["fc2.weight"].T)[:, :P], {"layout": "infix-equals"},
    )  # fmt: skip
    return cases


MLPS = mlp_cases()


@pytest.mark.parametrize("case", MLPS)
def test_mlps(case: str) -> None:
    state, expected, options = MLPS[case]
    result = import_network(state, "x + y", p=P, **options)
    same(result.network, expected)
    assert sorted(result.used.values()) == sorted(state)
    assert result.kind == ("deep_mlp" if "two hidden layers" in case else "mlp")


def test_the_explanation_of_an_imported_network_is_that_of_its_logits(tmp_path: Path) -> None:
    """A constructed network, as a module on one-hot values would keep it."""
    task = modgrok.task_from_expression("x + y", P)
    witness = modgrok.decide.decide_table(task.table, P).witness
    network = modgrok.construct(task.table, P, witness, frequencies=(2,)).network
    first = np.concatenate([np.asarray(network.embedding[s]) for s in range(2)]).T
    state = {"fc1.weight": np.ascontiguousarray(first), "fc2.weight": np.asarray(network.readout)}
    save_file(state, tmp_path / "net.safetensors")
    imported = import_network(tmp_path / "net.safetensors", "x + y", p=P)
    hot = np.concatenate([np.eye(P)[X], np.eye(P)[Y]], 1)
    before = modgrok.explain(task, (hot @ state["fc1.weight"].T) ** 2 @ state["fc2.weight"].T)
    after = modgrok.explain(imported.task, imported.network)
    assert imported.decisions["activation"].value == "power2"
    assert before.explained_share == after.explained_share == 1
    assert before.frequencies == after.frequencies == (2,)
    assert np.allclose(before.amplitudes, after.amplitudes, rtol=1e-4)


def test_an_imported_network_is_a_file_like_any_other(tmp_path: Path) -> None:
    state, expected, _ = MLPS["two hidden layers (pizza, model B)"]
    result = import_network(state, "x + y", p=P)
    modgrok.runs.write_network(tmp_path / "net.safetensors", result.content)
    loaded = modgrok.load(tmp_path / "net.safetensors")
    assert loaded.task.name == "x + y"
    assert loaded.notes["made"] == "elsewhere"
    assert np.abs(loaded(PAIRS) - expected).max() < 1e-4
    assert {"features.0", "features.1", "logits"} <= set(loaded.activations(PAIRS))
