"""`modgrok export --format transformerlens`: folders, trajectories, model cards, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from networks import OPTIONS, every_input, random_network

import modgrok
from modgrok.cli import main
from modgrok.runs import Experiment, NetworkFile, Record, RunRow, Store, run
from modgrok.tasks import TaskSource

P = 5
CONTEXT = {
    "operands": ["x", "y"], "inputs": 25, "train": 12, "test": 13, "chance": 0.2, "majority": 0.2,
    "command": 'modgrok train "x + y"',
}  # fmt: skip


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with transformers kept at two steps, entered by hand."""
    monkeypatch.chdir(tmp_path)
    experiment = Experiment.of("x + y", p=P, seed=7)
    text = experiment.canonical_json()
    row = RunRow(experiment.id, text, "x + y", P, "transformer", step=20, context=CONTEXT)
    names = ("train_accuracy", "test_accuracy")
    row = RunRow(**{**vars(row), "scalars": names, "budget": 20})
    with Store(tmp_path / "runs") as store:
        store.start_run(row)
        records = [Record(step, 1.0, dict(zip(names, (1.0, step / 32), strict=True)), {}) for step in (0, 20)]
        store.commit(row, records, {"step": np.zeros(1)})
        for step, options in ((0, OPTIONS[0]), (20, OPTIONS[3])):
            content = NetworkFile(
                random_network(**options, p=P), TaskSource(expression="x + y", p=P), notes={"step": step}
            )
            store.keep_weights(row.id, step, "schedule", content)
    return tmp_path


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    return int(leaving.value.code or 0)


def test_a_folder_answers_as_the_run_does(stored: Path) -> None:
    assert call("export", "latest", "--format", "transformerlens", "-o", "out") == 0
    inputs = every_input(random_network(**OPTIONS[0], p=P))
    loaded, run_ = modgrok.load("out"), modgrok.load("latest")
    assert (loaded.step, loaded.task.name) == (20, "x + y")
    assert np.array_equal(loaded(inputs), run_(inputs))
    assert {path.name for path in Path("out").iterdir()} == {"model.safetensors", "config.json", "README.md"}


def test_a_trajectory_has_a_folder_for_each_step(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("export", "latest", "--format", "transformerlens", "--trajectory", "-o", "out", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["path"] == "out"
    assert sorted(path.name for path in Path("out").iterdir()) == ["step-00", "step-20"]
    assert [modgrok.load(path).step for path in sorted(Path("out").iterdir())] == [0, 20]


def test_the_card_says_what_was_trained(stored: Path) -> None:
    call("export", "latest", "--format", "transformerlens", "-o", "out")
    _, head, body = Path("out/README.md").read_text().split("---\n", 2)
    assert "library_name: transformer-lens" in head
    assert 'name: "x + y mod 5"' in head
    assert "value: 0.625" in head
    for fact in ("| Seed | 7 ", "| p | 5 |", "| Test accuracy | 0.625000 |", "0.5 of 25 inputs", "x_1 5 x_2"):
        assert fact in body, fact


@pytest.mark.needs("yaml")
def test_the_card_s_head_is_yaml(stored: Path) -> None:
    import yaml

    call("export", "latest", "--format", "transformerlens", "-o", "out")
    head = yaml.safe_load(Path("out/README.md").read_text().split("---\n", 2)[1])
    result = head["model-index"][0]["results"][0]
    assert result["dataset"] == {"type": "modgrok", "name": "x + y mod 5"}
    assert [metric["value"] for metric in result["metrics"]] == [1.0, 0.625]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("--format", "csv", "--trajectory"), "trajectory: "),
        (("--format", "transformerlens", "--trajectory", "--step", "0"), "trajectory: "),
        (
            ("--format", "transformerlens", "--step", "3"),
            "step: must be a step with a checkpoint, one of 0, 20, got 3",
        ),
        (("--format", "transformerlens", "-o", "file"), "output: must be a folder"),
        (("--format", "transformerlens", "-o", "no/where"), "output: must be in an existing folder"),
    ],
)
def test_bad_exports_are_refused(
    stored: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], rule: str
) -> None:
    Path("file").touch()
    assert call("export", "latest", *arguments) == 2
    assert rule in capsys.readouterr().err


@pytest.mark.long
def test_other_networks_and_foreign_files_without_a_task_are_refused(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store(Path("runs")) as store:
        run(Experiment.of("x * y", p=P, width=20), store=store, steps=1)
    assert call("export", "latest", "--format", "transformerlens") == 2
    assert "needs a run of the learner transformer, got mlp" in capsys.readouterr().err
    Path("empty").mkdir()
    assert call("measure", "empty") == 2
    assert "folder with model.safetensors" in capsys.readouterr().err
