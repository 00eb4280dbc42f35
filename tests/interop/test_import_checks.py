"""What an import is checked against, and what files hold beside weights."""

from __future__ import annotations

import argparse
import datetime
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from networks import every_input, random_network
from safetensors.numpy import save_file

from modgrok.analytic import construct, tabulate, weighted_sum
from modgrok.interop import import_network, read_weights
from modgrok.interop.names import state_of
from modgrok.io.torch_file import read_torch
from modgrok.measures.logits.rows import rows_of_network
from modgrok.tasks import InputError, task_from_expression

P = 7


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """A two-layer network that adds mod 7, as PyTorch names its matrices."""
    form = weighted_sum(P, (1, 1))
    net = construct(tabulate(form, P), P, form).network
    state = {
        "fc1.weight": np.concatenate(np.asarray(net.embedding)).T,
        "fc2.weight": np.asarray(net.readout),
    }
    return {name: np.array(value, dtype=np.float32, order="C") for name, value in state.items()}


def test_own_logits_confirm_how_a_network_is_read(weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    options: dict[str, Any] = {"p": P, "activation": "power2"}
    plain = import_network(weights, "x + y", **options)
    task = task_from_expression("x + y", P)
    logits = rows_of_network(task, plain.network)(0, task.size)
    shifted = logits + np.arange(task.size)[:, None]
    assert import_network(weights, "x + y", logits=shifted.reshape(P, P, P), **options).warnings == ()
    np.save(tmp_path / "own.npy", 3 * logits)
    (sentence,) = import_network(weights, "x + y", logits=tmp_path / "own.npy", **options).warnings
    assert "The logits given are 3 times those" in sentence
    for wrong in (logits + 0.05 * np.sin(np.arange(logits.size).reshape(logits.shape)), -logits):
        with pytest.raises(InputError, match="logits: must be those of the network as it is read"):
            import_network(weights, "x + y", logits=wrong, **options)
    with pytest.raises(InputError, match=r"logits: must have shape \(49, 7\) or \(7, 7, 7\), got \(7, 49\)"):
        import_network(weights, "x + y", logits=logits.reshape(7, 49), **options)


def test_positions_that_no_weight_shows_are_found_by_logits(tmp_path: Path) -> None:
    net = random_network(layout="two", k=2, layers=1, biases=True, norms=False, activation="relu", p=P)
    state = state_of(net)
    logits = np.asarray(net(jnp.asarray(every_input(net))))
    state["pos_embed.W_pos"] = 0 * state["pos_embed.W_pos"]  # as if they were computed
    with pytest.raises(InputError, match="positions, norms, scales, skip connections"):
        import_network(state, "x + y", p=P, activation="relu", logits=logits)


def test_what_is_read_is_said_where_a_file_is_used(
    weights: dict[str, np.ndarray], call: Callable[..., Any], tmp_path: Path
) -> None:
    np.savez(tmp_path / "net.npz", **weights)
    result = call("measure", "net.npz", "--expression", "x*y", "--p", str(P), "--activation", "relu")
    assert "net.npz is read with" in result.err
    assert "no better than guessing" in result.err


def test_settings_beside_weights_are_said_or_refused(weights: dict[str, np.ndarray]) -> None:
    content = {"model": weights, "config": {"activation": "square", "attn_coeff": 7}}
    read = import_network(content, "x + y", p=P)
    assert read.stated == {"activation": "power2"}
    odd = {"model": weights, "config": {"activation": "tanh"}}
    with pytest.raises(
        InputError, match="settings beside the weights name one that modgrok lacks, got 'tanh'"
    ):
        import_network(odd, "x + y", p=P)
    assert import_network(odd, "x + y", p=P, activation="power2").accuracy == 1


@pytest.mark.parametrize("heads", [0, -1])
def test_numbers_of_heads_below_one_are_refused(heads: int) -> None:
    net = random_network(layout="equals", k=2, layers=1, biases=True, norms=False, activation="relu", p=P)
    state = {
        name.replace("attn.W_", "attn.w"): value.reshape(-1, value.shape[-1]) if value.ndim == 3 else value
        for name, value in state_of(net).items()
    }
    with pytest.raises(InputError, match="heads: must"):
        import_network(state, "x + y", p=P, activation="relu", heads=heads)
    with pytest.raises(InputError, match="heads: must"):
        import_network({"model": state, "config": {"n_heads": heads}}, "x + y", p=P, activation="relu")


def test_tokens_of_signs_leave_room_for_the_numbers() -> None:
    net = random_network(layout="equals", k=2, layers=1, biases=True, norms=False, activation="relu", p=P)
    with pytest.raises(InputError, match="tokens: must leave 7 tokens in a row for the numbers, got 3 of 8"):
        import_network(state_of(net), "x + y", p=P, activation="relu", tokens=[3])


def test_weights_beyond_float32_are_refused(weights: dict[str, np.ndarray]) -> None:
    large = {name: value.astype(np.float64) * 1e300 for name, value in weights.items()}
    with pytest.raises(InputError, match=r"path: 'fc1.weight' must hold numbers of float32, got \d"):
        import_network(large, "x + y", p=P)


def test_safetensors_of_bfloat16_are_read(weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    header, data = {}, b""
    for name, value in weights.items():
        half = (value.view(np.uint32) >> 16).astype("<u2").tobytes()
        places = [len(data), len(data) + len(half)]
        header[name] = {"dtype": "BF16", "shape": list(value.shape), "data_offsets": places}
        data += half
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    assert import_network(path, "x + y", p=P, activation="power2").accuracy == 1


def test_names_with_slashes_and_state_dicts_by_step_are_read(
    weights: dict[str, np.ndarray], tmp_path: Path
) -> None:
    np.savez(
        tmp_path / "flax.npz",
        **{
            f"params/Dense_{i}/{name}": value
            for i, kernel in enumerate(weights.values())
            for name, value in (("kernel", kernel.T), ("bias", np.zeros(len(kernel), np.float32)))
        },
    )
    assert import_network(tmp_path / "flax.npz", "x + y", p=P, activation="power2").accuracy == 1
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    state = {name: torch.from_numpy(value) for name, value in weights.items()}
    torch.save({0: state, 100: state}, tmp_path / "steps.pt")
    with pytest.raises(InputError, match="key: must name one of the state dicts in the file, '0', '100'"):
        import_network(tmp_path / "steps.pt", "x + y", p=P)
    options: dict[str, Any] = {"key": "100", "activation": "power2"}
    assert import_network(tmp_path / "steps.pt", "x + y", p=P, **options).accuracy == 1


def test_a_bare_output_matrix_beside_queries_is_read() -> None:
    net = random_network(layout="equals", k=2, layers=1, biases=False, norms=False, activation="relu", p=P)
    state = {name.rpartition(".")[2]: value for name, value in state_of(net).items()}
    logits = np.asarray(net(jnp.asarray(every_input(net))))
    matrices = {name: value for name, value in state.items() if name.startswith("W_")}
    read = import_network(matrices, "x + y", p=P, activation="relu", layout="equals", logits=logits)
    assert read.used["blocks.0.W_O"] == "W_O"


def test_what_training_code_keeps_beside_weights_is_read_over(
    weights: dict[str, np.ndarray], tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    counts: defaultdict[str, list[int]] = defaultdict(list)
    counts["a"].append(1)
    extras = {
        "args": argparse.Namespace(lr=1e-3), "accuracy": np.float64(0.5), "curve": np.arange(3.0),
        "at": datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC), "folder": Path("runs"), "counts": counts,
        "seen": {1, 2}, "words": Counter("aab"), "type": torch.float32, "number": 1j,
    }  # fmt: skip
    state = {name: torch.from_numpy(value) for name, value in weights.items()}
    for name, value in extras.items():
        torch.save({"model": state, name: value}, tmp_path / f"{name}.pt")
        assert isinstance(read_torch(tmp_path / f"{name}.pt"), dict), name
        net = import_network(tmp_path / f"{name}.pt", "x + y", p=P, activation="power2")
        assert net.accuracy == 1, name


def test_weights_of_transformerlens_without_settings_need_an_activation(tmp_path: Path) -> None:
    net = random_network(layout="equals", k=2, layers=1, biases=True, norms=False, activation="gelu", p=P)
    save_file(state_of(net), tmp_path / "net.safetensors")
    with pytest.raises(InputError, match=r"activation: must be given, since no config\.json says it"):
        read_weights(tmp_path / "net.safetensors")
    inputs = jnp.asarray(every_input(net))
    read = read_weights(tmp_path / "net.safetensors", activation="gelu").network
    assert np.allclose(read(inputs), net(inputs), atol=1e-4)
