"""`modgrok explain --replace -o FILE`: the file is a network like any other, with the numbers printed."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.models.kernel_machine import KernelMachine
from modgrok.models.kernels import Quadratic
from modgrok.models.transformer import Block, Transformer
from modgrok.runs import NetworkFile, write_network
from modgrok.tasks import Task, TaskSource, task_from_expression

P = 7
Call = Callable[..., Any]
TRANSFORMER_PARTS = ["embedding", "attention_pattern", "neurons", "neuron_logit_map", "unembedding"]


def wave_transformer(frequency: int = 2) -> Transformer:
    """A transformer that computes cos(w (x + y - c)): its 8 neurons are squares of sums of two waves.

    Dimensions 0 and 1 hold cos w y and sin w y, attention adds cos w x + cos w y and the same of sines in 2
    and 3, and the MLP writes cos w (x + y) and sin w (x + y) in 4 and 5.
    """
    angles = 2 * np.pi * frequency * np.arange(P) / P
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    embedding, copy, unembedding = np.zeros((P, 6)), np.zeros((2, 6)), np.zeros((6, P))
    embedding[:, :2] = waves
    copy[:, 2:4] = 2 * np.eye(2)
    unembedding[4:] = waves.T
    into, out = np.zeros((6, 8)), np.zeros((8, 6))
    # ((x_i + y_j)^2 - (x_i - y_j)^2) / 4 = x_i y_j, with x_i in dimension 2 + i less dimension i.
    targets = {(0, 0): (4, 1), (1, 1): (4, -1), (0, 1): (5, 1), (1, 0): (5, 1)}
    for n, ((i, j), (place, sign)) in enumerate(targets.items()):
        for m, plus in enumerate((1, -1)):
            into[2 + i, 2 * n + m] += 1
            into[i, 2 * n + m] -= 1
            into[j, 2 * n + m] += plus
            out[2 * n + m, place] = sign * plus / 4
    nothing = np.zeros((1, 6, 2))
    block = Block(
        *(jnp.asarray(w, jnp.float32) for w in (nothing, nothing, np.eye(6, 2)[None], copy[None], into, out))
    )
    token, class_ = jnp.asarray(embedding, jnp.float32), jnp.asarray(unembedding, jnp.float32)
    return Transformer(token, None, (block,), None, class_, None, layout="two", activation="power2")


def interpolating_machine(task: Task) -> KernelMachine:
    """A quadratic kernel machine with a noisy circulant M, that answers every input."""
    rng = np.random.default_rng(0)
    n = np.arange(P)
    block, noise = np.cos(2 * np.pi * (n[:, None] - n) * 2 / P), rng.standard_normal((2 * P, 2 * P))
    feature_matrix = np.block([[3 * np.eye(P), block], [block.T, 3 * np.eye(P)]]) + 0.03 * (noise + noise.T)
    hot = np.concatenate([np.eye(P)[task.inputs()[:, s]] for s in range(2)], axis=1)
    alphas = np.linalg.solve((hot @ feature_matrix @ hot.T) ** 2, np.eye(P)[task.labels()])
    return KernelMachine(
        Quadratic(), jnp.asarray(feature_matrix), jnp.asarray(alphas), jnp.asarray(task.inputs()), (P, P)
    )


def make(call: Call, learner: str) -> None:
    """Write a network of a learner to net.safetensors."""
    if learner == "mlp":
        call("construct", "x*y", "--p", str(P), "--output", "net.safetensors")
        return
    task = task_from_expression("x + y", P)
    with jax.enable_x64(learner == "rfm"):
        network = interpolating_machine(task) if learner == "rfm" else wave_transformer()
        content = NetworkFile(network, TaskSource(expression="x + y", p=P))
        write_network(Path("net.safetensors"), content)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("learner", "parts"),
    [
        ("mlp", ["neurons"]),
        ("transformer", TRANSFORMER_PARTS),
        ("rfm", ["feature_matrix", "coefficients"]),
    ],
)
def test_the_written_network_has_the_numbers_that_were_said(
    call: Call, tmp_path: Path, learner: str, parts: list[str]
) -> None:
    make(call, learner)
    result = call("explain", "net.safetensors", "--replace", "-o", "waves.safetensors", "--json")
    assert result.code == 0, result.err
    replaced = result.json["replacements"]
    assert [part["part"] for part in replaced] == ["none", *parts]
    assert all(math.isfinite(part["loss"]) and 0 <= part["accuracy"] <= 1 for part in replaced)
    assert replaced[0]["explained_variance"] == 1
    last = replaced[-1]
    (entry,) = call("measure", "waves.safetensors", "--json").json["measures"]
    assert entry["accuracy"] == pytest.approx(last["accuracy_all"])
    again = call("explain", "waves.safetensors", "--replace", "--json").json
    assert again["accuracy"] == pytest.approx(last["accuracy_all"])
    assert again["replacements"][0]["accuracy"] == pytest.approx(last["accuracy_all"])
    assert last["accuracy"] > 0.9
    if learner != "rfm":
        assert all(part["explained_variance"] > 1 - 1e-5 for part in (*replaced, *again["replacements"]))
    for command, output in (("report", "report.html"), ("export", "copy.safetensors")):
        done = call(command, "waves.safetensors", "-o", output)
        assert done.code == 0, done.err
        assert (tmp_path / output).stat().st_size > 0


@pytest.mark.long
def test_a_group_without_waves_is_refused(call: Call) -> None:
    run = call("train", "--group", "S3", "--width", "8", "--steps", "2", "--json").json["run"]
    result = call("explain", run, "--replace")
    assert result.code == 2
    assert result.err.strip().splitlines()[-1].startswith("modgrok: task: must be one of a cyclic group")


def test_what_cannot_be_replaced_is_refused_before_anything_is_said(call: Call) -> None:
    task = ("x + y; x - y", "--p", "5", "--learner", "transformer", "--d-model", "8", "--steps", "1")
    assert call("train", *task).code == 0
    outcome = call("explain", "latest", "--replace")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "modgrok: task: must be one task, got a mixture of 2\n"
