"""The tutorial counts its own commands right, and shows the lines that every training ends with."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def test_the_calls_and_commands_are_as_many_as_announced() -> None:
    fences = re.findall(r"^```sh\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    commands = [line.split()[3] for fence in fences for line in fence.splitlines() if "run modgrok" in line]
    announced = re.search(r"(\w+) commands, (\w+) times in all", TEXT)
    assert announced is not None
    assert announced.groups() == (NUMBERS[len(set(commands))], NUMBERS[len(commands)])


def test_the_first_training_shows_where_it_is_stored() -> None:
    first = TEXT.split("## 2.")[0]
    run = re.search(r"·  run (\w+)  ·", first)
    assert run is not None
    assert re.search(rf"stored in /\S+/runs/{run[1]}$", first, re.MULTILINE)
    assert f"picture: modgrok report {run[1]} -o report.html" in first
