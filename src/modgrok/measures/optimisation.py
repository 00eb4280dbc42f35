"""Measures of the optimisation itself: gradients, collapsed examples, the conditioning of kernel solves."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..training.losses import Loss, collapsed
from .measure import Measure
from .norms import root_mean_square


def _gradient_norm(gradient: Any, frame: None) -> Float[Array, ""]:
    return root_mean_square(eqx.filter(gradient, eqx.is_array))


def _collapsed(training: tuple[Loss, Array, Array], frame: None) -> Float[Array, ""]:
    loss, logits, labels = training
    return jnp.mean(collapsed(loss, logits, labels))


def _condition(state: Any, frame: None) -> Array:
    return jnp.asarray(state.condition)


def _singular(state: Any, frame: None) -> Array:
    return jnp.asarray(state.singular).astype(jnp.int32)


DESCENT_MEASURES: tuple[Measure, ...] = (
    Measure(
        name="gradient_norm",
        title="root mean square of the training gradient",
        function=_gradient_norm,
        reads="gradient",
        range=lambda p: (0.0, float("inf")),
    ),
    Measure(
        name="collapsed",
        title="share of training examples whose loss has an exactly zero gradient in its precision",
        function=_collapsed,
        reads="training_logits",
        range=lambda p: (0.0, 1.0),
    ),
)
SOLVE_MEASURES: tuple[Measure, ...] = (
    Measure(
        name="condition",
        title="estimated condition number of the kernel matrix",
        function=_condition,
        reads="kernel_solve",
        range=lambda p: (1.0, float("inf")),
    ),
    Measure(
        name="singular",
        title="1 if the kernel matrix was singular to working precision, else 0",
        function=_singular,
        reads="kernel_solve",
        range=lambda p: (0.0, 1.0),
    ),
)
