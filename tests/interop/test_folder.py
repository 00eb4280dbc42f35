"""Folders for TransformerLens: they come back exactly, and bad ones are refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from networks import OPTIONS, D, P, every_input, named, random_network
from safetensors.numpy import load_file, save_file

from modgrok.interop import from_transformerlens, read_weights, write_transformerlens
from modgrok.interop.names import config_of, state_of
from modgrok.models.transformer import Transformer
from modgrok.runs import NetworkFile, write_network
from modgrok.tasks import InputError, TaskSource, task_from_table

SMALL = OPTIONS[0]
EQUALS = OPTIONS[4]


@pytest.mark.few(6)
@pytest.mark.parametrize("options", OPTIONS, ids=named)
def test_an_export_comes_back_as_it_was(tmp_path: Path, options: dict) -> None:
    net = random_network(**options)
    write_transformerlens(tmp_path, NetworkFile(net, notes={"step": 3}), "card")
    read = from_transformerlens(tmp_path)
    assert eqx.tree_equal(net, read.network)
    assert read.notes == {"step": 3}
    assert (tmp_path / "README.md").read_text() == "card"


def test_biases_that_are_zero_stay_biases(tmp_path: Path) -> None:
    net = random_network(**{**SMALL, "biases": True})
    net = eqx.tree_at(lambda n: n.blocks[0].mlp_in_bias, net, jnp.zeros_like(net.blocks[0].mlp_in_bias))
    write_transformerlens(tmp_path, NetworkFile(net), "")
    assert eqx.tree_equal(net, from_transformerlens(tmp_path).network)


def test_the_task_comes_back_with_its_table(tmp_path: Path) -> None:
    table = np.random.default_rng(1).integers(P, size=(P, P))
    source = TaskSource(table=task_from_table(table).digest, p=P)
    write_transformerlens(tmp_path / "table", NetworkFile(random_network(**SMALL), source, table), "")
    assert np.array_equal(from_transformerlens(tmp_path / "table").task().table, table)
    source = TaskSource(expression="x + y", p=P)
    write_transformerlens(tmp_path / "sum", NetworkFile(random_network(**SMALL), source), "")
    assert from_transformerlens(tmp_path / "sum").task().name == "x + y"
    assert from_transformerlens(tmp_path / "sum", expression="x*y").task().name == "x*y"


def nanda_logits(state: dict[str, np.ndarray], tokens: np.ndarray) -> np.ndarray:
    """The forward pass of the transposed layout, written down by itself."""
    residual = state["embed.W_E"].T[tokens] + state["pos_embed.W_pos"]
    at = "blocks.0.attn."
    q, k, v = (np.einsum("iem,btm->bite", state[f"{at}W_{letter}"], residual) for letter in "QKV")
    scores = np.einsum("bite,bise->bits", q, k) / np.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones(scores.shape[-2:], bool)), scores, -np.inf)
    pattern = np.exp(scores - scores.max(-1, keepdims=True))
    pattern /= pattern.sum(-1, keepdims=True)
    z = np.einsum("bits,bise->btie", pattern, v)
    residual = residual + z.reshape(*z.shape[:2], -1) @ state[f"{at}W_O"].T
    hidden = np.maximum(residual @ state["blocks.0.mlp.W_in"].T + state["blocks.0.mlp.b_in"], 0)
    residual = residual + hidden @ state["blocks.0.mlp.W_out"].T + state["blocks.0.mlp.b_out"]
    return (residual @ state["unembed.W_U"])[:, -1]


@pytest.fixture
def nanda() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    d, heads, e, m, v = 8, 2, 4, 12, P + 1
    shapes = {
        "embed.W_E": (d, v),
        "pos_embed.W_pos": (3, d),
        **{f"blocks.0.attn.W_{letter}": (heads, e, d) for letter in "QKV"},
        "blocks.0.attn.W_O": (d, heads * e),
        "blocks.0.mlp.W_in": (m, d),
        "blocks.0.mlp.b_in": (m,),
        "blocks.0.mlp.W_out": (d, m),
        "blocks.0.mlp.b_out": (d,),
        "unembed.W_U": (d, v),
    }
    state = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    return {**state, "blocks.0.attn.mask": np.tril(np.ones((3, 3), np.float32))}


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_nanda_s_transposed_layout_is_read(tmp_path: Path, nanda: dict[str, np.ndarray], suffix: str) -> None:
    path = tmp_path / f"nanda{suffix}"
    if suffix == ".pt":
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        state = {name: torch.from_numpy(value) for name, value in nanda.items()}
        torch.save({"model": state}, path)
    else:
        save_file({name: np.ascontiguousarray(value) for name, value in nanda.items()}, path)
    with pytest.raises(InputError, match=r"activation: must be given, since no config\.json says it"):
        from_transformerlens(path, expression="x + y")
    content = from_transformerlens(path, expression="x + y", activation="relu")
    net = content.network
    assert isinstance(net, Transformer)
    assert (net.classes, net.layout, net.operands, len(net.embedding)) == (P, "equals", 2, P + 1)
    assert content.task().p == P
    inputs = every_input(net)
    tokens = np.column_stack([inputs, np.full(len(inputs), P)])
    ours = np.asarray(net(jnp.asarray(inputs)))
    assert np.allclose(ours, nanda_logits(nanda, tokens)[:, :P], atol=1e-4)


def test_a_pickle_with_more_than_tensors_is_not_run(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.save({"model": torch.nn.Linear(2, 2)}, tmp_path / "bad.pt")
    with pytest.raises(InputError, match="only tensors"):
        from_transformerlens(tmp_path / "bad.pt")


def test_files_of_both_kinds_are_told_apart(tmp_path: Path) -> None:
    net = random_network(**SMALL)
    write_network(tmp_path / "ours.safetensors", NetworkFile(net), durable=False)
    write_transformerlens(tmp_path / "theirs", NetworkFile(net), "")
    for name in ("ours.safetensors", "theirs", "theirs/model.safetensors"):
        assert eqx.tree_equal(net, read_weights(tmp_path / name).network)


BAD_STATES = {
    "blocks.0.attn.W_K": ("W_K must have shape", lambda value: value[:1]),
    "embed.W_E": ("finite", lambda value: value * np.nan),
    "unembed.W_U": ("b_U must have shape", lambda value: value[:, :1]),
    "pos_embed.W_pos": ("positions", lambda value: np.repeat(value, 9, axis=0)),
    "blocks.0.mlp.W_out": ("must hold blocks.0.mlp.W_out", lambda value: None),
}


@pytest.mark.parametrize("name", BAD_STATES)
def test_bad_weights_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    rule, change = BAD_STATES[name]
    state = state_of(random_network(**EQUALS))
    state[name] = change(state[name])
    save_file({key: value for key, value in state.items() if value is not None}, tmp_path / "bad.safetensors")
    with pytest.raises(InputError, match=rule) as caught:
        from_transformerlens(tmp_path / "bad.safetensors")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("attn_only", True),
        ("gated_mlp", True),
        ("normalization_type", "RMS"),
        ("positional_embedding_type", "rotary"),
        ("act_fn", "gelu_new"),
        ("eps", 1e-3),
        ("attn_scale", 8.0),
        ("n_key_value_heads", 1),
        ("act_fn", ["relu"]),
    ],
)
def test_options_that_change_the_function_are_refused(tmp_path: Path, option: str, value: object) -> None:
    write_transformerlens(tmp_path, NetworkFile(random_network(**SMALL)), "")
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, option: value}))
    with pytest.raises(InputError, match=option):
        from_transformerlens(tmp_path)


def test_other_bad_paths_are_refused_in_one_line(tmp_path: Path) -> None:
    write_transformerlens(tmp_path / "good", NetworkFile(random_network(**SMALL)), "")
    (tmp_path / "text.safetensors").write_text("no weights")
    state = load_file(tmp_path / "good" / "model.safetensors")
    save_file({**state, "blocks.0.attn.rotary_sin": np.zeros(3)}, tmp_path / "more.safetensors")
    with pytest.raises(InputError, match="p: must leave"):
        from_transformerlens(tmp_path / "good", p=P + 1)
    with pytest.raises(InputError, match="layout: must be one of"):
        from_transformerlens(tmp_path / "good", layout="prefix")
    (tmp_path / "good" / "config.json").write_text("[1]")
    cases = {
        "none": "must be a file",
        "text.safetensors": "must be a safetensors file",
        "more.safetensors": "rotary_sin",
        "good": "JSON with an object",
    }
    for name, rule in cases.items():
        with pytest.raises(InputError, match=rule) as caught:
            from_transformerlens(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_what_transformerlens_has_not_is_refused() -> None:
    net = random_network(**{**SMALL, "norms": True})
    with pytest.raises(InputError, match="before every part of a block or before none"):
        state_of(eqx.tree_at(lambda n: n.final_norm, net, None))
    with pytest.raises(InputError, match="activations relu, gelu, silu, got power2"):
        config_of(random_network(**{**SMALL, "activation": "power2"}))


def test_norms_without_parameters_are_read(tmp_path: Path) -> None:
    net = random_network(**{**SMALL, "norms": True})
    write_transformerlens(tmp_path, NetworkFile(net), "")
    state = load_file(tmp_path / "model.safetensors")
    bare = {name: value for name, value in state.items() if ".ln" not in name and "ln_" not in name}
    save_file(bare, tmp_path / "model.safetensors")
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "normalization_type": "LNPre"}))
    read = from_transformerlens(tmp_path, layout="infix").network
    assert isinstance(read, Transformer)
    norm = read.blocks[0].attention_norm
    assert norm is not None
    assert np.array_equal(norm.scale, np.ones(D))
