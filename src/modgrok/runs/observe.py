"""What is recorded at an observation: one compiled function of the learner's state."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from ..learners import GROUPS, MLPLearner, MLPState, Problem, loss_named
from ..measures import (
    Lens,
    coherence_of,
    frequency_histogram,
    mean_ipr,
    phase_histogram,
    phase_sums,
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


@eqx.filter_jit
def observe(
    learner: MLPLearner, state: MLPState, problem: Problem, lens: Lens
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Measure a state on the whole domain.

    Returns:
        (scalars, histograms) with the names in `SCALARS` and `HISTOGRAMS`.
    """
    weights = state.weights
    counted = tally(weights, loss_named(learner.loss), problem)
    accuracy = dict(zip(GROUPS, counted.accuracy, strict=True))
    losses = dict(zip(GROUPS, counted.loss, strict=True))
    gradient = learner.gradient(weights, problem)
    found = spectra(weights, lens)
    sums = phase_sums(found)
    frequency = frequency_histogram(found)
    values = (
        losses["train"],
        losses["test"],
        accuracy["train"],
        accuracy["test"],
        accuracy["clean"],
        accuracy["corrupted"],
        accuracy["nonzero"],
        root_mean_square(eqx.filter(weights, eqx.is_array)),
        root_mean_square(eqx.filter(gradient, eqx.is_array)),
        mean_ipr(found),
        coherence_of(sums),
        jnp.sum(frequency > 0),
    )
    return dict(zip(SCALARS, values, strict=True)), {
        "dominant_frequency": frequency,
        "phase_sum": phase_histogram(sums),
    }
