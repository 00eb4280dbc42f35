"""The survey's sweep files are what their tool writes, and make the runs that the atlas says."""

from __future__ import annotations

import math
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from modgrok.sweeps import make_sweep, read_sweep

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "make_survey_files.py"
FOLDER = ROOT / "atlas" / "survey"

if not TOOL.is_file():
    pytest.skip("not part of this checkout", allow_module_level=True)
TOOLS = runpy.run_path(str(TOOL))
PIECES = TOOLS["PIECES"]
SURVEY = [piece for piece in PIECES if not piece.full]


def content_of(piece: Any) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{piece.name}.toml").read_text(encoding="utf-8"))


def test_the_files_are_what_the_tool_writes() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == {piece.name for piece in PIECES}
    for piece in PIECES:
        text = (FOLDER / f"{piece.name}.toml").read_text(encoding="utf-8")
        assert text == TOOLS["content"](piece), f"run {TOOL.name}"


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_a_piece_has_the_runs_that_are_documented(piece: Any) -> None:
    content = content_of(piece)
    axes = [len(values) for values in content["axes"].values()]
    zipped = [{len(values) for values in entry.values()} for entry in content.get("zip", [])]
    assert all(len(sizes) == 1 for sizes in zipped)
    assert math.prod([*axes, *(sizes.pop() for sizes in zipped)]) == piece.runs
    for entry in content.get("zip", []):
        points = list(zip(entry["p"], entry["fraction"], strict=True))
        assert len(set(points)) == len(points)  # or two members would be one run
        assert points == list(zip(piece.moduli, piece.fractions, strict=True))
    # its corners; all members take seconds, in the long test
    corners = {name: [values[0], values[-1]] for name, values in content["axes"].items() if len(values) > 1}
    corners["seed"] = content["axes"]["seed"][-1:]
    ends = [{name: [v[0], v[-1]] for name, v in entry.items()} for entry in content.get("zip", [])]
    sweep = make_sweep({**content, "axes": corners, **({"zip": ends} if ends else {})})
    assert sweep.name == TOOLS["sweep_name"](piece)
    assert len(sweep.members) == 2 ** (len(corners) - 1 + len(ends))


@pytest.mark.long
@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_every_member_is_another_run(piece: Any) -> None:
    assert len(read_sweep(FOLDER / f"{piece.name}.toml").members) == piece.runs


def test_the_survey_is_as_large_as_planned() -> None:
    moduli = [p for piece in SURVEY for p in piece.moduli for _ in piece.seeds]
    assert len(moduli) == sum(piece.runs for piece in SURVEY) >= 3000
    assert sum(p >= 47 for p in moduli) >= len(moduli) / 4
    assert sum(piece.hours for piece in SURVEY) <= 8
    assert all(piece.hours <= 2 for piece in PIECES)
    assert sum(piece.hours for piece in PIECES) <= 24


def test_grids_are_ascending_and_end_below_the_whole_table() -> None:
    for piece in PIECES:
        for expected in piece.expected.values():
            fractions = TOOLS["grid"](expected)
            assert fractions == sorted(set(fractions))
            assert 0.1 < fractions[0] < fractions[-1] <= 0.95
