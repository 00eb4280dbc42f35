"""Where ensembles run, as the command line says it: worker processes here, or tasks of a Ray cluster.

Owns: the four options that commands share, their rules, and opening an executor. Ray is loaded on demand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from ...sweeps.execution.executor import Executor
from ...sweeps.execution.local import LocalExecutor
from ...sweeps.execution.stepping import has_accelerator
from ...tasks import InputError
from ...tasks.errors import shorten
from ...threads import cores
from .cache import compilation_cache_folder
from .options import number, whole
from .output import note

EXECUTORS = ("local", "ray")


@dataclass(frozen=True)
class Engine:
    """Where ensembles run."""

    executor: Annotated[
        str,
        Parameter(
            help="Where ensembles run: local (worker processes on this machine) or ray (tasks of a Ray "
            "cluster)."
        ),
    ] = "local"
    workers: Annotated[
        int | None,
        Parameter(
            converter=whole,
            help="Number of ensembles run in parallel; default one per core, or 1 on an accelerator.",
        ),
    ] = None
    address: Annotated[
        str | None,
        Parameter(help="Ray cluster to join, as HOST:PORT or auto; default starts one on this machine."),
    ] = None
    gpus: Annotated[
        float,
        Parameter(
            converter=number, help="Number of GPUs for each Ray task; below 1, the fraction of one GPU."
        ),
    ] = 0.0

    def check(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            InputError: an unknown executor, a number out of range, or an option of Ray without it.
        """
        if self.executor not in EXECUTORS:
            raise InputError(f"executor: must be one of {', '.join(EXECUTORS)}, got {shorten(self.executor)}")
        if self.workers is not None and not 1 <= self.workers <= 1024:
            raise InputError(f"workers: must be at least 1 and at most 1024, got {self.workers}")
        if not 0 <= self.gpus <= 1024:
            raise InputError(f"gpus: must be at least 0 and at most 1024, got {self.gpus:g}")
        for name, value in (("address", self.address), ("gpus", self.gpus or None)):
            if value is not None and self.executor != "ray":
                raise InputError(f"{name}: must be used with --executor ray, got {shorten(value)}")

    def local_workers(self) -> int:
        """Return the number of worker processes: one per core, or one on an accelerator.

        The driver of a sweep takes little memory of the accelerator, which is left to its worker.
        """
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        return self.workers or (1 if has_accelerator() else cores())

    @contextmanager
    def start(self) -> Iterator[tuple[Executor, int]]:
        """Open the executor; yield it and the number of ensembles that it runs at once.

        Raises:
            InputError: Ray is asked for and not installed, or there is no such cluster.
        """
        if self.executor == "local":
            count = self.local_workers()
            yield LocalExecutor(count, compilation_cache_folder()), count
        else:
            with self._ray() as ray_executor:
                yield ray_executor

    @contextmanager
    def _ray(self) -> Iterator[tuple[Executor, int]]:
        from ...sweeps.execution.cluster import cluster
        from ...sweeps.execution.ray_executor import RayExecutor

        if self.address is None:
            note("starting Ray on this machine")
        with cluster(self.address, workers=self.workers, gpus=self.gpus) as pool:
            threads = max(1, cores() // pool.slots) if self.address is None else 1
            yield RayExecutor(pool, self.gpus, threads, compilation_cache_folder()), pool.slots


Where = Annotated[Engine, Parameter(name="*")]
LOCAL = Engine()
