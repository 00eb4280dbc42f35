"""What import writes, every other command takes: here networks that have no panels of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

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
