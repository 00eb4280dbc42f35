"""An ensemble on another machine: it runs into a store of its own there, and its runs come back as bundles.

Owns: the task's side of the Ray executor. It knows nothing of Ray but that the queue is an actor.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...io.cache_folder import compilation_cache_settings
from ...runs import Store
from ...runs.assets import unpack_assets
from ...runs.store.transfer import RunBundle, pack_run, unpack_run
from ...threads import thread_limits
from ...version import __version__
from .events import event_of, run_with_events
from .executor import Event, unpack_ensemble


@dataclass(frozen=True)
class RemoteTask:
    """What a task is given.

    Arguments:
        number: of the task.
        line: the ensemble and its job; see `pack_ensemble`.
        bundles: what the driver's store holds of the runs already.
        assets: files of what the runs name by digest; see `pack_assets`.
        threads: of the linear algebra.
        gpus: that Ray gives the task; a share of one below 1.
        cache: folder of compiled steps; None for JAX's own setting.
        version: of the driver's modgrok.
    """

    number: int
    line: str
    bundles: tuple[RunBundle, ...] = ()
    assets: dict[str, bytes] = field(default_factory=dict)
    threads: int = 1
    gpus: float = 0.0
    cache: str | None = None
    version: str = __version__


def run_remote_task(remote_task: RemoteTask, queue: Any) -> None:
    """Run an ensemble as a task of Ray.

    Arguments:
        remote_task: what to run.
        queue: handle of the actor `EventQueue`.
    """
    import ray

    if remote_task.version != __version__:
        raise RuntimeError(f"a node has modgrok {__version__}, the driver {remote_task.version}")
    _configure(remote_task)

    def tell(event: Event, bundle: RunBundle | None) -> bool:
        return bool(ray.get(queue.put.remote(remote_task.number, event, bundle)))

    run_apart(remote_task.line, remote_task.bundles, remote_task.assets, tell)


def run_apart(
    line: str,
    bundles: Sequence[RunBundle],
    assets: Mapping[str, bytes],
    tell: Callable[[Event, RunBundle | None], bool],
) -> None:
    """Run an ensemble in a store that lasts as long, and tell of its runs with all that is kept of them.

    Arguments:
        line: see `pack_ensemble`.
        bundles: runs from which members go on.
        assets: files of what members name by digest; see `pack_assets`.
        tell: called with every event, and with the run once it ended; returns whether to stop.
    """
    ensemble, job = unpack_ensemble(json.loads(line))
    stopping: list[bool] = []

    def send_event(event: Event) -> None:
        if tell(event, None):
            stopping.append(True)

    with tempfile.TemporaryDirectory(prefix="modgrok-") as folder, Store(Path(folder)) as store:
        for bundle in bundles:
            unpack_run(store, bundle)
        unpack_assets(store, assets)
        for outcome in run_with_events(ensemble, job, store, send_event, lambda: bool(stopping)):
            if tell(event_of(outcome), pack_run(store, outcome.member.experiment.id)):
                stopping.append(True)


def _configure(remote_task: RemoteTask) -> None:
    """Hold this process to what Ray gave it, before JAX looks for devices."""
    import jax

    os.environ.update(thread_limits(remote_task.threads, os.environ))
    if not remote_task.gpus:
        jax.config.update("jax_platforms", "cpu")
    elif remote_task.gpus < 1:
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    if remote_task.cache is not None and not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        for name, value in compilation_cache_settings(remote_task.cache).items():
            jax.config.update(name, value)
