"""The reports that a process made last, so that a run which has not changed is not read and drawn again.

Owns: what decides that a run has not changed: its row, its records, its files of weights, and the lists from
which panels are chosen.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from ..io import is_file
from ..measures import MEASURES
from ..runs import Store
from .commands import runs_option
from .learners.catalogue import LEARNER_PANELS
from .report import Report, run_report

MOST_REPORTS = 4
"""Reports that are kept, each a few MB."""
Key = tuple[object, ...]


class RecentReports:
    """Reports of runs by their content, the oldest of which is dropped.

    Arguments:
        most: reports that are kept, >= 1.
    """

    def __init__(self, most: int = MOST_REPORTS) -> None:
        self.most = most
        self._reports: OrderedDict[Key, Report] = OrderedDict()

    def report(self, store: Store, run: str, path: Path, checkpoints: int | None = 0) -> Report:
        """Return the report of a stored run; arguments as in `run_report`. Figures have no slider."""
        most = checkpoints if path.suffix.lower() == ".html" else 0
        key = _content(store, run, path, most)
        if key not in self._reports:
            self._reports[key] = run_report(store, run, path, most)
            if len(self._reports) > self.most:
                self._reports.popitem(last=False)
        self._reports.move_to_end(key)
        return self._reports[key]

    def clear(self) -> None:
        """Drop all of them, so that each is drawn again."""
        self._reports.clear()


def _content(store: Store, run: str, path: Path, checkpoints: int | None) -> Key:
    row = store.get(run)
    weights = tuple((c.step, c.sha256, c.explained_share, _stamp(c.path)) for c in store.checkpoints(row.id))
    lists = (LEARNER_PANELS.names, MEASURES.names)
    place = (store.folder.resolve(), runs_option(store.folder), path.name, checkpoints)
    records = repr([(record.step, record.scalars) for record in store.records(row.id)])
    return (*place, repr(row), records, weights, lists)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes where a file does; None without one."""
    if not is_file(path):
        return None
    status = path.stat()
    return status.st_size, status.st_mtime_ns


RECENT = RecentReports()
"""Those of this process."""
