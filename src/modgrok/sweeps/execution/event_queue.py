"""The queue of events of a sweep on a cluster: tasks put events into it, the driver takes them.

Owns: what passes between tasks and driver while tasks run. It is a plain object; Ray makes an actor of it.
"""

from __future__ import annotations

from ...runs.store.transfer import RunBundle
from .executor import Event

QueuedEvent = tuple[int, Event, RunBundle | None]
"""The task's number, what happened, and the run if it ended."""


class EventQueue:
    """Events that the driver has not yet taken, and whether tasks are asked to stop."""

    def __init__(self) -> None:
        self.events: list[QueuedEvent] = []
        self.stopping = False

    def put(self, task: int, event: Event, bundle: RunBundle | None = None) -> bool:
        """Add an event; return whether to stop."""
        self.events.append((task, event, bundle))
        return self.stopping

    def take(self) -> list[QueuedEvent]:
        """Return all events since the last call, in the order in which they came."""
        events, self.events = self.events, []
        return events

    def stop(self) -> None:
        """Ask all tasks to stop."""
        self.stopping = True
