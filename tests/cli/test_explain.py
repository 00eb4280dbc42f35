"""`modgrok explain`: its JSON keys, its sentences, and bad input in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modgrok
from modgrok.tasks import task_from_expression

Call = Callable[..., Any]
KEYS = {
    "accuracy",
    "formula_accuracy",
    "explained_share",
    "explained_share_train",
    "frequencies",
    "order",
    "seconds",
}


def save_logits(path: Path, text: str = "x + y", p: int = 7) -> np.ndarray:
    task = task_from_expression(text, p)
    logits = np.full((*task.table.shape, p), np.nan)
    logits.reshape(-1, p)[task.domain] = np.cos(4 * np.pi * (task.labels()[:, None] - np.arange(p)) / p)
    np.save(path, logits)
    return logits


def test_logits_in_a_file(call: Call, tmp_path: Path) -> None:
    save_logits(tmp_path / "logits.npy")
    result = call("explain", "--logits", "logits.npy", "x + y", "--p", "7", "--json")
    assert result.code == 0, result.err
    values = result.json
    assert set(values) >= KEYS
    assert (values["accuracy"], values["formula_accuracy"], values["explained_share"]) == (1, 1, 1)
    assert values["explained_share_train"] is None
    assert (values["frequencies"], values["order"], values["form"]) == ([2], 7, "additive")
    out = result.out
    assert "A formula in s = x + y with 1 frequency explains 100% of 49 inputs" in out
    assert "logit(c) = a(c) + 1 cos(2 pi 2 (s - c)/7), s = x + y" in out


def test_undefined_inputs_of_a_division_may_hold_anything(call: Call, tmp_path: Path) -> None:
    save_logits(tmp_path / "logits.npy", "x/y")
    result = call("explain", "--logits", "logits.npy", "x/y", "--p", "7", "--json")
    assert result.code == 0, result.err


def test_a_run_at_its_kept_steps(call: Call) -> None:
    trained = call("train", "x + y", "--p", "5", "--width", "16", "--steps", "4", "--json")
    run = trained.json["run"]
    values = call("explain", run, "--json").json
    assert values["run"] == run
    assert values["step"] == 4
    assert values["explained_share"] <= values["accuracy"]
    assert values["explained_share_train"] is not None
    assert values["accuracy"] == pytest.approx(trained.json["test_accuracy"])
    assert call("explain", run, "--step", "0", "--json").json["step"] == 0
    for arguments, message in (
        (("--step", "3"), "step: must be a step with a checkpoint, one of 0, 1, 2, 4, got 3"),
        (("x + y",), "expression: must be used with a file of weights, got the run"),
        (("--p", "5"), "p: must be used with a file of weights, got the run"),
        (("--form", "multiplicative"), "form: must be one that x + y mod 5 is known to have"),
    ):
        result = call("explain", run, *arguments)
        assert result.code == 2
        (line,) = result.err.strip().splitlines()
        assert message in line


def test_a_constructed_network_in_a_file(call: Call) -> None:
    call("construct", "x*y", "--p", "7", "--output", "net.safetensors")
    values = call("explain", "net.safetensors", "--json").json
    assert values["explained_share"] >= 1 - 1 / 49
    assert (values["order"], values["root"], values["accuracy"]) == (6, 3, 1)
    again = call("explain", "net.safetensors", "x*y", "--p", "7", "--by-loss", "--json").json
    assert again["curve"] == values["curve"]
    assert "key_frequencies" not in values
    assert set(again["key_frequencies"]) <= {1, 2, 3}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--logits", "logits.npy", "x + y", "--p", "5"), "logits: must have shape (25, 5) or (5, 5, 5)"),
        (("--logits", "logits.npy", "x + y"), "p: must be given with an expression"),
        (("--logits", "flat.npy", "x + y", "--p", "7"), "logits: must have shape"),
        (("--logits", "nan.npy", "x + y", "--p", "7"), "logits: must be finite in the domain, got nan"),
        (("--logits", "text.npy", "x + y", "--p", "7"), "logits: text.npy does not hold a plain array"),
        (("--logits", "missing.npy", "x + y", "--p", "7"), "logits: must be an existing .npy file"),
        (("--logits", "logits.npy", "x + y", "x", "--p", "7"), "expression: must be the only argument"),
        (
            ("text.safetensors", "x + y", "--p", "7"),
            "path: must be a safetensors file, got 'text.safetensors'",
        ),
        (("missing.safetensors",), "path: must be a safetensors file"),
        (("--logits", "infinite.npy", "x + y", "--p", "7"), "logits: must be finite in the domain, got inf"),
        (("--logits", "objects.npy", "x + y", "--p", "7"), "logits: objects.npy does not hold a plain array"),
        (("--logits", "complex.npy", "x + y", "--p", "7"), "logits: must be an array of real numbers"),
        (("--logits", "empty.npy", "x + y", "--p", "7"), "logits: empty.npy does not hold a plain array"),
        (("--logits", ".", "x + y", "--p", "7"), "logits: must be an existing .npy file"),
        (("--logits", "logits.npy"), "expression: must"),
        (
            ("--logits", "logits.npy", "x + y", "--p", "7", "--replace"),
            "replace: must be used with a network",
        ),
        (("--logits", "logits.npy", "x + y", "--p", "7", "-o", "w.safetensors"), "output: must be used with"),
        (("--logits", "logits.npy", "x + y", "--p", "7", "--step", "3"), "step: must be left out"),
        (("empty.safetensors", "x + y", "--p", "7"), "path: must be a safetensors file"),
        (("net.safetensors", "--step", "3"), "step: must be left out for a file, got 3"),
        (("net.safetensors", "x + y", "--expression", "x*y"), "expression: must be given once"),
        (("net.safetensors", "x +", "--p", "7"), "expression: "),
        (("net.safetensors", "--replace", "-o", "nowhere/w.safetensors"), "output: "),
        (("net.safetensors", "x + y", "--p", "5"), "p: must be 7, the network's number of classes, got 5"),
        (("net.safetensors", "x + y + z", "--p", "7"), "expression: must have 2 operands"),
        (
            ("net.safetensors", "--form", "multiplicative"),
            "form: must be one that x + y mod 7 is known to have",
        ),
        (("net.safetensors", "--form", "other"), "form: must be one of additive, multiplicative"),
        ((), "run: must name a run or a file of weights"),
        (("nothing",), "run"),
    ],
)
def test_bad_input_is_one_line(call: Call, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    logits = save_logits(tmp_path / "logits.npy")
    np.save(tmp_path / "flat.npy", logits.ravel())
    logits[3, 4, 2] = np.nan
    np.save(tmp_path / "nan.npy", logits)
    logits[3, 4, 2] = np.inf
    np.save(tmp_path / "infinite.npy", logits)
    np.save(tmp_path / "objects.npy", logits.astype(object), allow_pickle=True)
    np.save(tmp_path / "complex.npy", np.zeros((49, 7), complex))
    (tmp_path / "empty.npy").touch()
    (tmp_path / "empty.safetensors").touch()
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "text.safetensors").write_text("no network")
    if "net.safetensors" in arguments:
        call("construct", "x + y", "--p", "7", "--output", "net.safetensors")
    result = call("explain", *arguments)
    assert result.code == 2
    lines = result.err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]


def test_a_file_with_its_training_inputs_is_explained_as_its_run(call: Call) -> None:
    data = modgrok.arrays("x + y", p=7, fraction=0.6, seed=3)
    np.save("rows.npy", data.train)
    np.save("logits.npy", np.zeros((49, 7)))
    task = ("x + y", "--p", "7", "--fraction", "0.6", "--seed", "3", "--width", "16", "--steps", "20")
    run = call("train", *task, "--json").json["run"]
    assert call("export", run, "-o", "net.safetensors").code == 0
    for command in ("explain", "measure"):
        stored = call(command, run, "--json")
        known = call(command, "net.safetensors", "--train", "rows.npy", "--json")
        assert known.code == 0, known.err
        if command == "measure":  # of a run it is every checkpoint
            last, only = stored.json["measures"][-1], known.json["measures"][0]
            assert {name: only[name] for name in only if name not in ("reasons", "step")} == {
                name: last[name] for name in only if name not in ("reasons", "step")
            }
        else:
            apart = ("run", "seconds")
            assert {k: v for k, v in known.json.items() if k not in apart} == {
                k: v for k, v in stored.json.items() if k not in apart
            }
    assert "of 20 test inputs" in call("explain", "net.safetensors", "--train", "rows.npy").out
    assert (
        "of 20 test inputs"
        in call("explain", "x + y", "--p", "7", "--logits", "logits.npy", "--train", "rows.npy").out
    )
    refused = call("explain", run, "--train", "rows.npy")
    assert refused.err == f"modgrok: train: must be used with a file of weights, got the run '{run}'\n"
    assert call("measure", "net.safetensors", "--train", "rows.npy", "--prune").code == 0
    assert call("explain", "net.safetensors", "--train", "none.npy").err.startswith(
        "modgrok: train: must be an existing"
    )
