"""Compiled segments: which runs share the gradient with their observations, and that they train alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest

from modgrok.learners.mlp.learner import MLPLearner
from modgrok.learners.mlp.observer import mlp_observer
from modgrok.runs import Experiment
from modgrok.runs.preparation import initial_state, prepare
from modgrok.runs.segments import Descent, advance, shares_gradient

SMALL: dict[str, Any] = {"p": 7, "width": 20}
TRANSFORMER: dict[str, Any] = {"learner": "transformer", "p": 7, "d_model": 16, "heads": 2}
SHARING: dict[str, dict[str, Any]] = {
    "gd": SMALL,
    "grokfast": {**SMALL, "optimiser": "adamw", "grokfast": 1.0, "weight_decay": 1.0},
    "muon": {**SMALL, "optimiser": "muon", "inputs": "random-circulant"},
    "agop": {**SMALL, "agop_weight": 1e-3},
    "orthogonal": {**SMALL, "loss": "cross_entropy", "orthogonal_gradient": True},
    "transformer": TRANSFORMER,
    "frozen": {**TRANSFORMER, "freeze_embedding": True},
}


@pytest.mark.parametrize("options", SHARING.values(), ids=list(SHARING))
@pytest.mark.parametrize("pad", [None, 0.8])
def test_a_shared_gradient_gives_the_same_states(options: dict[str, Any], pad: float | None) -> None:
    experiment = Experiment.of("x + y", fraction=0.6, **options)
    if pad is not None and (options.get("agop_weight") or "learner" in options):
        pytest.skip("the training set cannot be padded with these settings")
    prepared = prepare(experiment, pad)
    assert shares_gradient(prepared)
    state = initial_state(prepared)
    descent = Descent(prepared, state)
    for stop in (0, 1, 4):
        expected, _ = advance(prepared.learner, initial_state(prepared), prepared.problem, np.int32(stop))
        state, finite, _ = descent.advance(state, np.int32(stop))
        assert finite
        pairs = zip(jax.tree.leaves(state), jax.tree.leaves(expected), strict=True)
        assert all(np.allclose(one, other, rtol=1e-4, atol=1e-6) for one, other in pairs)


@pytest.mark.parametrize(
    "options",
    [
        {**SMALL, "batch_size": 8},
        {**SMALL, "dropout": 0.1},
        {**TRANSFORMER, "batch_size": 8},
        {"p": 7, "learner": "rfm"},
    ],
)
def test_batches_masks_and_solves_share_nothing(options: dict[str, Any]) -> None:
    assert not shares_gradient(prepare(Experiment.of("x + y", **options)))


class OwnStep(MLPLearner):
    """Overrides `step` alone."""

    def step(self, state: Any, problem: Any) -> Any:
        return super().step(state, problem)


def test_a_step_or_an_observer_of_its_own_is_not_passed_over() -> None:
    prepared = prepare(Experiment.of("x + y", **SMALL))
    learner = prepared.learner
    fields = {name: getattr(learner, name) for name in MLPLearner.__dataclass_fields__}
    own = OwnStep(**fields)
    observer = mlp_observer(own, prepared.problem, prepared.basis)
    assert not shares_gradient(replace(prepared, learner=own, observer=observer))
    assert not shares_gradient(replace(prepared, learner=own))  # the observer has another learner
    other = eqx.tree_at(lambda p: p.labels, prepared.problem, prepared.problem.labels + 0)
    assert not shares_gradient(replace(prepared, problem=other))
