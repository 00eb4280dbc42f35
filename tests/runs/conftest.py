"""Stores that the tests of this folder share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from forged_store import EXPERIMENT, OTHER

from modgrok.runs import Store, run


@pytest.fixture(scope="module")
def stored_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two short runs, for reading."""
    folder = tmp_path_factory.mktemp("made") / "runs"
    with Store(folder) as store:
        for experiment in (OTHER, EXPERIMENT):
            run(experiment, store=store, steps=4, early_stop=False)
    return folder


@pytest.fixture
def store_copy(stored_run: Path, tmp_path: Path) -> Path:
    """A copy of that store, to be changed."""
    shutil.copytree(stored_run, tmp_path / "runs")
    return tmp_path / "runs"
