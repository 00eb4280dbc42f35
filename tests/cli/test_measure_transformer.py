"""`modgrok measure` of transformers, from files: every number, in tables and as JSON, task by task."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jax
import pytest

from modgrok.cli import main
from modgrok.measures import TRANSFORMER_MEASURES
from modgrok.measures.circuit.circuit import CIRCUIT_MEASURES
from modgrok.models.transformer import Block, Transformer
from modgrok.runs import NetworkFile, write_network
from modgrok.tasks import TaskSource

CIRCUIT = [name for name in (m.name for m in CIRCUIT_MEASURES) if name != "excluded_loss_train"]
WEIGHTS = [measure.name for measure in TRANSFORMER_MEASURES]


def network(p: int, k: int = 2) -> Transformer:
    keys = iter(jax.random.split(jax.random.key(p), 10))

    def draw(*shape: int) -> jax.Array:
        return jax.random.normal(next(keys), shape) / math.sqrt(shape[-2])

    block = Block(draw(2, 8, 4), draw(2, 8, 4), draw(2, 8, 4), draw(2, 4, 8), draw(8, 16), draw(16, 8))
    return Transformer(draw(p + 1, 8), None, (block,), None, draw(8, p), None, k)


def measured(
    net: Transformer, expression: str, p: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[str, dict[str, Any]]:
    path = folder / "net.safetensors"
    write_network(path, NetworkFile(net, TaskSource(expression=expression, p=p), notes={"step": 7}))
    with pytest.raises(SystemExit) as leaving:
        main(("measure", str(path), "--json"))
    assert not leaving.value.code
    out = capsys.readouterr().out
    return out, json.loads(out.strip().splitlines()[-1])


def test_every_measure_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, result = measured(network(7), "x*y", 7, tmp_path, capsys)
    (entry,) = result["measures"]
    assert result["run"] == str(tmp_path / "net.safetensors")
    places = ["step", "reasons", "explained_share"]
    assert list(entry) == [*places, *WEIGHTS, *CIRCUIT, "least_margin", "accuracy", "margin"]
    assert entry["step"] == 7
    assert all(name in out.split("{")[0] for name in (*WEIGHTS, *CIRCUIT))
    (circuit,) = result["circuits"]
    assert (circuit["task"], circuit["basis"], circuit["order"]) == ("x*y", "multiplicative", 6)
    assert (
        len(circuit["attribution"]) == len(circuit["loss_rise"]) == len(circuit["neurons_of_frequency"]) == 3
    )
    assert circuit["key_frequencies"] == [
        k for k, rise in enumerate(circuit["loss_rise"], start=1) if rise > 1e-9
    ]
    assert [len(head) for layer in circuit["attention"] for head in layer] == [3, 3]


@pytest.mark.long
def test_other_tasks_have_their_weights_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, result = measured(network(5, k=3), "x + y + z", 5, tmp_path, capsys)
    assert result["circuits"] == []
    names = ["step", "reasons", "explained_share", *WEIGHTS, "least_margin", "accuracy", "margin"]
    assert list(result["measures"][0]) == names


@pytest.mark.long
def test_a_run_has_its_training_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ("--d-model", "8", "--heads", "2", "--d-mlp", "16", "--steps", "1", "--runs", str(tmp_path))
    for arguments in (
        ("train", "x + y; x - y", "--p", "5", "--fraction", "0.6", "--learner", "transformer", *small),
        ("measure", "latest", "--json", "--runs", str(tmp_path)),
    ):
        with pytest.raises(SystemExit) as leaving:
            main(arguments)
        assert not leaving.value.code
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    names = [f"{name}_{task}" for task in (1, 2) for name, _ in CIRCUIT_MEASURES]
    for entry in result["measures"]:
        assert [name for name in entry if name in names] == names
        for task in (1, 2):
            assert entry[f"excluded_loss_train_{task}"] != entry[f"excluded_loss_{task}"]
    assert [entry["step"] for entry in result["measures"]] == [0, 1]
    assert [circuit["task"] for circuit in result["circuits"]] == ["x + y", "x - y"]
