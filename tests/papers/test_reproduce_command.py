"""`modgrok reproduce` as scripts and people call it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modgrok.papers.claims.catalogue import choose_claims

CLAIM = "gromov2023/eq16-error"  # needs no runs
KEYS = {"id", "paper", "claim", "expected", "measured", "verdict", "seconds"}


def test_a_claim_is_tested_stored_and_listed(call: Callable[..., Any], tmp_path: Path) -> None:
    output = call("reproduce", CLAIM, "--budget", "tiny", "--json", "-o", "book")
    assert output.code == 0
    (claim,) = output.json["claims"]
    assert claim.keys() >= KEYS
    assert claim["id"] == CLAIM
    assert claim["paper"] == "gromov2023"
    assert claim["verdict"] == "reproduced"
    assert 0.97 <= claim["measured"]["peak"] <= 1.03
    assert claim["expected"][0]["name"] == "peak"
    assert claim["seconds"] > 0
    assert (tmp_path / output.json["path"]).is_file()
    assert (tmp_path / "book" / "gromov2023.html").is_file()

    listing = call("reproduce", "--list", "gromov2023", "--budget", "tiny", "--json").json["claims"]
    assert len(listing) == len(choose_claims(["gromov2023"]))
    for entry in listing:
        assert entry.keys() >= {*KEYS, "cost_seconds"}
        assert entry["cost_seconds"] >= 0
        if entry["id"] == CLAIM:
            assert (entry["verdict"], entry["measured"]) == ("reproduced", claim["measured"])
        else:
            assert (entry["verdict"], entry["measured"], entry["seconds"]) == (None, None, None)

    (booked,) = call("reproduce", "--list", "gromov2023/fig1-norm", "--json").json["claims"]
    assert booked["budget"] == "desktop"
    assert len(booked["runs"]) == len(booked["seeds"]) >= 3
    assert len(booked["seed_values"]["initial"]) == len(booked["seeds"])
    assert [short["kind"] for short in booked["shortfalls"]] == ["unstated"]
    assert "3 seeds" in booked["deviations"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gromov2024"], "claim: must be among .* got 'gromov2024'; did you mean gromov2023"),
        (["--budget", "huge"], "budget: must be one of tiny, laptop, desktop, paper, got 'huge'"),
        (["--executor", "cloud"], "executor: must be one of .*, got 'cloud'"),
        (["--address", "auto"], "address: must be used with --executor ray, got 'auto'"),
        (["--seeds", "0"], "seeds: must be used with --budget desktop, got laptop"),
        (
            ["--seeds", "a", "--budget", "desktop"],
            "seeds: must be whole numbers separated by commas, got 'a'",
        ),
        (["--workers", "0"], "workers: must be at least 1 and at most 1024, got 0"),
        (["--format", "pdf"], "format: must be one of html, markdown, got 'pdf'"),
        (["-o", "no/such/folder"], "output: must be in an existing folder, got"),
    ],
)
def test_bad_input_is_one_line(
    call: Callable[..., Any], arguments: list[str], message: str, tmp_path: Path
) -> None:
    output = call("reproduce", *arguments)
    assert output.code == 2
    assert len(output.err.strip().splitlines()) == 1
    assert re.search(message, output.err), output.err
    assert list(tmp_path.iterdir()) == []
