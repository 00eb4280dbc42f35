"""Going on from committed numbers, without the runs behind them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_claims import SMALL, InProcess, make_claim

from modgrok.io import InputError
from modgrok.papers import RunGroup
from modgrok.papers.book.committed import committed_text
from modgrok.papers.claims.continuation import known_seeds
from modgrok.papers.claims.desktop import Desktop
from modgrok.papers.claims.reproduction import reproduce


def test_seeds_of_the_committed_book_are_not_run_again(tmp_path: Path, executor: InProcess) -> None:
    two = replace(make_claim("one"), desktop=Desktop(seeds=(0, 1)))
    three = replace(two, desktop=Desktop(seeds=(0, 1, 2)))
    (first,) = reproduce([two], "desktop", tmp_path / "a", executor, workers=1)
    assert len(first.seed_plans) == len(first.seeds) == len(executor.made) == 2
    (entry,) = json.loads(committed_text([first]))["claims"]
    committed = {two.id: entry}

    (again,) = reproduce([two], "desktop", tmp_path / "b", executor, workers=1, committed=committed)
    assert len(executor.made) == 2
    assert (again.verdict, again.values, again.seeds) == (first.verdict, first.values, first.seeds)
    assert (again.runs, again.hours) == (first.runs, first.hours)

    (more,) = reproduce([three], "desktop", tmp_path / "b", executor, workers=1, committed=committed)
    assert len(executor.made) == 3
    assert more.seeds == (0, 1, 2)
    assert more.runs[:2] == first.runs
    assert more.runs[2] == executor.made[2]
    assert more.seed_values["test_accuracy"][:2] == first.seed_values["test_accuracy"]
    assert more.values["test_accuracy"] == sorted(more.seed_values["test_accuracy"], key=float)[1]
    (stored,) = reproduce([three], "desktop", tmp_path / "b", None, workers=1)
    assert stored.seed_values == more.seed_values

    (single,) = reproduce([three], "desktop", tmp_path / "c", executor, workers=1, seeds=(2,))
    assert (single.seeds, single.runs) == ((2,), more.runs[2:])
    (pair,) = reproduce(
        [three], "desktop", tmp_path / "d", executor, workers=1, committed=committed, seeds=(2,)
    )
    assert (pair.seeds, pair.seed_values) == (more.seeds, more.seed_values)
    with pytest.raises(InputError, match=r"seeds: must have some of those of .*/one \(0, 1, 2\), got 7"):
        reproduce([three], "desktop", tmp_path / "d", executor, workers=1, seeds=(7,))

    longer = replace(two, plan=lambda budget: {"gd": RunGroup({**SMALL, "steps": 21})})
    assert not known_seeds(longer, "desktop", entry).numbers
    assert not known_seeds(two, "laptop", entry).numbers
    strict = replace(two, expected=(replace(two.expected[0], name="another"),))
    assert not known_seeds(strict, "desktop", entry).numbers
