"""What is recorded of a two-layer network: norms, and Fourier measures in the basis of the task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Array

from ...algebra import Basis
from ...measures.fourier.lens import shared_frames, spectra
from ...measures.fourier.phases import PHASE_BINS, frequency_histogram, phase_histogram
from ...training.losses import loss_named
from ...training.problem import Problem
from ..base.observation import MeasureObserver, Subjects
from .learner import MLPLearner, MLPState


def mlp_observer(learner: MLPLearner, problem: Problem, basis: Basis) -> MeasureObserver:
    """Return the observer of a two-layer network; without phases where the task's group is not cyclic."""
    frames = shared_frames(basis)
    phases = (("phase_sum", PHASE_BINS),) if frames.components is None else ()
    return MeasureObserver(
        learner,
        problem,
        loss=loss_named(learner.loss),
        frames={"weights": None, "gradient": None, "two_layer_weights": frames},
        subjects=_subjects,
        histograms=(("dominant_frequency", frames.bins), *phases),
        count=_count,
    )


def _subjects(learner: MLPLearner, state: MLPState, problem: Problem) -> Subjects:
    weights = state.weights
    gradient = learner.loss_gradient(state, problem).gradient
    return {"weights": weights, "two_layer_weights": weights, "gradient": gradient}


def _count(subjects: Subjects, frames: Mapping[str, Any]) -> dict[str, Array]:
    frame = frames["two_layer_weights"]
    waves = spectra(subjects["two_layer_weights"], frame)
    counts = {"dominant_frequency": frequency_histogram(waves)}
    return counts if frame.components is not None else {**counts, "phase_sum": phase_histogram(waves)}
