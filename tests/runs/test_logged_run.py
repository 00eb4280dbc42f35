"""Runs of training loops outside modgrok: what is recorded and kept of them, and what they cannot do."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import modgrok
from modgrok.io import numpy_array
from modgrok.models import MLP
from modgrok.models.codec import pack
from modgrok.runs import Experiment, LoggedRun, Store
from modgrok.tasks import InputError

P = 7
SETTINGS = {"lr": 0.1, "framework": "numpy"}


def begun(folder: Path, **options: Any) -> LoggedRun:
    return modgrok.log("x + y", **{"p": P, "settings": SETTINGS, "runs": folder, **options})


def right(run: LoggedRun, scale: float = 5.0) -> np.ndarray:
    """Logits that answer every input."""
    return scale * np.eye(P, dtype=np.float32)[run.data.labels]


class OnlyDLPack:
    """An array that offers nothing but DLPack."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__()

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()


class Tensor:
    """An array that must be detached and brought to the CPU before it is read, as those of PyTorch."""

    dtype = "float32"

    def __init__(self, values: np.ndarray, ready: int = 0) -> None:
        self.values, self.ready = values, ready

    def detach(self) -> Tensor:
        return Tensor(self.values, self.ready + 1)

    def cpu(self) -> Tensor:
        return Tensor(self.values, self.ready + 1)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if self.ready < 2:
            raise RuntimeError("detach it first")
        return self.values


# What is recorded ---------------------------------------------------------------------------------------


def test_numbers_are_those_of_a_run_of_modgrok(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=P, fraction=0.6, seed=3, width=20)
    with Store(tmp_path) as store:
        trained = modgrok.run(experiment, store=store, steps=30, early_stop=False)
        networks = {c.step: c.load() for c in store.checkpoints(experiment.id)}
    with begun(tmp_path, fraction=0.6, seed=3, loss="mse") as run:
        for step, network in networks.items():
            run.observe(step, logits=network(jnp.asarray(run.data.inputs)))
    expected = {record.step: record.scalars for record in trained.records if record.step in networks}
    assert [record.step for record in run.records] == sorted(expected)
    for record in run.records:
        for name in ("train_accuracy", "test_accuracy", "clean_accuracy", "nonzero_accuracy"):
            assert record.scalars[name] == expected[record.step][name]
        for name in ("train_loss", "test_loss"):
            assert record.scalars[name] == pytest.approx(expected[record.step][name], rel=1e-6)
    assert run.row.context["orbit_accuracy"] == trained.row.context["orbit_accuracy"]


def test_arrays_of_any_framework_give_the_same_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with begun(tmp_path) as run:
        hidden, embedding = rng.standard_normal((P * P, 6)), rng.standard_normal((P + 1, 4))
        hidden_arrays = [right(run) + 0.1, hidden.astype(np.float32), embedding.astype(np.float32)]
        kinds: list[Callable[[np.ndarray], Any]] = [
            np.asarray, jnp.asarray, OnlyDLPack, Tensor, lambda values: values.tolist(),
        ]  # fmt: skip
        observed = [run.observe(step, *map(kind, hidden_arrays)) for step, kind in enumerate(kinds)]
    assert observed[0]["test_accuracy"] == observed[0]["explained_share"] == 1
    assert {"hidden_rank", "single_frequency_share", "ffs_embedding", "restricted_loss"} <= set(observed[0])
    for numbers in observed[1:]:
        assert numbers == pytest.approx(observed[0], rel=1e-4, abs=1e-5)


def test_bfloat16_is_read() -> None:
    assert numpy_array(jnp.ones(3, jnp.bfloat16), "logits").dtype == np.float32


def test_logits_of_all_inputs_and_of_the_domain_are_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with modgrok.log("x/y", p=5, runs=tmp_path) as run:
        whole = rng.standard_normal((5, 5, 5)).astype(np.float32)
        domain = whole.reshape(-1, 5)[run.task.domain]
        assert len(domain) == 20
        assert run.observe(0, logits=whole) == run.observe(1, logits=domain)


def test_a_mixture_records_each_of_its_tasks(tmp_path: Path) -> None:
    with modgrok.log("x + y; x*y", p=5, runs=tmp_path) as run:
        numbers = run.observe(0, logits=np.eye(5)[run.data.labels])
    assert numbers["test_2_accuracy"] == numbers["train_1_accuracy"] == 1
    assert "restricted_loss" not in run.row.scalars


