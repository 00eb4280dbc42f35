"""A copy of the store's pages for any plain web server: the same documents, and their JSON as files.

Owns: which files a copy has, and that they name nothing of the machine: no token, no folder, no user. What
needs a process, such as deciding, training and dropped files, is not in it.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from ..io import is_file, is_folder, markup, path_exists, write_atomically
from ..reports import portable
from ..reports.checkpoint_panels import slider_steps
from ..reports.stored_run import read_stored_run
from ..runs import Store
from ..runs.plain import plain
from ..runs.store.database import Database, RunRow
from ..runs.store.labels import read_labels
from ..runs.store.run_query import RunQuery, query_runs, split_conditions
from ..tasks.errors import InputError, shorten
from .access import POLICY
from .pages.runs import described, summary_of
from .pages.shell import files
from .pages.sweeps import sweeps_of
from .sweep_content import NO_AXIS, cells, sweep_content
from .work.claims import claims
from .work.drawing import chart_library, checkpoint, run_report, sweep_report
from .work.explaining import explain_run

MARKER = "modgrok-copy.json"
"""The file by which a copy is known, so that it may be replaced."""
BUDGET = "laptop"
"""Of the claims that a copy shows."""
PAGE = 1000
"""Runs that are read at once."""
PAGES = (("runs", "Runs"), ("sweeps", "Sweeps"), ("claims", "Claims"))
MOST_STEPS = 8
"""Checkpoints of a run, unless another number is asked for."""


NEEDS_SERVER = (
    '<p class="late">This copy needs a web server, since browsers do not run the scripts of a page '
    "opened as a file: python -m http.server -d FOLDER</p>"
)
"""What a page says until its script replaces it; hidden at first."""


class StaticCopy:
    """Writes the pages of a store into a folder.

    Arguments:
        folder: of the store.
        target: folder to write; new, empty, or an earlier copy.
        where: conditions that the runs satisfy, as in `RunQuery`.
        say: called with a line for each run.
        most_steps: checkpoints of a run at most.
    """

    def __init__(
        self,
        folder: Path,
        target: Path,
        where: tuple[str, ...] = (),
        say: Callable[[str], None] = print,
        most_steps: int = MOST_STEPS,
    ) -> None:
        self.folder, self.target, self.where, self.say = folder, target, split_conditions(where), say
        self.most_steps = most_steps
        self.size = 0

    def write(self) -> int:
        """Write the copy; return the number of runs.

        Raises:
            InputError: there is no store, the folder has other files, or it cannot be written.
        """
        check_target(self.target)
        with Database(self.folder, read_only=True) as store:
            rows = self._rows(store)
            labels = read_labels(store)
            chosen = {row.id for row, _ in rows}
            sweeps = [
                sweep
                for sweep in sweeps_of(store)
                if not self.where or self._holds(store, sweep["name"], chosen)
            ]
            self._json("runs.json", {"runs": [summary_of(row, last, labels) for row, last in rows]})
            self._json("sweeps.json", {"sweeps": [{**sweep, "running": False} for sweep in sweeps]})
            for row, _ in rows:
                self._run(store, row)
            for sweep in sweeps:
                self._sweep(store, sweep["name"])
        self._json("claims.json", {"budget": BUDGET, "claims": claims(str(self.folder), BUDGET)})
        for name, content in files().items():
            if name != "page.html":
                self._file(f"static/{name}", content)
        self._file("static/charts.lib.js", chart_library().encode())
        for page in ("", "runs", "compare", "sweeps", "claims"):
            self._page(page, f"/{page or 'runs'}")
        self._file(MARKER, b'{"copy": "of the pages of modgrok ui"}\n')
        return len(rows)

    def _rows(self, store: Database) -> list[tuple[RunRow, dict[str, float]]]:
        rows: list[tuple[RunRow, dict[str, float]]] = []
        for offset in itertools.count(0, PAGE):
            page = query_runs(store, RunQuery(where=self.where, offset=offset, limit=PAGE))
            rows += [(row, page.last[row.id]) for row in page.rows]
            for error in page.damaged:
                self.say(f"left out: {error}")
            if offset + PAGE >= page.total:
                break
        return rows

    def _holds(self, store: Database, name: str, runs: set[str]) -> bool:
        return any(member["run"] in runs for member in sweep_content(store, name)["members"])

    def _run(self, store: Database, row: RunRow) -> None:
        """Write a run: its numbers, and its pictures where they can be drawn."""
        self.say(f"{row.id}  {row.expression} mod {row.p}")
        own, folder = f"runs/{row.id}", str(self.folder)
        steps: list[int] = []
        report: dict[str, Any]
        try:
            report = run_report(folder, row.id)
            with Store(self.folder, read_only=True) as full:
                held = slider_steps(read_stored_run(full, row.id), self.most_steps)
            for step in held:
                self._json(f"{own}/checkpoints/{step}.json", checkpoint(folder, row.id, step))
                self._explain(row.id, step)
                steps.append(step)
        except InputError as error:
            report = {"error": str(error)}
        self._json(f"{own}/report.json", {**report, "steps": steps})
        self._json(f"{own}.json", {**described(store, row.id), "steps": steps})
        self._page(own, f"/{own}")

    def _explain(self, run: str, step: int) -> None:
        try:
            explained = explain_run(str(self.folder), run, step, panels=True)
        except InputError as error:  # a task that has no formula
            explained = {"error": str(error)}
        self._json(f"runs/{run}/explain-{step}.json", explained)

    def _sweep(self, store: Database, name: str) -> None:
        content = {**sweep_content(store, name), "running": False, "damaged": []}
        self._json(f"sweeps/{name}.json", content)
        fields = list(content["values"])
        for (first, across), (second, up) in product(enumerate(fields), enumerate([*fields, NO_AXIS])):
            map_content = {"across": across, "up": up, "cells": cells(content["members"], across, up)}
            self._json(f"sweeps/{name}/cells-{first}-{second}.json", map_content)
        try:
            report = sweep_report(str(self.folder), name)
        except InputError as error:  # nothing was observed
            report = {"error": str(error)}
        self._json(f"sweeps/{name}/report.json", report)
        self._page(f"sweeps/{name}", f"/sweeps/{name}")

    def _json(self, name: str, value: Any) -> None:
        text = json.dumps(self._scrubbed(plain(value)), allow_nan=False, separators=(",", ":"))
        self._file(f"data/{name}", text.encode())

    def _scrubbed(self, value: Any, key: str = "") -> Any:
        """Return plain values without folders of this machine."""
        if isinstance(value, dict):
            return {name: self._scrubbed(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self._scrubbed(one) for one in value]
        if not isinstance(value, str):
            return value
        text = portable(value) if key == "command" else value
        for private in self._private():
            text = text.replace(private, "…")
        return text

    def _private(self) -> Iterator[str]:
        yield from dict.fromkeys((str(self.folder.absolute()), str(self.folder.resolve()), str(Path.home())))

    def _page(self, place: str, page: str) -> None:
        root = "/".join([".."] * len(place.split("/"))) if place else "."
        self._file(f"{place}/index.html" if place else "index.html", document(root, page).encode())

    def _file(self, name: str, content: bytes) -> None:
        path = self.target / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        except OSError as error:
            raise InputError(f"export: cannot write {shorten(path)} ({error.strerror})") from None
        self.size += len(content)


def check_target(target: Path) -> None:
    """Refuse a folder that holds something else.

    Raises:
        InputError: a file, or a folder with files that is no earlier copy.
    """
    if path_exists(target) and not is_folder(target):
        raise InputError(f"export: must be a folder, got the file {shorten(target)}")
    if is_folder(target) and any(target.iterdir()) and not is_file(target / MARKER):
        raise InputError(f"export: must be new, empty or an earlier copy, got {shorten(target)}")
    if not os.path.isdir(target.absolute().parent):
        raise InputError(f"export: must be in an existing folder, got {shorten(target)}")


def document(root: str, page: str) -> str:
    """Return the document of a page of a copy.

    Arguments:
        root: relative address of the copy's folder.
        page: address that the page has at the server, such as `/runs`.
    """
    text = files()["page.html"].decode()
    head, _, rest = text.partition('<nav aria-label="Pages">')
    _, _, rest = rest.partition("</nav>")
    links = "".join(f'\n<a href="/{name}">{title}</a>' for name, title in PAGES)
    text = f'{head}<nav aria-label="Pages">{links}\n</nav>{rest}'
    text = re.sub(r'<a class="jobs".*?</a>\n', "", text)
    text = text.replace('"/static/', f'"{root}/static/').replace(
        'class="name" href="/"', 'class="name" href="/runs"'
    )
    for name, _ in PAGES:
        text = text.replace(f'href="/{name}"', f'href="{root}/{name}/" data-page="/{name}"')
    policy = "; ".join(part for part in POLICY.split("; ") if not part.startswith("frame-ancestors"))
    policy_tag = f'<meta http-equiv="Content-Security-Policy" content="{markup(policy)}">'
    text = text.replace('tabindex="-1"></main>', f'tabindex="-1">{NEEDS_SERVER}</main>')
    text = text.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy_tag}')
    return text.replace("<html ", f'<html data-root="{markup(root)}" data-page="{markup(page)}" ')
