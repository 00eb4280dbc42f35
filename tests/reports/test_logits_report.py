"""The report of a network of a kind without panels of its own, from its logits."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.models import DeepMLP, Dense
from modgrok.reports import logits_report
from modgrok.tasks import task_from_expression

P = 7


def sum_network() -> DeepMLP:
    """Two hidden layers that answer x + y on every input: a neuron for each pair, and a copy of it."""
    pairs = np.stack(np.indices((P, P)), -1).reshape(-1, 2)
    embedding = np.stack([np.eye(P)[:, pairs[:, s]] for s in range(2)])
    readout = np.eye(P)[:, pairs.sum(axis=1) % P]
    one = jnp.asarray(np.eye(P * P), jnp.float32)
    copy = Dense(one, jnp.full(P * P, -1.0))
    return DeepMLP(jnp.asarray(embedding, jnp.float32), (copy,), jnp.asarray(readout, jnp.float32))


def test_the_network_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts, formula and pictures come from the same logits."""
    calls: list[int] = []
    forward = DeepMLP.__call__

    def counted(net: DeepMLP, inputs: Any) -> Any:
        calls.append(len(inputs))
        return forward(net, inputs)

    monkeypatch.setattr(DeepMLP, "__call__", counted)
    with jax.disable_jit():
        report = logits_report(sum_network(), task_from_expression("x + y", P), "a network")
    assert calls == [P * P]
    facts = dict(report.facts)
    assert "accuracy 100%" in facts["Measured"]
    assert "explains 100% of the inputs" in facts["Explained"]
    assert [panel.key for panel in report.panels] == ["circles"]  # nothing is left out
