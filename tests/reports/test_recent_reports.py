"""A run that has not changed is drawn once in a process; one that has is drawn again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modgrok.reports import recent_reports, write_report
from modgrok.reports.recent_reports import RecentReports
from modgrok.reports.report import Report
from modgrok.runs import RunRow, Store


def test_an_unchanged_run_is_drawn_once(
    store: Store, stuck: RunRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(store.folder, folder)
    paths: list[Path] = []

    def report(store: Store, run: str, path: Path, checkpoints: int | None) -> Report:
        paths.append(path)
        return Report("A report", "", (), ())

    monkeypatch.setattr(recent_reports, "run_report", report)
    recent = RecentReports(most=2)
    page = tmp_path / "page.html"
    with Store(folder) as copy:
        first = recent.report(copy, stuck.id, page)
        assert recent.report(copy, stuck.id, tmp_path / "elsewhere" / "page.html") is first
        assert len(paths) == 1
        assert recent.report(copy, stuck.id, tmp_path / "other.html") is not first  # another command
        assert recent.report(copy, stuck.id, page, 3) is not first
        again = recent.report(copy, stuck.id, page)  # the third of two that are kept
        assert again is not first
        checkpoint = copy.checkpoints(stuck.id)[-1]
        checkpoint.path.write_bytes(checkpoint.path.read_bytes() + b" ")
        assert recent.report(copy, stuck.id, page) is not again
    assert len(paths) == 5


def test_a_second_report_is_the_same(store: Store, stuck: RunRow, tmp_path: Path) -> None:
    first, second = (write_report(store, stuck.id, tmp_path / "out.svg").read_bytes() for _ in range(2))
    assert first == second
