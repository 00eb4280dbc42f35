"""Sweep files: what they expand to, and what they refuse in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modgrok.runs import Experiment
from modgrok.runs.spelling import current_names
from modgrok.sweeps.grid.axes import values_of
from modgrok.sweeps.grid.sweep_file import field_names, make_sweep, read_sweep
from modgrok.tasks import InputError

BASE = {"expression": "x + y", "p": 7, "width": 20, "steps": 5}


def sweep(**parts: Any) -> Any:
    return make_sweep({"name": "s", "base": BASE, **parts})


def test_members_are_the_experiments_that_train_would_run() -> None:
    result = sweep(axes={"fraction": [0.5, 0.7], "lr": {"log": [1e3, 1e5], "num": 3}})
    assert [m.point for m in result.members][:2] == [
        {"fraction": 0.5, "lr": 1000.0},
        {"fraction": 0.5, "lr": 10_000.0},
    ]
    assert len(result.members) == 6
    assert {m.steps for m in result.members} == {5}
    assert result.members[4].experiment.id == Experiment.of("x + y", p=7, width=20, fraction=0.7, lr=1e4).id


def test_expressions_moduli_and_learners_are_axes_like_any_other() -> None:
    base = {"p": 5, "steps": 3}
    result = make_sweep(
        {"name": "s", "base": base, "axes": {"expression": ["x + y", "x*y"], "learner": ["mlp", "rfm"]}}
    )
    assert [(m.experiment.name, m.experiment.learner.kind) for m in result.members] == [
        ("x + y", "mlp"),
        ("x + y", "rfm"),
        ("x*y", "mlp"),
        ("x*y", "rfm"),
    ]
    assert result.members[0].stops_early
    assert not result.members[1].stops_early


def test_zipped_lists_advance_together() -> None:
    base = {"expression": "x + y"}
    result = make_sweep(
        {
            "name": "s",
            "base": base,
            "axes": {"seed": [0, 1]},
            "zip": [{"p": [5, 7, 5], "width": [10, 14, 20]}],
        }
    )
    assert result.axis_names == ("seed", "p", "width")
    assert len(result.members) == 6
    assert [(m.experiment.task.p, m.experiment.learner.width) for m in result.members[:3]] == [
        (5, 10),
        (7, 14),
        (5, 20),
    ]


def test_points_that_are_one_run_are_one_member() -> None:
    result = make_sweep({"name": "s", "base": {"p": 7}, "axes": {"expression": ["x + y", "y + x"]}})
    assert len(result.members) == 1


def test_integers_are_spaced_as_integers() -> None:
    result = sweep(axes={"seed": {"start": 0, "stop": 3, "num": 4}})
    assert [m.experiment.seed for m in result.members] == [0, 1, 2, 3]


def test_ends_of_a_range_are_exact() -> None:
    ends = (2**60 + 1, 2**60 + 7)
    result = sweep(axes={"seed": {"start": ends[0], "stop": ends[1], "num": 3}})
    assert [m.experiment.seed for m in result.members] == [ends[0], ends[0] + 3, ends[1]]
    rates = {"start": 0.12345678901234, "stop": 1.0, "num": 3}
    assert values_of("lr", rates) == (0.12345678901234, 0.561728394506, 1.0)
    assert values_of("lr", {"log": [0.1, 0.1], "num": 1}) == (0.1,)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        'name = "s"\n[base]\nexpression = "x + y"\np = 7\n'
        "[axes]\nfraction = { start = 0.3, stop = 0.9, num = 7 }\n"
        "[[zip]]\nlr = [1e3, 1e4]\nweight_decay = [0, 1]\n"
    )
    result = read_sweep(path)
    assert [m.point["fraction"] for m in result.members[::2]] == [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert len(result.members) == 14


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"axes": {"fractoin": [0.5]}}, r"axes.fractoin: is not an option of train; did you mean fraction\?"),
        ({"base": {**BASE, "seeds": 3}}, r"base.seeds: is not an option of train; did you mean seed\?"),
        ({"axes": {"lr": []}}, "axes.lr: must have at least one value, got 0"),
        ({"axes": {"lr": {"log": [1, 2], "num": 0}}}, "axes.lr: must have at least one value, got 0"),
        (
            {"axes": {"seed": {"start": 0, "stop": 9, "num": 10**6}, "lr": {"log": [1, 2], "num": 1000}}},
            r"axes: must make at most 100,000 runs, got 1,000,000,000 \(seed 1,000,000 x lr 1,000\)",
        ),
        ({"axes": {"lr": {"start": 1, "num": 2}}}, "axes.lr: must be a list"),
        ({"axes": {"lr": 3}}, "axes.lr: must be a list"),
        ({"axes": {"lr": [[1]]}}, "axes.lr: must list numbers"),
        ({"axes": {"lr": {"log": [0, 2], "num": 2}}}, "axes.lr: log must have ends above 0"),
        ({"axes": {"lr": {"log": ["a", 2], "num": 2}}}, "axes.lr: must have numbers at both ends"),
        ({"axes": {"lr": {"log": [1, 2], "num": 2.5}}}, "axes.lr: num must be an integer"),
        ({"axes": {"lr": {"start": 1, "stop": 2, "num": 1}}}, "axes.lr: must have num of at least 2 between"),
        ({"base": {**BASE, "table": "t.npy"}}, "base.table: must be left out, since a sweep reads no files"),
        ({"expression": "x + y"}, r"expression: must be in \[base\] or \[axes\]"),
        ({"axes": {"seed": [1, 1]}}, "axes.seed: must not repeat a value, got '1' twice"),
        ({"axes": {"fraction": [0.5, 1.5]}}, r"fraction: must be below 1, got 1.5 \(at fraction 1.5\)"),
        ({"axes": {"p": [7]}}, r"axes.p: must be given once, got it in \[base\] as well"),
        ({"axes": {"seed": [0, "a"]}}, r"seed: must be an integer, got 'a'"),
        ({"axes": {"batch_size": [True]}}, "batch_size: must be an integer"),
        ({"axes": {"ridge": [0.1]}}, r"ridge: is not an option of the learner mlp"),
        ({"axes": {"observe_every": [0]}}, "observe_every: must be at least 1"),
        ({"base": {**BASE, "steps": 0}}, "steps: must be at least 1"),
        ({"base": {**BASE, "expression": "x +"}}, "expression"),
        ({"axes": {"observe_every": [1, 2]}}, "axes: must make different runs"),
        ({"zip": [{"lr": [1, 2], "seed": [1]}]}, "zip: must have lists of equal length, got lr 2, seed 1"),
        ({"zip": [{}]}, "zip: must name at least one field"),
        ({"zip": {"lr": [1]}}, r"zip: must be tables"),
        ({"axes": {"lr": [1]}, "zip": [{"lr": [1]}]}, "axes.lr: must be given once, got it twice"),
        (
            {"axis": {"lr": [1]}},
            r"axis: must be one of name, .*, pad; did you mean axes\?",
        ),
        ({"name": "../x"}, "name: must be letters"),
        ({"base": 3}, "base: must be a table"),
        ({"base": 3, "critical": {}}, "base: must be a table"),
        ({"axes": 5, "critical": {}}, "axes: must be a table"),
        ({"axes": "fraction", "critical": {}}, "axes: must be a table"),
        ({"critical": {"low": 10**400}}, "critical.low: must be a number"),
        ({"pad": 1}, "pad: must be true or false"),
        (
            {"pad": True, "base": {"expression": "x + y", "p": 7, "learner": "rfm"}},
            "pad: must be used only by",
        ),
        ({"pad": True, "base": {**BASE, "batch_size": 8}}, "pad: must be used only by the learner mlp"),
    ],
)
def test_refusals(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        sweep(**content) if "name" not in content else make_sweep({"base": BASE, **content})
    assert "\n" not in str(refused.value)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="file: cannot read"):
        read_sweep(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("name =")
    with pytest.raises(InputError, match="is not valid TOML"):
        read_sweep(bad)


def test_every_option_of_train_but_those_that_read_files_is_a_field() -> None:
    from dataclasses import fields

    from modgrok.cli.train import Options

    known = field_names()
    options = [field.name for field in fields(Options)]
    assert {name for option in options for name in current_names({option: None}, known)} <= set(known)
