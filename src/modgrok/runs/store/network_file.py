"""A network in a file: its arrays, how to rebuild it, and the task it belongs to.

Owns: the safetensors layout of weights. Trained and constructed networks are stored alike.

    metadata "modgrok": JSON with `network` (kind, activation, scales; nested for experts), `task` (its
    source) and `notes` (where the weights come from); tensors by the names of the record's fields.

Weights of a network that modgrok cannot call are named arrays: `network` is then null.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from ...io import is_file, parse_json
from ...models import MLP
from ...models.codec import pack, unpack
from ...models.networks import network_type
from ...tasks import InputError, Task, TaskSource, task_from_table
from ...tasks.errors import shorten
from .arrays import CorruptFile, arrays_bytes, arrays_of, metadata_of, read_checked, write_bytes
from .network_check import check_network

Network = Any
"""A network of a kind in `NETWORKS`."""
UNREADABLE = (
    AssertionError, AttributeError, LookupError, MemoryError, OverflowError, RecursionError, TypeError,
    ValidationError, ValueError,
)  # fmt: skip
"""What rebuilding a network from parts that do not fit raises."""


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
            raise InputError("path: must name the task of its network, got only weights")
        return self.source.build(None if self.table is None else task_from_table(self.table))


@dataclass(frozen=True, eq=False)
class NamedArrays:
    """Weights by name, of a network that modgrok cannot call.

    Arguments:
        arrays: name -> weights, real numbers.
        source: where its task comes from.
        notes: how the weights were made.
    """

    arrays: dict[str, np.ndarray]
    source: TaskSource | None = None
    notes: dict[str, Any] = field(default_factory=dict)


StoredWeights = NetworkFile | NamedArrays


def write_network(path: Path | str, content: StoredWeights, *, durable: bool = True) -> str:
    """Write a network atomically; return the SHA-256 of the file."""
    return write_bytes(Path(path), network_bytes(content), durable=durable)


def network_bytes(content: StoredWeights) -> bytes:
    """Return what a file of weights holds."""
    form: dict[str, Any] | None
    if isinstance(content, NamedArrays):
        arrays, form = content.arrays, None
    else:
        arrays, form = pack(content.network)
        if content.table is not None:
            arrays["table"] = np.asarray(content.table, dtype=np.int64)
    source = None if content.source is None else content.source.model_dump(exclude_none=True)
    header = {"network": form, "task": source, "notes": content.notes}
    return arrays_bytes(arrays, {"modgrok": json.dumps(header, sort_keys=True)})


def read_network_file(path: Path, sha256: str | None = None) -> NetworkFile:
    """Read a network.

    Arguments:
        path: a file that `write_network` wrote.
        sha256: the recorded hash; None does not check.

    Raises:
        InputError: there is no such file.
        CorruptFile: the hash is wrong, or the file holds no network.
    """
    if not is_file(path):
        raise InputError(f"path: must be a safetensors file, got {shorten(path)}, which is not a file")
    return network_of_bytes(read_checked(path, sha256), path)


def network_of_bytes(content: bytes, path: Path) -> NetworkFile:
    """Read a network from the content of a file; `path` is what messages name.

    Raises:
        CorruptFile: it holds no network.
        InputError: it holds named arrays, which are not those of a network that modgrok can evaluate.
    """
    arrays = arrays_of(content, path)
    try:
        header = parse_json(metadata_of(content, path)["modgrok"], "metadata", dict)
        source = None if header["task"] is None else TaskSource(**header["task"])
        notes = header["notes"]
        if not isinstance(notes, dict):
            raise InputError(f"notes: must be an object, got {shorten(notes)}")
        for name, kind in (("run", str), ("command", str), ("step", int)):
            if type(notes.get(name)) not in (kind, type(None)):
                raise InputError(f"notes.{name}: must be of type {kind.__name__}, got {shorten(notes[name])}")
        if header["network"] is None:
            raise _NoNetwork
        network = unpack(arrays, header["network"])
        check_network(network)
    except _NoNetwork:
        raise InputError(
            f"path: must hold a network that modgrok can call, got named arrays in {shorten(path)}; "
            "modgrok import reads those of many programs"
        ) from None
    except UNREADABLE as error:
        raise CorruptFile(f"path: {shorten(path)} holds no network of modgrok ({_reason(error)})") from None
    return NetworkFile(network, source, arrays.get("table"), notes)


class _NoNetwork(Exception):
    """The file says that it holds named arrays."""


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"no {error}"
    return shorten(str(error).split("\n")[0] or type(error).__name__, 120)


def read_network(path: Path, sha256: str | None = None) -> MLP:
    """Read a two-layer network.

    Raises:
        InputError: no such file, or another kind of network in it.
        CorruptFile: as `read_network_file`.
    """
    network = read_network_file(path, sha256).network
    if not isinstance(network, MLP):
        noun = network_type(network).noun
        raise InputError(f"path: must hold one two-layer network, got a {noun} in {shorten(path)}")
    return network
