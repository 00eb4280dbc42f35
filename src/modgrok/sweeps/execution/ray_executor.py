"""The Ray executor: one task is one ensemble, and the driver alone writes the store.

Owns: handing ensembles to a cluster, writing what comes back, and running again what a lost node had.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...runs import Store
from ...runs.assets import pack_assets
from ...runs.store.transfer import pack_run, unpack_run
from ...tasks import InputError
from ...tasks.errors import BusyError
from .cluster import Cluster
from .ensemble import Ensemble, reason_of
from .event_queue import EventQueue, QueuedEvent
from .executor import Event, Job, pack_ensemble
from .ray_task import RemoteTask, run_remote_task
from .retries import Assignment, RetryPolicy

POLL_INTERVAL = 0.2
"""Seconds between two polls of the queue."""
INFRASTRUCTURE_ERRORS = ("NodeDiedError", "LocalRayletDiedError")
"""Ends of tasks that count against no run."""


@dataclass(frozen=True)
class RayExecutor:
    """Tasks of a Ray cluster.

    Arguments:
        cluster: that this process is connected to.
        gpus: of each task; 0 asks for none.
        threads: of each task's linear algebra.
        cache: folder of compiled steps, on whichever machine; None for JAX's own setting.
    """

    cluster: Cluster
    gpus: float = 0.0
    threads: int = 1
    cache: Path | None = None

    def run(
        self, ensembles: Sequence[Ensemble], job: Job, stop_requested: Callable[[], bool]
    ) -> Iterator[Event | None]:
        """See `Executor`. A task that a lost node had is run again."""
        with Store(job.folder) as store:
            yield from _WorkerPool(self, deque(ensembles), job, store).run(stop_requested)


@dataclass
class _WorkerPool:
    """The mutable middle of `RayExecutor.run`."""

    executor: RayExecutor
    waiting: deque[Ensemble]
    job: Job
    store: Store
    assignments: dict[int, Assignment] = field(default_factory=dict)
    references: dict[Any, int] = field(default_factory=dict)
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    number: int = 0

    def run(self, stop_requested: Callable[[], bool]) -> Iterator[Event | None]:
        ray, slots = self.executor.cluster.ray, self.executor.cluster.slots
        self.task = ray.remote(num_cpus=1, num_gpus=self.executor.gpus, max_retries=0)(run_remote_task)
        self.queue = self._queue()
        stopping = False
        try:
            while self.waiting or self.references:
                if stop_requested() and not stopping:
                    stopping = True
                    self._stop()
                while self.waiting and len(self.references) < slots:
                    self._send(self.waiting.popleft())
                yield None
                if self.references:
                    yield from self._look(stopping)
        finally:
            for reference in self.references:
                with suppress(Exception):
                    ray.cancel(reference, force=True)
            with suppress(Exception):
                ray.kill(self.queue)

    def _queue(self) -> Any:
        """Make the queue on the driver's own node, so that no other's loss takes it.

        The affinity is a hard one: a soft one is passed over, half of the time, by a head without CPUs.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        ray = self.executor.cluster.ray
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        return ray.remote(num_cpus=0, scheduling_strategy=here)(EventQueue).remote()

    def _send(self, ensemble: Ensemble) -> None:
        self.number += 1
        known = (pack_run(self.store, member.experiment.id) for member in ensemble.members)
        remote_task = RemoteTask(
            self.number,
            pack_ensemble(ensemble, self.job),
            tuple(bundle for bundle in known if bundle is not None),
            pack_assets(self.store, (member.experiment for member in ensemble.members)),
            self.executor.threads,
            self.executor.gpus,
            None if self.executor.cache is None else str(self.executor.cache),
        )
        self.assignments[self.number] = Assignment(ensemble)
        self.references[self.task.remote(remote_task, self.queue)] = self.number

    def _stop(self) -> None:
        """Let tasks that run finish their segments, and the others never begin."""
        ray = self.executor.cluster.ray
        self.waiting.clear()
        ray.get(self.queue.stop.remote())
        for reference, number in self.references.items():
            if self.assignments[number].at is None:
                ray.cancel(reference, force=True)

    def _look(self, stopping: bool) -> Iterator[Event]:
        """Write what came, then see which tasks ended: all events of a task come before its end."""
        ray = self.executor.cluster.ray
        ended, _ = ray.wait(list(self.references), num_returns=1, timeout=POLL_INTERVAL)
        for queued in ray.get(self.queue.take.remote()):
            yield self._hear(queued)
        for reference in ended:
            assignment = self.assignments.pop(self.references.pop(reference))
            how = self._how(reference)
            if stopping or not len(assignment.left()):
                continue
            infrastructure = how in INFRASTRUCTURE_ERRORS
            again, failed = (
                (assignment.left(), None)
                if infrastructure
                else self.retry_policy.record_failure(assignment, how)
            )
            if failed is not None:
                yield failed
            if len(again):
                self.waiting.appendleft(again)

    def _hear(self, queued: QueuedEvent) -> Event:
        number, event, bundle = queued
        if number in self.assignments:
            self.assignments[number].hear(event)
        if bundle is not None:
            try:
                unpack_run(self.store, bundle)
            except InputError as error:
                busy = isinstance(error, BusyError)
                return Event(event.run, status="failed", error=reason_of(error), busy=busy)
        return event

    def _how(self, reference: Any) -> str:
        """Say how a task ended.

        Raises:
            RuntimeError: it could not be run there: modgrok is missing, or the node's disk is full.
        """
        errors = self.executor.cluster.ray.exceptions
        try:
            self.executor.cluster.ray.get(reference)
        except errors.RayTaskError as error:
            reason = reason_of(error.cause or error)
            raise RuntimeError(f"ray: a task cannot be run ({reason}); what was recorded is kept") from None
        except errors.RayError as error:
            return type(error).__name__
        return "its own end"
