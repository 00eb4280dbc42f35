"""The atlas: every sweep file has its table and its picture, and they agree."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from modgrok.sweeps import Sweep, read_sweep
from modgrok.sweeps.tables.summary import CRITICAL, POINT

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "atlas").glob("*.toml"))


def table_of(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    with (ROOT / "atlas" / "tables" / f"{file.stem}.csv").open(newline="", encoding="utf-8") as source:
        reader = csv.DictReader(source)
        return list(reader.fieldnames or []), list(reader)


def points(sweep: Sweep, left_out: tuple[str, ...]) -> list[tuple[Any, ...]]:
    result = (tuple(v for name, v in m.point.items() if name not in left_out) for m in sweep.members)
    return list(dict.fromkeys(result))


def points_of(rows: list[dict[str, str]], axes: list[str]) -> list[tuple[float, ...]]:
    return [tuple(float(row[axis]) for axis in axes) for row in rows]


def test_there_is_one_table_a_file() -> None:
    assert len(FILES) >= 3
    tables = {path.stem for path in (ROOT / "atlas" / "tables").glob("*.csv")}
    assert tables == {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_tables_are_those_of_their_files(file: Path) -> None:
    sweep = read_sweep(file)
    assert sweep.name == file.stem.replace("_", "-")
    columns, rows = table_of(file)
    if sweep.search is None:
        axes = [name for name in sweep.axis_names if name != "seed"]
        assert columns == [*axes, *(name for name, _, _ in POINT)]
        seeds = Counter(points_of_runs(sweep))
        assert [int(row["runs"]) for row in rows] == list(seeds.values())
        for row in rows:  # with corrupted labels a run may grok without memorising
            assert max(int(row["grokked"]), int(row["memorised"])) <= int(row["runs"])
        assert points_of(rows, axes) == points(sweep, ("seed",))
    else:
        axes = [name for name in sweep.axis_names if name not in ("fraction", "seed")]
        assert columns == [*axes, *(name for name, _, _ in CRITICAL)]
        assert points_of(rows, axes) == points(sweep, ("fraction", "seed"))
        assert {int(row["seeds"]) for row in rows} == {sweep.search.seeds}
        for row in rows:
            assert 2 <= int(row["fractions"]) <= sweep.search.most_probes
            if row["place"] == "inside":
                low, high = float(row["low"]), float(row["high"])
                assert sweep.search.within.low <= low < high <= sweep.search.within.high
                assert high - low <= sweep.search.within.resolution + 1e-9
                assert 2 * int(row["low_grokked"]) < sweep.search.seeds <= 2 * int(row["high_grokked"])


def points_of_runs(sweep: Sweep) -> list[tuple[Any, ...]]:
    return [tuple(v for name, v in m.point.items() if name != "seed") for m in sweep.members]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_page_has_the_command_of_every_file(file: Path) -> None:
    page = (ROOT / "docs" / "atlas.md").read_text(encoding="utf-8")
    assert f"modgrok sweep atlas/{file.name}" in page
    assert f"atlas/tables/{file.stem}.csv" in page
