"""What import writes, every other command takes: here networks that have no panels of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

P, M = 5, 30


def two_hidden_layers() -> dict[str, np.ndarray]:
    """Weights of x + y mod 5: a neuron for each pair of operands, then one for each sum, then the logits."""
    pair = np.arange(P * P)
    first = np.zeros((P * P, 2 * P), np.float32)
    first[pair, pair // P] = first[pair, P + pair % P] = 1
    second = np.zeros((P, P * P), np.float32)
    second[(pair // P + pair % P) % P, pair] = 1
    return {
        "fc1.weight": first, "fc1.bias": np.full(P * P, -1, np.float32),
        "fc2.weight": second, "fc2.bias": np.full(P, 0.1, np.float32),
        "fc3.weight": 5 * np.eye(P, dtype=np.float32),
    }  # fmt: skip


@pytest.mark.long
def test_two_hidden_layers(call: Callable[..., Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **two_hidden_layers())
    imported = call(
        "import", "net.npz", "x + y", "--p", "5", "--activation", "relu", "-o", "net.safetensors", "--json"
    )
    assert imported.code == 0, imported.err
    assert (imported.json["kind"], imported.json["accuracy"]) == ("deep_mlp", 1)
    explained = call("explain", "net.safetensors", "--by-loss", "--json")
    assert explained.json["explained_share"] == 1
    assert set(explained.json["key_frequencies"]) == {1, 2}
    measured = call("measure", "net.safetensors", "--json").json["measures"][0]
    assert (measured["accuracy"], measured["explained_share"]) == (1, 1)
    assert measured["hidden_rank"] > 3  # the second layer has a neuron for each sum
    assert {"restricted_loss", "excluded_loss", "distance_irrelevance", "weight_norm"} <= set(measured)
    picture = call("report", "net.safetensors", "-o", "net.html")
    assert picture.code == 0, picture.err
    page = (tmp_path / "net.html").read_text()
    assert "network of several hidden layers" in page
    assert "The frequencies of the formula" in page
    assert call("export", "net.safetensors", "-o", "again.safetensors").code == 0
    refused = call("export", "net.safetensors", "--format", "transformerlens", "-o", "folder")
    assert refused.code == 2
    assert refused.err.count("\n") == 1


def lens_names(classes: int, rows: int) -> dict[str, np.ndarray]:
    """Random weights of TransformerLens's names, with the two keys of its own that it stores beside them."""
    rng = np.random.default_rng(0)
    d, heads, e, m = 8, 2, 4, 12
    shapes = {
        "embed.W_E": (rows, d),
        "pos_embed.W_pos": (3, d),
        **{f"blocks.0.attn.W_{letter}": (heads, d, e) for letter in "QKV"},
        "blocks.0.attn.W_O": (heads, e, d),
        "blocks.0.mlp.W_in": (d, m),
        "blocks.0.mlp.b_in": (m,),
        "blocks.0.mlp.W_out": (m, d),
        "blocks.0.mlp.b_out": (d,),
        "unembed.W_U": (d, classes),
    }
    state = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    own = {"blocks.0.attn.mask": np.tril(np.ones((3, 3), bool)), "blocks.0.attn.IGNORE": np.float32(-np.inf)}
    return {**state, **own}


def transposed(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same weights as Nanda et al.'s first code stores them: every matrix transposed but that of W_U."""
    transposed = dict(state)
    for name, value in state.items():
        letter = name.rpartition("W_")[2]
        if letter in ("Q", "K", "V"):
            transposed[name] = value.transpose(0, 2, 1)
        elif letter == "O":
            transposed[name] = value.reshape(-1, value.shape[-1]).T
        elif letter in ("E", "in", "out"):
            transposed[name] = value.T
    return transposed


@pytest.mark.long
def test_rows_of_other_signs_are_left_out(call: Callable[..., Any], tmp_path: Path) -> None:
    """A vocabulary with the signs of other tasks, as `modgrok export --format transformerlens` writes."""
    np.savez(tmp_path / "net.npz", **lens_names(P, P + 4))
    imported = call(
        "import", "net.npz", "x + y", "--p", "5", "--layout", "infix", "-o", "n.safetensors", "--json"
    )
    assert imported.code == 0, imported.err
    assert imported.json["kind"] == "transformer"
    assert set(imported.json["ignored"]) == {"blocks.0.attn.mask", "blocks.0.attn.IGNORE"}
    refused = call("import", "net.npz", "x + y", "--p", "7", "--layout", "infix", "-o", "m.safetensors")
    assert refused.code == 2
    assert refused.err.count("\n") == 1


@pytest.mark.long
@pytest.mark.parametrize("turn", [dict, transposed], ids=["transformerlens", "nanda"])
def test_transformers_are_walked_to_their_report(
    call: Callable[..., Any], tmp_path: Path, turn: Callable[..., dict[str, np.ndarray]]
) -> None:
    np.savez(tmp_path / "net.npz", **turn(lens_names(P + 1, P + 1)))
    imported = call(
        "import", "net.npz", "x + y", "--p", "5", "--layout", "equals", "-o", "n.safetensors", "--json"
    )
    assert imported.code == 0, imported.err
    explained = call("explain", "n.safetensors", "--json")
    assert explained.json["explained_share"] <= explained.json["accuracy"] == imported.json["accuracy"]
    measured = call("measure", "n.safetensors", "--json").json
    assert measured["measures"][0]["accuracy"] == pytest.approx(imported.json["accuracy"])
    assert {"key_frequencies", "neuron_frequencies"} <= set(measured["circuits"][0])
    report = call("report", "n.safetensors", "-o", "net.html")
    assert report.code == 0, report.err
    assert "What the formula leaves out" in (tmp_path / "net.html").read_text()
