"""What is recorded at an observation: one compiled function of a learner's state, for each kind of learner.

Owns: the names and order of a record's numbers. Accuracies are quotients of exact counts, taken on the host.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..algebra import Basis
from ..learners.mlp.learner import MLPLearner, MLPState
from ..learners.rfm.learner import RFMLearner, RFMState
from ..learners.transformer.learner import TransformerLearner
from ..measures import (
    PHASE_BINS,
    Lens,
    Tally,
    TokenLens,
    coherence_of,
    frequency_histogram,
    make_lens,
    make_token_lens,
    mean_ipr,
    phase_histogram,
    root_mean_square,
    spectra,
    tally,
    transformer_measures,
    transformer_numbers,
)
from ..measures.features.metric_measure import METRIC_MEASURES
from ..models.transformer import Transformer
from ..training.descent import NetworkState
from ..training.losses import collapsed, loss_named, mse
from ..training.problem import GROUPS, Problem
from .learner import Learner

Numbers = dict[str, float]
Counts = dict[str, np.ndarray]

ACCURACIES = tuple(f"{group}_accuracy" for group in GROUPS)
COMMON = ("train_loss", "test_loss", *ACCURACIES)
"""Numbers that every learner records."""


class NetworkObserver:
    """Observer of two-layer networks: norms and Fourier measures in the basis of the task."""

    scalars = (*COMMON, "weight_norm", "gradient_norm", "ipr", "phase_coherence", "frequencies")

    def __init__(self, learner: MLPLearner, problem: Problem, basis: Basis) -> None:
        self.learner, self.problem, self.lens = learner, problem, make_lens(basis)
        self.histograms: tuple[tuple[str, int], ...] = (
            ("dominant_frequency", basis.order // 2),
            ("phase_sum", PHASE_BINS),
        )

    def __call__(self, state: Any) -> tuple[Numbers, Counts]:
        """Measure a state."""
        counted, numbers, counts = jax.device_get(_measure(self.learner, state, self.problem, self.lens))
        found = {**_counted(counted), **{name: _plain(value) for name, value in numbers.items()}}
        return {name: found[name] for name in self.scalars}, counts


class KernelObserver:
    """Observer of kernel machines: the measures of M in the structure of the task, each task of a mixture."""

    histograms: tuple[tuple[str, int], ...] = ()

    def __init__(self, learner: RFMLearner, problem: Problem) -> None:
        self.learner, self.problem = learner, problem
        measures = (measure.name for measure in METRIC_MEASURES)
        self.scalars = (*COMMON, *_parts(problem), *measures, "condition", "singular")

    def __call__(self, state: Any) -> tuple[Numbers, Counts]:
        """Measure a state."""
        counted, numbers = jax.device_get(_measure_metric(self.learner, state, self.problem))
        found = {
            **_counted(counted, self.problem.group_names),
            **{name: _plain(value) for name, value in numbers.items()},
        }
        return {name: found[name] for name in self.scalars}, {}


class TransformerObserver:
    """Observer of transformers: norms, the waves of W_E and W_L, collapse, each task of a mixture."""

    histograms: tuple[tuple[str, int], ...] = ()

    def __init__(self, learner: TransformerLearner, problem: Problem) -> None:
        self.learner, self.problem, self.lens = learner, problem, make_token_lens(problem.classes)
        waves = tuple(measure.name for measure in transformer_measures(self.lens))
        self.scalars = (*COMMON, *_parts(problem), "weight_norm", "gradient_norm", "collapsed", *waves)

    def __call__(self, state: Any) -> tuple[Numbers, Counts]:
        """Measure a state."""
        found = jax.device_get(_measure_transformer(self.learner, state, self.problem, self.lens))
        counted, numbers = found
        values = {**_counted(counted, self.problem.group_names)}
        values.update({name: _plain(value) for name, value in numbers.items()})
        return {name: values[name] for name in self.scalars}, {}


Observer = NetworkObserver | KernelObserver | TransformerObserver
"""Measures a state on the whole domain: `scalars` names its numbers in the order in which they are stored,
`histograms` its counts with their bins; called with a state it returns both."""


def observer_of(learner: Learner, problem: Problem, basis: Basis) -> Observer:
    """Return the observer of a learner."""
    if isinstance(learner, MLPLearner):
        return NetworkObserver(learner, problem, basis)
    if isinstance(learner, TransformerLearner):
        return TransformerObserver(learner, problem)
    return KernelObserver(learner, problem)


def _parts(problem: Problem) -> tuple[str, ...]:
    """Name the accuracies of each task of a mixture."""
    return tuple(f"{name}_accuracy" for name in problem.group_names[len(GROUPS) :])


def _counted(counted: Tally, names: tuple[str, ...] = GROUPS) -> Numbers:
    losses = dict(zip(names, counted.loss, strict=True))
    found = {"train_loss": _plain(losses["train"]), "test_loss": _plain(losses["test"])}
    for name, correct, size in zip(names, counted.correct, counted.size, strict=True):
        found[f"{name}_accuracy"] = int(correct) / int(size) if size else math.nan
    return found


def _plain(value: Any) -> float:
    """Turn a float32 into the shortest decimal that gives it back: one number in records, files and pages."""
    return float(str(np.asarray(value)[()]))


@eqx.filter_jit
def _measure(
    learner: MLPLearner, state: MLPState, problem: Problem, lens: Lens
) -> tuple[Tally, dict[str, Array], dict[str, Array]]:
    weights = state.weights
    gradient = learner.gradient(state, problem)
    found = spectra(weights, lens)
    frequency = frequency_histogram(found)
    numbers = {
        "weight_norm": root_mean_square(eqx.filter(weights, eqx.is_array)),
        "gradient_norm": root_mean_square(eqx.filter(gradient, eqx.is_array)),
        "ipr": mean_ipr(found),
        "phase_coherence": coherence_of(found),
        "frequencies": jnp.sum(frequency > 0),
    }
    counts = {"dominant_frequency": frequency, "phase_sum": phase_histogram(found)}
    return tally(weights, loss_named(learner.loss), problem), numbers, counts


@eqx.filter_jit
def _measure_metric(learner: RFMLearner, state: RFMState, problem: Problem) -> tuple[Tally, dict[str, Array]]:
    metric = state.weights.metric
    numbers = {measure.name: measure.function(metric, learner.structure) for measure in METRIC_MEASURES}
    numbers["condition"] = state.condition
    numbers["singular"] = state.singular.astype(jnp.int32)
    return tally(state.weights, mse, problem), numbers


@eqx.filter_jit
def _measure_transformer(
    learner: TransformerLearner, state: NetworkState[Transformer], problem: Problem, lens: TokenLens
) -> tuple[Tally, dict[str, Array]]:
    weights = state.weights
    loss = loss_named(learner.settings.loss)

    def training_loss(weights: Transformer) -> tuple[Array, Array]:
        logits = learner.logits(learner.held(weights), problem.inputs)
        return jnp.mean(loss(logits, problem.labels)), logits

    gradient, logits = jax.grad(training_loss, has_aux=True)(weights)
    numbers = {
        "weight_norm": root_mean_square(eqx.filter(weights, eqx.is_array)),
        "gradient_norm": root_mean_square(eqx.filter(gradient, eqx.is_array)),
        "collapsed": jnp.mean(collapsed(loss, logits, problem.labels)),
        **transformer_numbers(weights, lens),
    }
    return tally(lambda inputs: learner.logits(weights, inputs), loss, problem), numbers
