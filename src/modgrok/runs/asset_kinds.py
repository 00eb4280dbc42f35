"""The kinds of content that experiments name by its SHA-256, and how each is identified and written.

Owns: the list. Keeping content in a store and fetching it is `assets`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from safetensors.numpy import save

from ..io import read_npy
from ..learners.rfm.initial_feature_matrix import feature_matrix_digest
from ..tasks import Task, task_from_table
from ..tasks.catalogue import Catalogue
from .store.arrays import read_arrays
from .store.names import checked_digest, inside
from .store.network_file import NetworkFile, network_bytes, read_network_file


def network_digest(content: Any) -> str:
    """Return SHA-256 of a network's weights, hexadecimal: their names, shapes and bytes in float32.

    Arguments:
        content: a network, or a file's content with one.
    """
    network = content.network if isinstance(content, NetworkFile) else content
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(network):
        array = np.ascontiguousarray(leaf, dtype="<f4")
        digest.update(f"{jax.tree_util.keystr(path)} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class AssetKind:
    """A kind of content that experiments name by its digest.

    Arguments:
        name: as settings declare it (`Settings.ASSETS`).
        folder: of the store.
        suffix: of its files.
        digest: content -> SHA-256, hexadecimal; part of a run's identity.
        encode: content -> bytes of its file.
        decode: path of the file -> content.
        former_digests: content -> what earlier versions gave, by which stored runs may name it.
    """

    name: str
    folder: str
    suffix: str
    digest: Callable[[Any], str]
    encode: Callable[[Any], bytes]
    decode: Callable[[Path], Any]
    former_digests: Callable[[Any], tuple[str, ...]] = lambda content: ()

    def path(self, store: Path, digest: str) -> Path:
        """Return where the store in a folder keeps the content of a digest."""
        return inside(store, self.folder, f"{checked_digest(digest)}{self.suffix}")


def _table_bytes(task: Task) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, task.table, allow_pickle=False)
    return buffer.getvalue()


def _network_bytes(content: Any) -> bytes:
    return network_bytes(content if isinstance(content, NetworkFile) else NetworkFile(content))


def _matrix_of(path: Path) -> np.ndarray:
    return read_arrays(path, None)["metric"]


ASSET_KINDS: Catalogue[AssetKind] = Catalogue(
    "asset",
    (
        AssetKind(
            "table",
            "tables",
            ".npy",
            lambda task: task.digest,
            _table_bytes,
            lambda path: task_from_table(read_npy(path, "table")),
            lambda task: task.digests[1:],
        ),
        AssetKind(
            "matrix",
            "metrics",
            ".safetensors",
            feature_matrix_digest,
            lambda matrix: save({"metric": np.ascontiguousarray(matrix)}),
            _matrix_of,
        ),
        AssetKind("network", "donors", ".safetensors", network_digest, _network_bytes, read_network_file),
    ),
)
