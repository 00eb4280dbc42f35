"""What is recorded at an observation: one compiled function of the learner's state.

Owns: the names and order of a record's numbers. Accuracies are quotients of exact counts, taken on the host.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..learners import GROUPS, MLPLearner, MLPState, Problem, loss_named
from ..measures import (
    Lens,
    Tally,
    coherence_of,
    frequency_histogram,
    mean_ipr,
    phase_histogram,
    root_mean_square,
    spectra,
    tally,
)

SCALARS = (
    "train_loss",
    "test_loss",
    "train_accuracy",
    "test_accuracy",
    "clean_accuracy",
    "corrupted_accuracy",
    "nonzero_accuracy",
    "weight_norm",
    "gradient_norm",
    "ipr",
    "phase_coherence",
    "frequencies",
)
"""Numbers of a record, in the order in which they are stored."""
HISTOGRAMS = ("dominant_frequency", "phase_sum")
"""Counts over neurons: by dominant frequency 1..n//2, and by phase sum in equal bins over [-pi, pi)."""


def observe(
    learner: MLPLearner, state: MLPState, problem: Problem, lens: Lens
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Measure a state on the whole domain.

    Returns:
        (scalars, histograms) with the names in `SCALARS` and `HISTOGRAMS`. A float32 becomes the shortest
        decimal that gives it back, so that records, files and pages show one number.
    """
    counted, numbers, histograms = jax.device_get(_measure(learner, state, problem, lens))
    found = {name: _plain(value) for name, value in numbers.items()}
    for name, correct, size in zip(GROUPS, counted.correct, counted.size, strict=True):
        found[f"{name}_accuracy"] = int(correct) / int(size) if size else math.nan
    return {name: found[name] for name in SCALARS}, histograms


def _plain(value: np.ndarray) -> float:
    return float(str(value[()]))


@eqx.filter_jit
def _measure(
    learner: MLPLearner, state: MLPState, problem: Problem, lens: Lens
) -> tuple[Tally, dict[str, Array], dict[str, Array]]:
    weights = state.weights
    counted = tally(weights, loss_named(learner.loss), problem)
    losses = dict(zip(GROUPS, counted.loss, strict=True))
    gradient = learner.gradient(weights, problem)
    found = spectra(weights, lens)
    frequency = frequency_histogram(found)
    numbers = {
        "train_loss": losses["train"],
        "test_loss": losses["test"],
        "weight_norm": root_mean_square(eqx.filter(weights, eqx.is_array)),
        "gradient_norm": root_mean_square(eqx.filter(gradient, eqx.is_array)),
        "ipr": mean_ipr(found),
        "phase_coherence": coherence_of(found),
        "frequencies": jnp.sum(frequency > 0),
    }
    return counted, numbers, {"dominant_frequency": frequency, "phase_sum": phase_histogram(found)}
