"""A Ray cluster to run on: started on this machine, or joined at an address.

Owns: starting, joining and leaving. Ray is loaded here and nowhere else, and only when it is asked for.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ...io.whole_numbers import digits
from ...tasks import InputError
from ...tasks.errors import shorten
from ...threads import cores

OBJECT_STORE = 100_000_000
"""Bytes of shared memory of a local cluster; bundles of runs pass through the event queue, not through it."""
CONNECT_TIMEOUT = 5.0
"""Seconds that a machine has to accept a connection."""


@dataclass(frozen=True)
class Cluster:
    """A cluster that this process is connected to.

    Arguments:
        ray: the module.
        slots: tasks of the asked size that run at once.
    """

    ray: Any
    slots: int


@contextmanager
def cluster(address: str | None, *, workers: int | None, gpus: float = 0.0) -> Iterator[Cluster]:
    """Join a cluster, or start one that ends with the block.

    Arguments:
        address: `HOST:PORT` of a running cluster, `auto` for the one on this machine, or `ray://HOST:PORT`;
            None starts one on loopback, without dashboard and usage statistics.
        workers: tasks at once; None for as many as the cluster has cores (GPUs, if they are asked for).
        gpus: of each task.

    Raises:
        InputError: Ray is not installed, nothing answers at the address, or no node has that many GPUs.
    """
    ray = _ray(local=address is None)
    if address is None:
        options: dict[str, Any] = {
            "address": "local",
            "num_cpus": workers or cores(),
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE,
        }
    else:
        _check_address(address)
        options = {"address": address}
    try:
        ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        if address is None:
            raise RuntimeError(f"ray: cannot start a cluster on this machine ({error})") from error
        raise _no_cluster(address, error) from None
    try:
        slots = _slots(ray, gpus)
        yield Cluster(ray, workers or slots)
    finally:
        ray.shutdown()


def _ray(*, local: bool) -> Any:
    """Load Ray; what it reads from the environment is set before."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if local:
        # Ray's own switch for a cluster that listens on loopback alone, the default on macOS
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        # under `uv run`, Ray would copy the working folder and build an environment for each worker from it
        os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
    except ImportError:
        raise InputError('executor: ray needs Ray (pip install "modgrok[ray]"), got none') from None
    return ray


def _check_address(address: str) -> None:
    """Refuse an address at which nothing listens; Ray itself would try for a minute.

    Raises:
        InputError: no host and port, or nobody there.
    """
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not 0 < (digits(port) or 0) < 65536:
        raise InputError(f"address: must be HOST:PORT, ray://HOST:PORT or auto, got {shorten(address)}")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_TIMEOUT).close()
    except OSError as error:
        raise _no_cluster(address, error) from None


def _no_cluster(address: str, error: Exception) -> InputError:
    reason = (isinstance(error, OSError) and error.strerror) or " ".join(str(error).split())
    return InputError(f"address: must be that of a running Ray cluster, got {shorten(address)} ({reason})")


def _slots(ray: Any, gpus: float) -> int:
    """Count the tasks that fit at once.

    Raises:
        InputError: no node has as many GPUs as a task asks for.
    """
    if gpus:
        have = [node["Resources"].get("GPU", 0.0) for node in ray.nodes() if node["Alive"]]
        if max(have, default=0.0) < gpus:
            raise InputError(f"gpus: must be at most the {max(have, default=0):g} of a node, got {gpus:g}")
        return max(1, sum(int(count / gpus) for count in have))
    return max(1, int(ray.cluster_resources().get("CPU", 1)))
