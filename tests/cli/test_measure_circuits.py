"""`modgrok measure` of networks without attention: what frequencies do in them, from logits and neurons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.analytic import construct
from modgrok.cli import main
from modgrok.decide import decide_table
from modgrok.measures import basis_of_task
from modgrok.measures.circuit.restricted_loss import COMBINATIONS
from modgrok.measures.logits.array_numbers import logit_numbers
from modgrok.measures.logits.rows import rows_of_network
from modgrok.models.kernel_machine import KernelMachine
from modgrok.models.kernels import Quadratic
from modgrok.runs import Experiment, NetworkFile, Store, read_network_file, run, write_network
from modgrok.tasks import TaskSource, task_from_expression

LOSSES = [name for name, _ in COMBINATIONS]


def measured(net: Any, p: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    path = folder / "net.safetensors"
    write_network(path, NetworkFile(net, TaskSource(expression="x + y", p=p), notes={}))
    with pytest.raises(SystemExit) as leaving:
        main(("measure", str(path), "--json"))
    assert not leaving.value.code
    result: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    return result


@pytest.mark.long
def test_a_network_in_closed_form_has_its_own_frequencies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = task_from_expression("x + y", 7)
    net = construct(task.table, 7, decide_table(task.table, 7).witness, frequencies=(1, 3)).network
    result = measured(net, 7, tmp_path, capsys)
    (entry,), (circuit,) = result["measures"], result["circuits"]
    assert entry["single_frequency_share"] == 1
    assert entry["distance_irrelevance"] > 0.8  # 1 where the logits depend on the sum alone
    assert abs(entry["gradient_symmetricity"]) < 0.4
    assert all(entry[name] >= 0 for name in LOSSES)
    assert entry["restricted_loss"] == pytest.approx(entry["full_loss"], rel=1e-3)
    assert entry["excluded_loss"] == pytest.approx(np.log(7), rel=1e-3)
    assert circuit["key_frequencies"] == circuit["neuron_frequencies"] == [1, 3]
    assert sum(circuit["neurons_of_frequency"]) == net.width
    assert (circuit["task"], circuit["basis"], circuit["order"]) == ("x + y", "additive", 7)


@pytest.mark.long
def test_a_kernel_machine_has_no_neurons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        machine = KernelMachine(
            Quadratic(),
            jnp.asarray(np.eye(14)),
            jnp.asarray(rng.standard_normal((9, 7))),
            jnp.asarray(rng.integers(7, size=(9, 2))),
            (7, 7),
        )
        result = measured(machine, 7, tmp_path, capsys)
    (entry,), (circuit,) = result["measures"], result["circuits"]
    assert -1 <= entry["gradient_symmetricity"] <= 1
    assert {*LOSSES, "distance_irrelevance", "formula_frequencies"} <= set(entry)
    assert circuit["neuron_frequencies"] is None
    assert len(circuit["loss_rise"]) == len(circuit["attribution"]) == 3


def test_key_frequencies_along_a_run_are_those_of_its_last_network(call: Any, tmp_path: Path) -> None:
    """So that the losses of all its checkpoints are of the same parts of the logits."""
    options = {"optimiser": "adamw", "parametrisation": "doshi", "weight_decay": 5.0, "width": 60}
    experiment = Experiment.of("x + y", p=11, fraction=0.7, **options)
    with Store(tmp_path / "runs") as store:
        run(experiment, store=store, steps=300, early_stop=False)
        checkpoint = store.checkpoints(experiment.id)[2]
    result = call("measure", experiment.id, "--json").json
    (circuit,) = result["circuits"]
    (entry,) = [entry for entry in result["measures"] if entry["step"] == checkpoint.step]
    task = experiment.build_task()
    basis = basis_of_task(task)
    logits = rows_of_network(task, read_network_file(checkpoint.path).network)(0, task.size)
    key = circuit["key_frequencies"]
    numbers = logit_numbers(task, basis, None, logits, key_frequencies=key)
    for name in ("restricted_loss", "excluded_loss"):
        assert entry[name] == pytest.approx(numbers[name], rel=1e-5)
    assert key
    assert np.isnan(
        logit_numbers(task, basis, None, logits)["restricted_loss"]
    )  # it has no formula of its own
