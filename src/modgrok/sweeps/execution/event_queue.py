"""The board of a sweep on a cluster: tasks pin their news to it, the driver takes them off.

Owns: what passes between tasks and driver while tasks run. It is a plain object; Ray makes an actor of it.
"""

from __future__ import annotations

from ...runs.store.transfer import Parcel
from .executor import Event

News = tuple[int, Event, Parcel | None]
"""The task's number, what happened, and the run if it ended."""


class Board:
    """News that the driver has not yet taken, and whether tasks are asked to stop."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self.stopping = False

    def tell(self, task: int, event: Event, parcel: Parcel | None = None) -> bool:
        """Pin news; return whether to stop."""
        self.news.append((task, event, parcel))
        return self.stopping

    def take(self) -> list[News]:
        """Return all news since the last call, in the order in which they came."""
        found, self.news = self.news, []
        return found

    def stop(self) -> None:
        """Ask all tasks to stop."""
        self.stopping = True
