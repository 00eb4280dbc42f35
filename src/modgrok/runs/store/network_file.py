"""A network in a file: its arrays, how to rebuild it, and the task it belongs to.

Owns: the safetensors layout of weights. Trained and constructed networks are stored alike.

    metadata "modgrok": JSON with `network` (kind, activation, scales; nested for experts), `task` (its
    source) and `notes` (where the weights come from); tensors by the names of the record's fields.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from ...analytic import Experts
from ...models import MLP
from ...models.kernel_machine import KernelMachine
from ...models.kernels import NTK, Gaussian, GeneralQuadratic, Kernel, Laplace, Quadratic
from ...models.transformer import Block, Norm, Transformer
from ...tasks import InputError, Task, TaskSource, task_from_table
from ...tasks.errors import shorten
from .arrays import CorruptFile, flatten, read_arrays, write_arrays

Network = MLP | Experts | KernelMachine | Transformer
KERNEL_CLASSES: tuple[tuple[str, type[Kernel]], ...] = (
    ("quadratic", Quadratic),
    ("general-quadratic", GeneralQuadratic),
    ("gaussian", Gaussian),
    ("laplace", Laplace),
    ("ntk", NTK),
)
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class NetworkFile:
    """What a file of weights holds.

    Arguments:
        network: the weights with their forward pass.
        source: where its task comes from; None if the file does not say.
        table: the task's table, when it was given directly; int64.
        notes: how the weights were made.
    """

    network: Network
    source: TaskSource | None = None
    table: np.ndarray | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def task(self) -> Task:
        """Tabulate the task of the network.

        Raises:
            InputError: the file names no task.
        """
        if self.source is None:
            raise InputError("path: the file names no task, got weights alone")
        return self.source.build(None if self.table is None else task_from_table(self.table))


def write_network(path: Path, content: NetworkFile, *, durable: bool = True) -> str:
    """Write a network atomically; return the SHA-256 of the file."""
    arrays, form = _packed(content.network, "")
    if content.table is not None:
        arrays["table"] = np.asarray(content.table, dtype=np.int64)
    source = None if content.source is None else content.source.model_dump(exclude_none=True)
    header = {"network": form, "task": source, "notes": content.notes}
    return write_arrays(path, arrays, {"modgrok": json.dumps(header, sort_keys=True)}, durable=durable)


def read_network_file(path: Path, sha256: str | None = None) -> NetworkFile:
    """Read a network.

    Arguments:
        path: a file that `write_network` wrote.
        sha256: the recorded hash; None does not check.

    Raises:
        InputError: there is no such file.
        CorruptFile: the hash is wrong, or the file holds no network.
    """
    if not path.is_file():
        raise InputError(f"path: must be a safetensors file, got {shorten(path)}")
    try:
        arrays = read_arrays(path, sha256)
        with safe_open(str(path), framework="numpy") as file:
            header = json.loads((file.metadata() or {})["modgrok"])
        source = None if header["task"] is None else TaskSource(**header["task"])
        network = _unpacked(arrays, header["network"], "")
    except (SafetensorError, ValidationError, KeyError, TypeError, ValueError) as error:
        raise CorruptFile(f"{path}: holds no network of modgrok ({shorten(error)})") from None
    return NetworkFile(network, source, arrays.get("table"), header["notes"])


def read_network(path: Path, sha256: str | None = None) -> MLP:
    """Read a two-layer network.

    Raises:
        InputError: no such file, or another kind of network in it.
        CorruptFile: as `read_network_file`.
    """
    network = read_network_file(path, sha256).network
    if not isinstance(network, MLP):
        raise InputError(f"path: must hold one two-layer network, got experts in {shorten(path)}")
    return network


def _packed(network: Network, prefix: str) -> tuple[Arrays, dict[str, Any]]:
    if isinstance(network, MLP):
        arrays = {
            f"{prefix}embedding": np.asarray(network.embedding),
            f"{prefix}readout": np.asarray(network.readout),
        }
        return arrays, {
            "kind": "mlp",
            "activation": network.activation,
            "input_scale": network.input_scale,
            "output_scale": network.output_scale,
        }
    if isinstance(network, KernelMachine):
        arrays = {name: np.asarray(getattr(network, name)) for name in ("metric", "alphas", "inputs")}
        name = next(name for name, kind in KERNEL_CLASSES if type(network.kernel) is kind)
        numbers = {f.name: _plain(getattr(network.kernel, f.name)) for f in fields(network.kernel)}
        form = {"kind": "kernel_machine", "kernel": name, "parameters": numbers, "sizes": network.sizes}
        return {f"{prefix}{key}": value for key, value in arrays.items()}, form
    if isinstance(network, Transformer):
        return {f"{prefix}{key}": value for key, value in flatten(network).items()}, {
            "kind": "transformer",
            "blocks": len(network.blocks),
            "operands": network.operands,
            "layout": network.layout,
            "activation": network.activation,
        }
    names = [f"products.{s}." for s in range(len(network.products))]
    parts = [_packed(part, f"{prefix}{name}") for part, name in zip(network.products, names, strict=True)]
    total, form = _packed(network.total, f"{prefix}total.")
    for piece, _ in parts:
        total.update(piece)
    return total, {"kind": "experts", "beta": network.beta, "products": [f for _, f in parts], "total": form}


def _unpacked(arrays: Arrays, form: dict[str, Any], prefix: str) -> Network:
    if form["kind"] == "mlp":
        return MLP(
            jnp.asarray(arrays[f"{prefix}embedding"]),
            jnp.asarray(arrays[f"{prefix}readout"]),
            form["activation"],
            form["input_scale"],
            form["output_scale"],
        )
    if form["kind"] == "kernel_machine":
        with jax.enable_x64(True):
            return KernelMachine(
                dict(KERNEL_CLASSES)[form["kernel"]](**form["parameters"]),
                jnp.asarray(arrays[f"{prefix}metric"]),
                jnp.asarray(arrays[f"{prefix}alphas"]),
                jnp.asarray(arrays[f"{prefix}inputs"]),
                tuple(form["sizes"]),
            )
    if form["kind"] == "transformer":
        return _transformer(arrays, form, prefix)
    products = [_unpacked(arrays, f, f"{prefix}products.{s}.") for s, f in enumerate(form["products"])]
    total = _unpacked(arrays, form["total"], f"{prefix}total.")
    assert isinstance(total, MLP)
    return Experts(tuple(part for part in products if isinstance(part, MLP)), total, form["beta"])


def _transformer(arrays: Arrays, form: dict[str, Any], prefix: str) -> Transformer:
    """A bias or norm that the file does not hold is None."""

    def array(name: str) -> jax.Array:
        return jnp.asarray(arrays[f"{prefix}{name}"])

    def optional(name: str) -> jax.Array | None:
        return array(name) if f"{prefix}{name}" in arrays else None

    def norm(name: str) -> Norm | None:
        scale = optional(f"{name}.scale")
        return None if scale is None else Norm(scale, array(f"{name}.shift"))

    def block(layer: int) -> Block:
        values: dict[str, Any] = {}
        for entry in fields(Block):
            required = entry.default is MISSING
            read = array if required else norm if entry.name.endswith("norm") else optional
            values[entry.name] = read(f"blocks.{layer}.{entry.name}")
        return Block(**values)

    return Transformer(
        array("embedding"),
        optional("position"),
        tuple(block(layer) for layer in range(form["blocks"])),
        norm("final_norm"),
        array("unembedding"),
        optional("unembedding_bias"),
        form["operands"],
        form["layout"],
        form["activation"],
    )


def _plain(value: Any) -> Any:
    """A kernel's parameter as JSON keeps it."""
    return value.item() if hasattr(value, "item") else value
