"""What an experiment names by its SHA-256: tables, feature matrices, networks that parts are taken from.

Owns: one way to keep and fetch all of them. A store holds each under `<folder>/<digest><suffix>`, and
content that does not have its digest is refused. An experiment carries what it was made with; `gather`
completes that from a store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from safetensors import SafetensorError

from ..io import is_file
from ..tasks import InputError
from ..tasks.errors import shorten
from .asset_kinds import ASSET_KINDS
from .experiment import Experiment, experiment_of
from .store.arrays import CorruptFile, write_bytes
from .store.database import RunRow
from .store.names import inside
from .store.store import Store


def keep(store: Store, kind: str, content: Any) -> str:
    """Keep content in a store, so that its runs can be resumed without the original file.

    Arguments:
        store: where; content that is there already is not written again.
        kind: name in `ASSET_KINDS`.
        content: a `Task` for `table`, a checked float64 matrix, or a `NetworkFile`.

    Returns:
        Its digest.
    """
    asset = ASSET_KINDS.named(kind)
    digest = asset.digest(content)
    path = asset.path(store.folder, digest)
    if not is_file(path):
        with store.storing():
            write_bytes(path, asset.encode(content), durable=True)
    return digest


def fetch(store: Store, kind: str, digest: str) -> Any:
    """Read content from a store; None if it is not there.

    Raises:
        CorruptFile: the file cannot be read, or does not hold what its name says.
    """
    asset = ASSET_KINDS.named(kind)
    path = asset.path(store.folder, digest)
    if not is_file(path):
        return None
    try:
        content = asset.decode(path)
        known = (asset.digest(content), *asset.former_digests(content))
    except (SafetensorError, InputError, ValueError, KeyError, TypeError, OSError, EOFError) as error:
        raise CorruptFile(f"{kind}: must be readable, got {shorten(path)} ({shorten(error)})") from None
    if digest not in known:
        raise CorruptFile(
            f"{kind}: must have the SHA-256 of its name, got another in {shorten(path)}; it was not loaded"
        )
    return content


class StoredAssets(Mapping[str, Any]):
    """The assets of an experiment as a store keeps them, read when first asked for.

    Arguments:
        store: open as long as something may be asked for.
        needs: digest -> kind.
        known_assets: digest -> content at hand already; put into the store unless that is only read.
    """

    def __init__(self, store: Store, needs: Mapping[str, str], known_assets: Mapping[str, Any]) -> None:
        self._store, self._needs, self._read = store, dict(needs), dict(known_assets)

    def __getitem__(self, digest: str) -> Any:
        if digest not in self._read:
            content = fetch(self._store, self._needs[digest], digest)
            if content is None:
                raise KeyError(digest)
            self._read[digest] = content
        return self._read[digest]

    def __iter__(self) -> Iterator[str]:
        return iter(self._needs)

    def __len__(self) -> int:
        return len(self._needs)

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        """Become the content itself in a copy or a pickle, which cannot hold a store."""
        return dict, ({digest: self[digest] for digest in self},)


def gather(experiment: Experiment, store: Store | None) -> Experiment:
    """Complete an experiment's assets from a store, and keep in the store what the experiment brings.

    Arguments:
        experiment: any.
        store: None leaves the experiment as it is.
    """
    needs = experiment.needs()
    if store is None or not needs:
        return experiment
    known_assets = {digest: experiment.assets[digest] for digest in needs if digest in experiment.assets}
    for digest, content in known_assets.items():
        if keep(store, needs[digest], content) != digest:
            raise InputError(f"{needs[digest]}: must have the SHA-256 {digest}, got another")
    return experiment.with_assets(StoredAssets(store, needs, known_assets))


def stored_experiment(store: Store, row: RunRow) -> Experiment:
    """Return the experiment of a run, with its assets as the store keeps them."""
    experiment = experiment_of(row)
    needs = experiment.needs()
    return experiment.with_assets(StoredAssets(store, needs, {})) if needs else experiment


def pack_assets(store: Store, experiments: Iterable[Experiment]) -> dict[str, bytes]:
    """Read the files of all assets that experiments name; `<folder>/<file>` -> content.

    Arguments:
        store: that keeps them; what it lacks is left out, and missed when the experiment is prepared.
        experiments: any.
    """
    needs = {digest: kind for one in experiments for digest, kind in one.needs().items()}
    paths = [ASSET_KINDS.named(kind).path(store.folder, digest) for digest, kind in needs.items()]
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in paths if is_file(path)}


def unpack_assets(store: Store, files: Mapping[str, bytes]) -> None:
    """Write what `pack_assets` read where runs of another store look for it; what is there is kept.

    Raises:
        InputError: a name is none that `pack_assets` gives, or its content has another digest.
    """
    kinds = {kind.folder: kind for kind in ASSET_KINDS}
    for name, content in files.items():
        folder, _, file = name.partition("/")
        kind = kinds.get(folder)
        digest = "" if kind is None else file.removesuffix(kind.suffix)
        if kind is None or file != digest + kind.suffix or not re.fullmatch("[0-9a-f]{64}", digest):
            raise InputError(f"assets: must be named <folder>/<sha-256><suffix>, got {shorten(name)}")
        path = inside(store.folder, folder, file)
        if not is_file(path):
            write_bytes(path, content, durable=False)
            try:
                fetch(store, kind.name, digest)
            except CorruptFile:
                path.unlink()
                raise
