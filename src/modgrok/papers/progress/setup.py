"""The runs in which progress measures are compared: three learners, with enough data to grok and too little.

Owns: their settings. Fractions lie between those at which seed 0 grokked in `crosscut/data`, and below those
at which it did not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..claims import tiny
from ..claims.budget import BudgetName
from ..claims.plan import RunGroup
from ..crosscut.setup import MLP, RFM, TRANSFORMER, Contender
from .readings import Vectors

SEEDS = tuple(range(8))
P = 31


@dataclass(frozen=True)
class ComparedLearner:
    """A learner whose progress measures are compared.

    Arguments:
        contender: name, title and settings.
        words: how the claims name it.
        fraction: of the pairs, from which it groks.
        too_small: fraction from which it does not.
        steps: limit on the steps of runs that grok; they stop at 1.5 times the step of grokking.
        failing_steps: of the others.
        observe_every: steps between kept weights.
        vectors: weight vectors of which FFS and IPR are taken.
        vectors_words: what these are.
    """

    contender: Contender
    words: str
    fraction: float
    too_small: float
    steps: int
    failing_steps: int
    observe_every: int
    vectors: Vectors
    vectors_words: str

    @property
    def name(self) -> str:
        """The name in ids of claims."""
        return self.contender.name

    def plan(self, budget: BudgetName) -> Mapping[str, RunGroup]:
        """Plan runs that grok, with weights at every observation, and runs that do not."""
        return {"grokking": self._grokking(budget), "failing": self._failing(budget)}

    def plan_grokking(self, budget: BudgetName) -> Mapping[str, RunGroup]:
        """Plan the runs that grok alone."""
        return {"grokking": self._grokking(budget)}

    def _grokking(self, budget: BudgetName) -> RunGroup:
        steps = self.contender.steps["tiny"] if budget == "tiny" else self.steps
        every = {} if budget == "tiny" else {"observe_every": self.observe_every, "early_stop": True}
        base = {**self._base(budget, self.fraction), "steps": steps, **every}
        return RunGroup(base, {"seed": _seeds(budget)}, weights="observations")

    def _failing(self, budget: BudgetName) -> RunGroup:
        steps = self.contender.steps["tiny"] if budget == "tiny" else self.failing_steps
        base = {**self._base(budget, self.too_small), "steps": steps, "early_stop": False}
        return RunGroup(base, {"seed": _seeds(budget)}, weights="schedule")

    def _base(self, budget: BudgetName, fraction: float) -> dict[str, Any]:
        small = {**self.contender.small, "p": tiny.P, "fraction": tiny.FRACTION} if budget == "tiny" else {}
        return {"expression": "x + y", "p": P, "fraction": fraction, **self.contender.settings, **small}


def _seeds(budget: BudgetName) -> list[int]:
    return list(SEEDS) if budget == "paper" else [0]


def _mlp_vectors(network: Any) -> np.ndarray:
    return np.concatenate([*np.asarray(network.embedding), np.asarray(network.readout)], axis=1)


def _transformer_vectors(network: Any) -> np.ndarray:
    return np.asarray(network.embedding)[: network.classes]


def _machine_vectors(network: Any) -> np.ndarray:
    return np.asarray(network.feature_matrix)[: network.classes]


LEARNERS = (
    ComparedLearner(
        MLP,
        "a two-layer network",
        0.45,
        0.2,
        3000,
        1000,
        10,
        _mlp_vectors,
        "all weight vectors of its neurons",
    ),
    ComparedLearner(
        TRANSFORMER, "a transformer", 0.65, 0.2, 3000, 600, 10, _transformer_vectors, "the columns of W_E"
    ),
    ComparedLearner(
        RFM,
        "a kernel machine",
        0.75,
        0.25,
        25,
        25,
        1,
        _machine_vectors,
        "the rows of the feature matrix that belong to x",
    ),
)
"""In the order of the book."""
