"""`train --seeds`: each seed its own run, and what they say together."""

from __future__ import annotations

from typing import Any

import pytest

SMALL = ("--p", "7", "--fraction", "0.7", "--width", "20", "--steps", "8", "--no-early-stop")


@pytest.mark.long
def test_seeds_are_runs_of_their_own(call: Any) -> None:
    result = call("train", "x + y", *SMALL, "--seed", "2", "--seeds", "3", "--json")
    assert result.code == 0, result.err
    assert [run["seed"] for run in result.json["seeds"]] == [2, 3, 4]
    assert len({run["run"] for run in result.json["seeds"]}) == 3
    summary = result.json["summary"]
    assert summary["runs"] == summary["grokked"]["of"] == 3
    assert summary["grokked"]["count"] == 0
    assert summary["grokked"]["quartiles"] == [None, None, None]
    low, high = summary["grokked"]["interval"]
    assert low == 0 < high < 1
    assert "grokked    0 of 3" in result.out
    alone = call("train", "x + y", *SMALL, "--seed", "3", "--json").json
    member = result.json["seeds"][1]
    assert (alone["run"], alone["test_accuracy"], alone["measures"]) == (
        member["run"],
        member["test_accuracy"],
        member["measures"],
    )
    assert len(call("runs", "list", "--json").json["runs"]) == 3


def test_seeds_are_refused_in_one_line(call: Any) -> None:
    for seeds in ("0", "-1", "20000", "2.5"):
        result = call("train", "x + y", *SMALL, "--seeds", seeds)
        assert result.code == 2
        assert result.err.startswith("modgrok: seeds: must be")
        assert result.err.count("\n") == 1
