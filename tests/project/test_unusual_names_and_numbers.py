"""Names that no file can have, numbers that float32 does not hold: one line that names the argument."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modgrok.io import InputError, is_file, is_folder, path_exists
from modgrok.learners.base.settings import option_fields
from modgrok.learners.catalogue import LEARNERS
from modgrok.models import MLP
from modgrok.models.on_device import on_device
from modgrok.runs import NetworkFile, read_network, write_network
from modgrok.sweeps.grid.axes import values_of
from modgrok.tasks import TaskSource

Call = Callable[..., Any]
TASK = ("x + y", "--p", "5")
IMPOSSIBLE = {
    "long": "a" * 5000,
    "longer than a name": "a" * 256,
    "null character": "a\0b",
    "long folder": "a" * 300 + "/b",
}
PLACES = {
    "a table": (("decide", "--table", "{}.npy"), "table"),
    "a sweep": (("sweep", "{}.toml"), "file"),
    "a store": (("runs", "list", "--runs", "{}"), "runs"),
    "a network": (("explain", "{}.safetensors"), "path"),
    "an imported file": (("import", "{}.pt", *TASK), "path"),
    "a constructed network": (("construct", *TASK, "-o", "{}.safetensors"), "output"),
    "a report": (("report", "net.safetensors", "-o", "{}.html"), "output"),
    "an export": (("export", "net.safetensors", "-o", "{}.safetensors"), "output"),
    "a sweep's export": (("export", "s", "--format", "csv", "-o", "{}"), "output"),
}


@pytest.fixture
def network(tmp_path: Path) -> Path:
    net = MLP(on_device(np.zeros((2, 5, 3), np.float32)), on_device(np.zeros((5, 3), np.float32)))
    write_network(tmp_path / "net.safetensors", NetworkFile(net, TaskSource(expression="x + y", p=5)))
    return tmp_path / "net.safetensors"


def refusal(result: Any) -> str:
    (refused,) = [line for line in result.err.splitlines() if line.startswith("modgrok: ")]
    assert result.code == 2, result
    return str(refused)


@pytest.mark.parametrize("name", IMPOSSIBLE)
@pytest.mark.parametrize("place", PLACES)
def test_a_name_that_no_file_can_have_is_refused(call: Call, network: Path, place: str, name: str) -> None:
    words, argument = PLACES[place]
    before = sorted(network.parent.rglob("*"))
    line = refusal(call(*(word.format(IMPOSSIBLE[name]) for word in words)))
    assert "Errno" not in line
    assert len(line) < 400
    assert line.startswith(f"modgrok: {argument}: ") or place == "a sweep's export", line
    assert sorted(network.parent.rglob("*")) == before


@pytest.mark.parametrize("name", IMPOSSIBLE.values())
def test_questions_about_impossible_names_are_answered(name: str) -> None:
    assert (is_file(Path(name)), is_folder(Path(name)), path_exists(Path(name))) == (False, False, False)


@pytest.mark.parametrize(
    ("spec", "whole"),
    [
        ({"start": 0, "stop": 1e308, "num": 3}, True),
        ({"start": -1e308, "stop": 1e308, "num": 2}, False),
    ],
)
def test_an_axis_beyond_all_floats_is_refused(spec: dict[str, Any], whole: bool) -> None:
    with pytest.raises(InputError, match=r"axes\.lr: must have finite values between its ends, got "):
        values_of("lr", {**spec}, whole=whole)


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda known: known.name)
def test_no_setting_is_beyond_float32(learner: Any) -> None:
    """Such a number would reach the device as infinity, with a warning of NumPy."""
    numbers = [
        name for name, info in option_fields(learner.settings).items() if "float" in str(info.annotation)
    ]
    assert numbers
    for name in numbers:
        for value in (3.5e38, 1e308):
            with pytest.raises(ValueError, match=rf"{name}"):
                learner.settings(**{name: value})


@pytest.mark.parametrize(
    "option", ["--lr=1e308", "--weight-decay=4e38", "--lr=1e-400", "--lr=1e400", "--lr=nan"]
)
def test_a_rate_beyond_float32_is_refused_before_any_work(call: Call, option: str) -> None:
    name = option.split("=")[0].strip("-").replace("-", "_")
    line = refusal(call("train", *TASK, "--width", "8", "--steps", "3", option))
    assert line.startswith(f"modgrok: {name}: must be"), line
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("step", "<script>"), ("step", True), ("run", 3), ("command", ["x"])]
)
def test_notes_of_a_file_are_checked(call: Call, network: Path, name: str, value: object) -> None:
    content = network.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    known = json.loads(header["__metadata__"]["modgrok"])
    header["__metadata__"]["modgrok"] = json.dumps({**known, "notes": {name: value}})
    text = json.dumps(header).encode()
    network.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])
    with pytest.raises(InputError, match=rf"notes\.{name}: must be of type"):
        read_network(network)
    for command in (("explain",), ("measure",), ("report",)):
        assert f"notes.{name}: must be of type" in refusal(call(*command, network.name))
