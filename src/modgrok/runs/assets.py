"""Parts of a transformer taken from another run: their identity, and fetching them again on resuming.

Owns: the digest that stands for a network in an experiment, and the store's copy of the network, also
on its way to another store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import jax
import numpy as np

from ..learners.transformer.learner import Donors
from ..learners.transformer.settings import TransformerSettings
from ..models.transformer import Transformer
from ..tasks import InputError
from .experiment import Experiment
from .store.arrays import write_bytes
from .store.network_file import Network, NetworkFile, read_network_file, write_network
from .store.store import Store


def donor_digest(network: Network) -> str:
    """Return SHA-256 of a transformer's weights, hexadecimal: their names, shapes and bytes.

    Raises:
        InputError: the network is no transformer.
    """
    if not isinstance(network, Transformer):
        kind = type(network).__name__
        raise InputError(f"embedding_from, body_from: must be a transformer's weights, got {kind}")
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(network):
        array = np.ascontiguousarray(leaf, dtype="<f4")
        digest.update(f"{jax.tree_util.keystr(path)} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def donors_of(
    settings: TransformerSettings, store: Store | None, given: dict[str, NetworkFile] | None
) -> Donors:
    """Return the networks that settings name, handed in now or kept by the store from the first time.

    Arguments:
        settings: with digests.
        store: keeps a copy of what is handed in.
        given: digest -> network.
    """

    def fetch(digest: str | None) -> Transformer | None:
        if digest is None:
            return None
        content = (given or {}).get(digest)
        if store is not None:
            path = store.donor_path(digest)
            if content is not None and not path.is_file():
                write_network(path, content)
            if content is None and path.is_file():
                content = read_network_file(path)
        if content is not None and donor_digest(content.network) != digest:
            raise InputError(f"donors: must have the digest {digest}, got other weights")
        found = None if content is None else content.network
        return found if isinstance(found, Transformer) else None

    return Donors(fetch(settings.embedding_digest), fetch(settings.body_digest))


def pack_donors(store: Store, experiments: Iterable[Experiment]) -> dict[str, bytes]:
    """Read the files of all networks that experiments take parts of; digest -> content.

    Arguments:
        store: that keeps them; what it lacks is left out, and missed when the experiment is prepared.
        experiments: any.
    """
    kept = {digest: store.donor_path(digest) for one in experiments for digest in _digests(one)}
    return {digest: path.read_bytes() for digest, path in kept.items() if path.is_file()}


def unpack_donors(store: Store, files: Mapping[str, bytes]) -> None:
    """Write what `pack_donors` read where runs of another store look for it; what is there is kept."""
    for digest, content in files.items():
        path = store.donor_path(digest)
        if not path.is_file():
            write_bytes(path, content, durable=False)


def _digests(experiment: Experiment) -> list[str]:
    settings = experiment.learner
    if not isinstance(settings, TransformerSettings):
        return []
    return [digest for digest in (settings.embedding_digest, settings.body_digest) if digest is not None]
