"""Reports beyond one moment of one run: several runs compared, and the slider over checkpoints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from modgrok.reports import run_report, runs_report
from modgrok.reports.formats.html import page_html
from modgrok.runs import Store


def test_runs_are_compared(call: Any, folder: Path, ids: list[str]) -> None:
    result = call("report", *ids, "-o", "both.html", f"--runs={folder}", "--json")
    page = Path(result.json["path"]).read_text(encoding="utf-8")
    assert "2 runs of 2 tasks" in page
    assert "They differ in expression, seed." in page
    for run, name in zip(ids, ("x + y · seed 0", "x*y · seed 1"), strict=True):
        assert f"{run[:6]} · expression {name}" in page
        assert run in page  # the command that makes it again
    assert str(folder) not in page  # a folder of this machine
    assert 'class="slider"' not in page
    with Store(folder, read_only=True) as store:
        report = runs_report(store, ids, Path("both.html"))
    keys = [panel.key for panel in report.panels]
    assert keys[:4] == ["test_accuracy", "train_accuracy", "test_loss", "train_loss"]
    assert "weight_norm" in keys
    assert report.panels[0].legend is not None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["A", "A"], "run: must be 2 to 20 different runs"),
        (["A", "B", "--axes=lr"], "axes: must be left out"),
        (["A", "nothing"], "run: does not name a run"),
        (["A", "--checkpoints=1000"], "checkpoints: must be in 0..200"),
    ],
)
def test_comparisons_that_are_refused(
    call: Any, folder: Path, ids: list[str], words: list[str], message: str
) -> None:
    arguments = [{"A": ids[0], "B": ids[1]}.get(word, word) for word in words]
    failed = call("report", *arguments, "-o", "x.html", f"--runs={folder}")
    assert (failed.code, message in failed.err, Path("x.html").exists()) == (2, True, False)


def test_a_page_holds_the_checkpoints_of_its_slider(folder: Path, ids: list[str]) -> None:
    with Store(folder, read_only=True) as store:
        report = run_report(store, ids[0], Path("r.html"), 2)
        steps = [checkpoint.step for checkpoint in store.checkpoints(ids[0])]
    assert [held.step for held in report.checkpoints] == [steps[0], steps[-1]]
    page = page_html(report)
    assert re.findall(r'<template data-words="step (\d+)', page) == ["0", "6"]
    assert 'max="1" value="1"' in page
    for panel in report.checkpoints[0].panels:  # what the slider moves is a figure of the page
        assert page.count(f'id="{panel.key}"') == 1
        assert page.count(f'data-panel="{panel.key}"') == 2
    cells = [int(number) for number in re.findall(r'data-cell="(\d+)"', page)]
    assert sorted(cells) == list(range(len(cells)))
    assert len(page) < 3e6
