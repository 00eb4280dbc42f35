"""`modgrok.load`: every kind of network answers the same two questions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from networks import OPTIONS, every_input, random_network

import modgrok
from modgrok.analytic.experts import experts
from modgrok.interop import write_transformerlens
from modgrok.models import MLP
from modgrok.models.kernel_machine import KernelMachine
from modgrok.models.kernels import Quadratic
from modgrok.models.transformer import activations
from modgrok.runs import CorruptFile, Experiment, NetworkFile, Store, run, write_network
from modgrok.runs.store.network_file import Network
from modgrok.tasks import InputError, TaskSource

P = 5


def machine() -> KernelMachine:
    rng = np.random.default_rng(0)
    inputs = rng.integers(P, size=(9, 2))
    with jax.enable_x64(True):
        return KernelMachine(
            Quadratic(), jnp.eye(2 * P), jnp.asarray(rng.standard_normal((9, P))), jnp.asarray(inputs), (P, P)
        )


KINDS: dict[str, Network] = {
    "mlp": MLP(jnp.arange(2.0 * P * 3).reshape(2, P, 3), jnp.ones((P, 3))),
    "experts": experts(P, [(2, (1, 1)), (3, (2, 0))]),
    "machine": machine(),
    "transformer": random_network(**OPTIONS[3], p=P),
}
EXPECTED = {
    "mlp": {"preactivations", "features", "logits"},
    "experts": {"products.1.features", "choices", "total.preactivations", "total.features", "logits"},
    "machine": {"kernel", "logits"},
    "transformer": {"hook_embed", "blocks.0.attn.hook_pattern", "blocks.0.mlp.hook_post", "logits"},
}


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_logits_and_activations(tmp_path: Path, kind: str) -> None:
    net = KINDS[kind]
    path = tmp_path / "net.safetensors"
    write_network(path, NetworkFile(net, TaskSource(expression="x + y", p=P)), durable=False)
    loaded = modgrok.load(path)
    inputs = loaded.task.inputs()
    with jax.enable_x64(kind == "machine"):
        expected = np.asarray(net(jnp.asarray(inputs)))
    result = loaded.activations(inputs)
    assert isinstance(loaded.weights, type(net))
    assert set(result) >= EXPECTED[kind]
    assert all(isinstance(value, np.ndarray) for value in result.values())
    logits = result["logits"][:, -1] if kind == "transformer" else result["logits"]
    assert np.allclose(loaded(inputs), expected, rtol=1e-6, atol=1e-6)
    assert np.allclose(logits, expected, rtol=1e-6, atol=1e-6)
    assert loaded(inputs).dtype == expected.dtype


@pytest.mark.long
def test_parts_add_up_to_the_logits(tmp_path: Path) -> None:
    inputs = every_input(KINDS["transformer"])
    for kind in ("mlp", "machine", "experts"):
        path = tmp_path / f"{kind}.safetensors"
        write_network(path, NetworkFile(KINDS[kind]), durable=False)
        loaded = modgrok.load(path)
        result, net = loaded.activations(inputs), loaded.weights
        if isinstance(net, MLP):
            again = result["preactivations"] ** 2 @ np.asarray(net.readout).T
        elif isinstance(net, KernelMachine):
            again = result["kernel"] @ np.asarray(net.alphas)
        else:
            again = result["total.features"] @ np.asarray(net.total.readout).T * net.total.output_scale
        assert np.allclose(again, loaded(inputs), rtol=1e-4, atol=1e-4)


def test_a_run_is_loaded_at_any_kept_step(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        result = run(Experiment.of("x + y", p=P, width=20), store=store, steps=4, early_stop=False)
        steps = [checkpoint.step for checkpoint in store.checkpoints(result.row.id)]
    last, first = (
        modgrok.load("latest", runs=tmp_path),
        modgrok.load(result.row.id[:6], runs=tmp_path, step=0),
    )
    assert (last.step, first.step, last.name) == (steps[-1], 0, result.row.id)
    assert last.task.name == "x + y"
    assert not np.array_equal(last.weights.readout, first.weights.readout)
    with pytest.raises(InputError, match=r"step: must be a step with a checkpoint, one of 0, .*got 3"):
        modgrok.load("latest", runs=tmp_path, step=3)
    with pytest.raises(InputError, match="does not name a run"):
        modgrok.load("ffff", runs=tmp_path)


def test_transformers_agree_with_their_own_functions(tmp_path: Path) -> None:
    net = random_network(**OPTIONS[3], p=P)
    write_transformerlens(tmp_path / "tl", NetworkFile(net), "")
    inputs = every_input(net)
    ours = modgrok.load(tmp_path / "tl").activations(inputs)
    for name, value in activations(net, jnp.asarray(inputs)).items():
        assert np.allclose(ours[name], value, atol=1e-5), name


BAD_INPUTS = {
    "floats": (np.zeros((3, 2)), "must be integers of shape"),
    "one axis": (np.zeros(3, int), "must be integers of shape"),
    "a column too many": (np.zeros((3, 3), int), "must have 2 columns"),
    "a value too large": (np.full((3, 2), P), "column 0 must lie in 0..4, got 5"),
    "a negative value": (np.array([[0, -1]]), "column 1 must lie in 0..4, got -1"),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_inputs_are_refused(tmp_path: Path, case: str) -> None:
    write_network(tmp_path / "net.safetensors", NetworkFile(KINDS["mlp"]), durable=False)
    inputs, rule = BAD_INPUTS[case]
    with pytest.raises(InputError, match=rule):
        modgrok.load(tmp_path / "net.safetensors")(inputs)


def test_bad_paths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with pytest.raises(InputError, match="must be a safetensors file"):
        modgrok.load(path)
    write_network(path, NetworkFile(KINDS["mlp"]), durable=False)
    with pytest.raises(InputError, match="step: must be left out"):
        modgrok.load(path, step=3)
    with pytest.raises(InputError, match="must name the task"):
        modgrok.load(path).task  # noqa: B018
    path.write_bytes(b"nothing")
    with pytest.raises(CorruptFile):
        modgrok.load(path)


def test_naming_load_imports_no_jax() -> None:
    code = "import sys, modgrok; 'load' in dir(modgrok.__all__); print('jax' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
