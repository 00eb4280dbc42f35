"""Transformers in files: every option comes back, arrays and forward pass alike."""

from __future__ import annotations

import itertools
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.models.transformer import LAYOUTS, Block, Norm, Transformer, length_of
from modgrok.runs import CorruptFile, NetworkFile, read_network_file, write_network
from modgrok.runs.store.arrays import flatten, read_arrays, write_arrays
from modgrok.tasks import TaskSource

P, D, M, HEADS, E = 5, 6, 7, 2, 4
BIASES = ("query_bias", "key_bias", "value_bias", "out_bias", "mlp_in_bias", "mlp_out_bias")
OPTIONS = [
    {"layout": layout, "k": k, "layers": layers, "biases": biases, "norms": norms, "position": position}
    for (layout, k, layers), (biases, norms, position) in itertools.product(
        zip(LAYOUTS, (2, 3, 1, 2), (1, 2, 1, 1), strict=True), itertools.product((False, True), repeat=3)
    )
]


def network_of(
    *, layout: str, k: int, layers: int, biases: bool, norms: bool, position: bool, activation: str = "relu"
) -> Transformer:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> jax.Array:
        return jnp.asarray(rng.standard_normal(shape), jnp.float32)

    def norm() -> Norm | None:
        return Norm(draw(D), draw(D)) if norms else None

    def block() -> Block:
        qkv = [draw(HEADS, D, E) for _ in range(3)]
        shapes = dict.fromkeys(BIASES[:3], (HEADS, E)) | dict.fromkeys(BIASES[3:], (D,))
        shapes["mlp_in_bias"] = (M,)
        bias_arrays = {name: draw(*shape) for name, shape in shapes.items()} if biases else {}
        out = draw(HEADS, E, D), draw(D, M), draw(M, D)
        return Block(*qkv, *out, **bias_arrays, attention_norm=norm(), mlp_norm=norm())

    return Transformer(
        draw(P + 1 + (layout == "infix-equals"), D),
        draw(length_of(layout, k), D) if position else None,
        tuple(block() for _ in range(layers)),
        norm(),
        draw(D, P),
        draw(P) if biases else None,
        k,
        layout,
        activation,
    )


@pytest.mark.few(12)
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(map(str, options.values())))
def test_every_option_comes_back(tmp_path: Path, options: dict) -> None:
    net = network_of(**options)
    write_network(tmp_path / "net.safetensors", NetworkFile(net), durable=False)
    read = read_network_file(tmp_path / "net.safetensors").network
    assert eqx.tree_equal(net, read)
    names = set(read_arrays(tmp_path / "net.safetensors", None))
    assert {"embedding", "blocks.0.query", "unembedding"} <= names
    assert ("position" in names) is options["position"]
    assert ("blocks.0.out_bias" in names) is ("unembedding_bias" in names) is options["biases"]
    assert ("blocks.0.attention_norm.scale" in names) is ("final_norm.shift" in names) is options["norms"]


def test_a_network_read_answers_as_the_one_written(tmp_path: Path) -> None:
    net = network_of(
        layout="infix", k=2, layers=1, biases=False, norms=False, position=False, activation="gelu"
    )
    source = TaskSource(expression="x + y", p=P)
    write_network(tmp_path / "net.safetensors", NetworkFile(net, source, notes={"step": 3}), durable=False)
    content = read_network_file(tmp_path / "net.safetensors")
    assert isinstance(content.network, Transformer)
    inputs = jnp.asarray(content.task().inputs())
    assert np.array_equal(content.network(inputs), net(inputs))
    assert content.network.activation == "gelu"
    assert content.notes == {"step": 3}


def test_a_file_without_a_weight_is_no_network(tmp_path: Path) -> None:
    net = network_of(layout="infix", k=2, layers=1, biases=True, norms=True, position=True)
    path = tmp_path / "net.safetensors"
    write_network(path, NetworkFile(net), durable=False)
    header = _header(path)
    for missing in ("embedding", "blocks.0.mlp_in", "blocks.0.mlp_norm.shift"):
        arrays = {name: value for name, value in flatten(net).items() if name != missing}
        write_arrays(path, arrays, header, durable=False)
        with pytest.raises(CorruptFile, match=missing):
            read_network_file(path)


def _header(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(str(path), framework="numpy") as file:
        return dict(file.metadata())