def test_milestones_and_speed_are_recorded(tmp_path: Path) -> None:
    with begun(tmp_path, steps=40) as run:
        assert run.is_due(0)
        run.observe(0, logits=np.zeros((P * P, P)))
        partly = right(run)
        partly[run.data.test] = 0
        run.observe(20, logits=partly)
        assert not run.is_due(20)
        assert run.is_due(21)
        run.observe(40, logits=right(run))
    assert (run.row.memorised_at, run.row.grokked_at, run.row.step) == (20, 40, 40)
    assert run.row.seconds_per_step is not None
    with Store(tmp_path, read_only=True) as store:
        row = store.get("latest")
        assert (row.status, row.learner, row.budget, row.grokked_at) == ("finished", "external", 40, 40)
        assert row.context["recorded"] is True


def test_logits_that_are_not_finite_end_the_run_as_diverged(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        run.observe(0, logits=right(run))
        assert run.observe(1, logits=np.full((P * P, P), np.nan)) == {}
    assert run.row.status == "diverged"


# The store ----------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
import numpy as np, modgrok
run = modgrok.log("x + y", p=7, settings={"lr": 0.1, "framework": "numpy"}, runs=sys.argv[1])
for step in (0, 10):
    run.observe(step, logits=np.eye(7)[run.data.labels])
    run.keep(step, {"w": np.ones(2)})
assert not {"torch", "lightning", "transformers"} & set(sys.modules)
print(run.row.status, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.long
def test_a_killed_run_keeps_what_was_observed_and_can_be_continued(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "running\n"), done.stderr
    with Store(tmp_path, read_only=True) as store:
        row = store.get("latest")
        assert (row.status, row.step) == ("interrupted", 10)
        assert [record.step for record in store.records(row.id)] == [0, 10]
    with begun(tmp_path, existing="continue") as run:
        assert run.row.id == row.id
        run.observe(5, logits=np.zeros((P * P, P)))  # the program's own checkpoint was older
    assert run.row.memorised_at == 0
    with Store(tmp_path, read_only=True) as store:
        assert [record.step for record in store.records(row.id)] == [0, 5]
        assert [checkpoint.step for checkpoint in store.checkpoints(row.id)] == [0]
        assert store.get(row.id).status == "finished"


def test_a_run_that_is_in_the_store_is_refused_or_replaced(tmp_path: Path) -> None:
    begun(tmp_path).finish()
    with pytest.raises(InputError, match=r"^existing: must be continue or replace .* got refuse$"):
        begun(tmp_path)
    with begun(tmp_path, existing="replace") as run:
        run.observe(3, logits=right(run))
    with begun(tmp_path, settings={**SETTINGS, "lr": 0.2}) as other:
        assert other.row.id != run.row.id
        with pytest.raises(InputError, match="another process"):
            begun(tmp_path, settings={**SETTINGS, "lr": 0.2}, existing="continue")


def test_an_exception_leaves_an_interrupted_run(tmp_path: Path) -> None:
    run = begun(tmp_path)
    run.observe(0, logits=right(run))
    with pytest.raises(InputError, match="logits: must be given"), run:
        run.observe(1)
    assert run.row.status == "interrupted"
    with pytest.raises(InputError, match="run: must not be finished"):
        run.observe(1, logits=right(run))


# Weights ------------------------------------------------------------------------------------------------


def test_named_arrays_are_kept(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        path = run.keep(0, {"layer": {"weight": Tensor(np.ones((2, 3)))}, "bias": [1.0, 2.0]})
    with Store(tmp_path, read_only=True) as store:
        (checkpoint,) = store.checkpoints(run.row.id)
        assert checkpoint.path == path
        assert {name: array.shape for name, array in checkpoint.arrays().items()} == {
            "layer.weight": (2, 3),
            "bias": (2,),
        }
        with pytest.raises(InputError, match="must hold a network that modgrok can call, got named arrays"):
            checkpoint.load()


def test_a_network_is_kept_from_arrays_and_as_it_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    embedding, readout = rng.standard_normal((2, P, 5)), rng.standard_normal((5, P))
    with begun(tmp_path) as run:
        names = {"embedding": "a", "readout": "b.weight.T"}
        run.keep(0, {"a": embedding, "b.weight": readout}, kind="mlp", names=names, activation="relu")
        network = MLP(jnp.asarray(embedding, jnp.float32), jnp.asarray(readout.T, jnp.float32), "relu")
        run.keep(1, network)
        run.keep(2, pack(network)[0], kind="mlp", activation="relu")
    inputs = jnp.asarray(run.data.inputs)
    for step in (0, 1, 2):
        stored = modgrok.load(run.row.id, runs=tmp_path, step=step)
        assert np.allclose(stored.weights(inputs), network(inputs), atol=1e-5)
        assert stored.task.name == "x + y"


def test_short_floats_are_read_and_their_infinities_seen(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        assert run.observe(0, logits=right(run).astype(np.float16))["test_accuracy"] == 1
        logits = right(run).astype(np.float16)
        logits[0, 0] = np.inf
        run.observe(1, logits=logits)
    assert run.row.status == "diverged"


def test_a_kept_network_computes_the_logits_observed_at_its_step(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    embedding, readout = (rng.standard_normal(shape).astype(np.float32) for shape in ((2, P, 30), (P, 30)))
    network = MLP(jnp.asarray(embedding), jnp.asarray(readout), "relu")
    weights = {"embedding": embedding, "readout": readout}
    with begun(tmp_path) as run:
        logits = np.asarray(network(jnp.asarray(run.data.inputs)))
        short = logits.astype(np.float16) + 3.0  # a constant and short floats are no difference
        run.observe(0, logits=short)
        short[:] = 0  # nor is what becomes of the array
        assert run.keep(0, weights, kind="mlp", activation="relu").exists()
        run.observe(1, logits=logits)
        with pytest.raises(InputError, match=r"^weights: must give the logits observed at step 1"):
            run.keep(1, weights, kind="mlp", activation="power2")
        assert run.keep(2, weights, kind="mlp", activation="power2").exists()  # nothing was observed there
        assert run.keep(1, weights).exists()  # named arrays compute nothing


def test_weights_kept_before_the_step_is_observed_stay_and_bear_its_milestones(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        for step in (0, 10, 20):
            run.observe(step, logits=np.zeros((P * P, P)))
            run.keep(step, {"w": np.full(2, step)})
    with begun(tmp_path, existing="continue") as run:
        path = run.keep(15, {"w": np.ones(2)})
        run.observe(15, logits=right(run))
    assert path.exists()
    with Store(tmp_path, read_only=True) as store:
        assert [record.step for record in store.records(run.row.id)] == [0, 10, 15]
        checkpoints = {each.step: each for each in store.checkpoints(run.row.id)}
        assert list(checkpoints) == [0, 10, 15]
        assert checkpoints[15].path == path
        assert set(checkpoints[15].reasons) == {"schedule", "memorised", "grokked"}
        assert checkpoints[15].arrays()["w"].tolist() == [1, 1]


def test_new_weights_do_not_bear_milestones_of_an_earlier_training(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        run.observe(10, logits=right(run))
        run.keep(10, {"w": np.zeros(2)})
    with begun(tmp_path, existing="continue") as run:
        run.keep(10, {"w": np.ones(2)})
        run.observe(10, logits=np.zeros((P * P, P)))
    assert (run.row.memorised_at, run.row.grokked_at) == (None, None)
    with Store(tmp_path) as store:
        (checkpoint,) = store.checkpoints(run.row.id)
    assert (checkpoint.reasons, checkpoint.arrays()["w"].tolist()) == (("schedule",), [1, 1])
    assert checkpoint.explained_share == 0


# Commands -----------------------------------------------------------------------------------------------


def test_the_run_is_listed_shown_measured_reported_and_exported(
    tmp_path: Path, call: Callable[..., Any]
) -> None:
    network = MLP(jnp.ones((2, P, 3)), jnp.ones((P, 3)))
    with begun(tmp_path / "runs", name="a perceptron") as run:
        for step in (0, 5, 10):
            run.observe(step, logits=right(run), hidden=np.eye(P * P)[:, :4])
        run.keep(0, {"w": np.ones(3)})
        run.keep(10, network)
    begun(tmp_path / "runs", settings={"lr": 0.2, "width": 4}).finish()
    entries = call("runs", "list", "--where", "lr=0.1", "--where", "learner=external", "--json")
    assert [row["id"] for row in entries.json["runs"]] == [run.row.id]
    description = call("runs", "show", run.row.id, "--json")
    assert description.code == 0, description.err
    assert "framework numpy" in description.out
    assert "modgrok.log in" in description.out
    assert description.json["runs"][0]["explained_share"] == 1
    assert description.json["runs"][0]["settings"]["learner"]["lr"] == 0.1
    report_result = call("report", run.row.id, "-o", "run.svg")
    assert report_result.code == 0, report_result.err
    picture = Path("run.svg").read_text()
    assert "trained elsewhere" in picture
    assert "Explained share" in picture
    assert call("export", run.row.id, "--format", "csv", "-o", "run.csv").code == 0
    assert "explained_share" in Path("run.csv").read_text().splitlines()[0]
    assert call("export", run.row.id, "--step", "0", "-o", "w.safetensors").code == 0
    explained = call("explain", run.row.id, "--json")
    assert explained.code == 0, explained.err
    measured = call("measure", run.row.id)
    assert (measured.code, measured.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    "command",
    [
        ("runs", "resume", "latest"),
        ("train", "x + y", "--p", "7", "--learner", "external"),
        ("sweep", "s.toml"),
    ],
    ids=lambda command: command[0],
)
def test_it_is_neither_trained_nor_resumed_nor_swept(
    tmp_path: Path, call: Callable[..., Any], command: tuple[str, ...]
) -> None:
    begun(tmp_path / "runs").finish()
    (tmp_path / "s.toml").write_text(
        'name = "s"\n[base]\nexpression = "x + y"\np = 7\nlearner = "external"\n[axes]\nseed = [0, 1]\n'
    )
    result = call(*command)
    assert (result.code, result.err.count("\n")) == (2, 1), result.err
    assert "learner: must be one that modgrok trains, got external" in result.err


# Bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": None}, "p: must be given"),
        ({"fraction": 1.5}, "fraction: "),
        ({"orbits": "all"}, "orbits: "),
        ({"loss": "l2"}, "loss: must be one of mse, cross_entropy"),
        ({"steps": 0}, "steps: must be at least 1"),
        ({"existing": "append"}, "existing: must be one of refuse, continue, replace"),
        ({"settings": {"seed": 1}}, "settings: must not use the name of a field of every run"),
        ({"settings": {"l r": 1}}, "settings: must have identifiers"),
        ({"settings": {"lr": [1]}}, r"settings\.lr: must be text, a number"),
        ({"settings": {"lr": float("nan")}}, r"settings\.lr: must be finite"),
    ],
)
def test_options_that_break_a_rule(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}") as raised:
        begun(tmp_path, **options)
    assert "\n" not in str(raised.value)


BAD_CALLS: list[tuple[Callable[[LoggedRun], Any], str]] = [
    (lambda run: run.observe(1), "logits: must be given"),
    (lambda run: run.observe(0.5, logits=right(run)), "step: must be an integer"),
    (lambda run: run.observe(0, logits=right(run)), "step: must be above the last observed step, 0"),
    (lambda run: run.observe(1, logits=np.zeros((3, P))), "logits: must have shape"),
    (lambda run: run.observe(1, logits="logits"), "logits: must be an array of real numbers, got str"),
    (lambda run: run.observe(1, hidden=np.zeros((3, 2))), "hidden: must be"),
    (lambda run: run.observe(1, embedding=np.zeros((3, 2))), "embedding: must have at least 7 rows"),
    (lambda run: run.observe(1, logits=Tensor), "logits: must be an array"),
    (lambda run: run.keep(1, [np.ones(3)]), "weights: must be a mapping"),
    (lambda run: run.keep(1, {}), "weights: must hold at least one array"),
    (lambda run: run.keep(1, {"a": "b"}), r"weights\.a: must be an array"),
    (lambda run: run.keep(1, {"a": np.ones(3)}, names={"a": "a"}), "kind: must be given"),
    (lambda run: run.keep(1, {"a": np.ones(3)}, kind="cnn"), "network: must be one of"),
    (
        lambda run: run.keep(1, {"a": np.ones(3)}, kind="mlp"),
        "activation: must be given with weights of a two",
    ),
    (
        lambda run: run.keep(1, {"a": np.ones(3)}, kind="mlp", activation="relu"),
        "weights: must be those of a two-layer",
    ),
    (
        lambda run: run.keep(1, {"a": np.ones(3)}, kind="mlp", names={"readout": "b"}, activation="relu"),
        "names: must be among",
    ),
    (lambda run: run.keep(1, MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))), "weights: must be of a network"),
    (lambda run: run.finish("done"), "status: must be one of"),
]


def test_calls_that_break_a_rule(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        run.observe(0, logits=right(run))
        for call, message in BAD_CALLS:
            with pytest.raises(InputError, match=f"^{message}") as raised:
                call(run)
            assert "\n" not in str(raised.value)
        run.observe(1, logits=right(run))
    assert [record.step for record in run.records] == [0, 1]


@pytest.mark.needs("torch")
@pytest.mark.torch
def test_tensors_of_pytorch_are_read(tmp_path: Path) -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(2 * P, 8), torch.nn.ReLU(), torch.nn.Linear(8, P))
    with begun(tmp_path) as run:
        x = torch.nn.functional.one_hot(torch.as_tensor(run.data.inputs).long(), P).flatten(1).float()
        logits, hidden = model(x), model[:2](x)
        numbers = run.observe(0, logits=logits, hidden=hidden, embedding=model[0].weight[:, :P].T)
        again = run.observe(1, logits=logits.detach().numpy(), hidden=hidden.to(torch.bfloat16))
        run.keep(0, model.state_dict())
    assert again["test_loss"] == numbers["test_loss"]
    with Store(tmp_path, read_only=True) as store:
        assert set(store.checkpoints(run.row.id)[0].arrays()) == set(model.state_dict())
