"""The rates of a machine: one file in the cache folder, read if it is of this machine, measured otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from modgrok.learners.base.rates import NOMINAL, MachineRates
from modgrok.sweeps import calibration
from modgrok.sweeps.calibration import VARIABLE, rates_of_machine

MEASURED = replace(NOMINAL, products=1.25e-11)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Gather the numbers of threads for which rates are measured, without measuring."""
    counts: list[int] = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)

    def measure(threads: int) -> MachineRates:
        counts.append(threads)
        return MEASURED

    monkeypatch.setattr(calibration, "measure_in_process", measure)
    return counts


def another_process(threads: int = 1) -> MachineRates:
    calibration._rates.cache_clear()
    return rates_of_machine(threads)


def test_rates_are_measured_once_for_each_number_of_threads(measured: list[int], tmp_path: Path) -> None:
    assert another_process() == another_process() == rates_of_machine() == MEASURED
    assert another_process(2) == MEASURED
    assert measured == [1, 2]
    folder = tmp_path / "modgrok" / "calibration"
    assert sorted(path.name for path in folder.iterdir()) == ["threads-1.json", "threads-2.json"]
    content = json.loads((folder / "threads-1.json").read_text())
    assert set(content) == {"version", "jax", "processor", "threads", "rates"}
    assert content["rates"] == asdict(MEASURED)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:40],
        lambda text: "",
        lambda text: "[" * 10**5,
        lambda text: "[1]",
        lambda text: text.replace('"version": 1', '"version": 0'),
        lambda text: text.replace('"threads": 1', '"threads": 2'),
        lambda text: text.replace('"processor": "', '"processor": "another '),
        lambda text: text.replace("1.25e-11", "NaN"),
        lambda text: text.replace("1.25e-11", "-1.0"),
        lambda text: text.replace("1.25e-11", '"fast"'),
        lambda text: text.replace('"calls"', '"Calls"'),
    ],
)
def test_a_damaged_or_foreign_file_is_measured_anew(
    measured: list[int], tmp_path: Path, spoil: Callable[[str], str]
) -> None:
    another_process()
    path = tmp_path / "modgrok" / "calibration" / "threads-1.json"
    text = path.read_text()
    spoiled = spoil(text)
    assert spoiled != text
    path.write_text(spoiled)
    assert another_process() == MEASURED
    assert measured == [1, 1]
    assert path.read_text() == text


def test_what_the_environment_asks_for(measured: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    assert another_process() == NOMINAL
    monkeypatch.setenv(VARIABLE, "refresh")
    assert another_process() == another_process() == MEASURED
    assert measured == [1, 1]


def test_where_nothing_can_be_written_or_measured(
    measured: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "modgrok").write_text("a file in the place of the folder")
    assert another_process() == MEASURED
    monkeypatch.setattr(calibration, "measure_in_process", lambda threads: None)
    assert another_process() == NOMINAL


@pytest.mark.long
def test_rates_can_be_measured_here() -> None:
    rates = calibration.measure_in_process(1)
    assert rates is not None
    assert 0.1 < rates.products / NOMINAL.products < 30
