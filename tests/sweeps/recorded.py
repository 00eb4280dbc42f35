"""Runs as a store has them, with planted numbers in place of training."""

from __future__ import annotations

import math

import numpy as np

from modgrok.runs import Experiment, RunRow, Store
from modgrok.runs.history import RunHistory
from modgrok.runs.schedule import next_observation

SCALARS = ("train_loss", "test_loss", "train_accuracy", "test_accuracy", "weight_norm", "ipr")
ADAMW = {"optimiser": "adamw", "parametrisation": "doshi", "lr": 0.01, "weight_decay": 5.0}


def grok_step(experiment: Experiment, rng: np.random.Generator) -> tuple[float, float]:
    """Return a step of grokking that a law gives, and the IPR at memorising on which it depends."""
    ipr = rng.uniform(0.1, 0.3)
    logs = 3 + 0.5 * math.log(experiment.task.p) - 4 * (ipr - 0.2) - 1.5 * math.log(experiment.fraction)
    return math.exp(logs + 0.1 * rng.logistic()), ipr


def numbers_at(step: int, grokked_at: float, ipr: float) -> dict[str, float]:
    """Return what is observed at a step of a run that memorises at step 20."""
    return {
        "train_loss": math.exp(-step / 20),
        "test_loss": 1.0 + 0.01 * step,
        "train_accuracy": 1.0 if step >= 20 else step / 20.5,
        "test_accuracy": 1.0 if step >= grokked_at else 0.1,
        "weight_norm": 30.0 - 0.1 * min(step, 50),
        "ipr": ipr + 0.001 * step,
    }


def record(
    store: Store,
    experiment: Experiment,
    grokked_at: float,
    ipr: float,
    budget: int = 2000,
    until: int | None = None,
) -> str:
    """Enter a run into a store, as far as a step; it stops early, and groks if its budget is enough."""
    n = experiment.task.p**2
    train = int(experiment.fraction * n)
    context = {"inputs": n, "train": train, "test": n - train, "command": ""}
    context |= dict.fromkeys(("chance", "majority"), 1 / experiment.task.p)
    names = (
        experiment.id,
        experiment.canonical_json(),
        experiment.name,
        experiment.task.p,
        experiment.learner.kind,
    )
    row = RunRow(*names, budget=budget, scalars=SCALARS, context=context)
    store.start_run(row)
    history, step = RunHistory(row, store), 0
    end = min(budget, 1.5 * grokked_at) if until is None else until
    while True:
        history.advance(step, 0.0)
        history.add(numbers_at(step, grokked_at, ipr), {})
        if step >= end:
            break
        step = min(next_observation(step), max(int(end), step + 1))
    history.commit("finished" if until is None else "interrupted")
    return experiment.id
