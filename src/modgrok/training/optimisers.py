"""Optimisers as chains of Optax gradient transformations.

Owns: the chains, and two transformations that Optax lacks, the Grokfast filter and the orthogonal gradient.
Rates and decays are traced numbers, so that one compiled step serves every value and every member of an
ensemble.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..lazy import LazyModule
from ..models.on_device import scalar_on_device
from ..tasks.catalogue import Catalogue

if TYPE_CHECKING:
    import optax
else:
    optax = LazyModule("optax")  # takes a tenth of the start of commands that train nothing

ADAM_EPSILON = 1e-8
"""Adam's epsilon on plain weights, the customary one."""


class Rates(NamedTuple):
    """The numbers an optimiser reads, all scalars.

    Arguments:
        lr: learning rate, > 0.
        weight_decay: lambda, >= 0; decoupled (w -= lr * lambda * w) in all but `adam`, where it is
            added to the gradient before the moments, as Adam with an L2 term does.
        momentum: mu in [0, 1), of `momentum` and `muon`.
        beta1, beta2: decays of the moments of `adam` and `adamw`, in [0, 1).
        epsilon: added to the root of Adam's second moment; scales with the gradients, as `plain_factor` does.
        grokfast: lambda of the Grokfast filter, >= 0; used when the filter is in the chain.
        grokfast_decay: alpha of the filter, in [0, 1).
    """

    lr: Any
    weight_decay: Any = 0.0
    momentum: Any = 0.9
    beta1: Any = 0.9
    beta2: Any = 0.98
    epsilon: Any = 1e-8
    grokfast: Any = 0.0
    grokfast_decay: Any = 0.98


def rates_of(settings: Any, epsilon: float) -> Rates:
    """Put the numbers of a network's settings on the device, in float32.

    Arguments:
        settings: has a field of every name in `Rates` but `epsilon`.
        epsilon: of Adam.
    """
    numbers = {name: getattr(settings, name) for name in Rates._fields if name != "epsilon"}
    return jax.tree.map(
        lambda number: scalar_on_device(number, np.float32), Rates(**numbers, epsilon=epsilon)
    )


def numbers_without_effect(optimiser: str, grokfast: float) -> dict[str, str]:
    """Return the numbers that the update of a network does not read: name -> with what it would.

    Arguments:
        optimiser: its name in `OPTIMISERS`.
        grokfast: strength of the filter.

    Example:
        >>> list(numbers_without_effect("adamw", 2.0))
        ['momentum']
    """
    read = OPTIMISERS.named(optimiser).numbers
    unread = {
        name: "optimiser " + " or ".join(each.name for each in OPTIMISERS if name in each.numbers)
        for name in ("momentum", "beta1", "beta2")
        if name not in read
    }
    return unread if grokfast else unread | {"grokfast_decay": "grokfast above 0"}


@dataclass(frozen=True, eq=False)
class Optimiser:
    """An update rule.

    Arguments:
        name: in settings.
        chain: rates -> gradient transformations, before the step -lr; rates may be traced.
        numbers: the fields of `Rates` that it reads beside the learning rate and the weight decay.
        phrase: what it is called in a sentence.
        adaptive: whether it divides by a running size of the gradient, so that rates do not scale with the
            loss.
        matrices_only: whether every weight must be a matrix, or a stack of matrices.
    """

    name: str
    chain: Callable[[Rates], Sequence[optax.GradientTransformation]]
    numbers: tuple[str, ...] = ()
    phrase: str = ""
    adaptive: bool = False
    matrices_only: bool = False


def optimiser(
    name: str, rates: Rates, *, grokfast: bool = False, orthogonal_gradient: bool = False
) -> optax.GradientTransformation:
    """Chain the gradient transformations of an optimiser.

    Arguments:
        name: in `OPTIMISERS`.
        rates: the numbers; may be traced.
        grokfast: put the Grokfast filter first.
        orthogonal_gradient: put the projection away from the weights first.

    Raises:
        InputError: unknown name.
    """
    chain = OPTIMISERS.named(name).chain(rates)
    first = [perpendicular_gradient()] if orthogonal_gradient else []
    if grokfast:
        first.append(amplify_slow_gradient(rates.grokfast_decay, rates.grokfast))
    return optax.chain(*first, *chain, optax.scale(-1.0 * rates.lr))


def _matrices(params: Any) -> Any:
    """Tell Muon that the last two axes of every weight are a matrix and the others a batch."""
    return jax.tree.map(
        lambda _: optax.contrib.MuonDimensionNumbers(reduction_axis=-2, output_axis=-1), params
    )


class SlowGradient(NamedTuple):
    """State of the Grokfast filter: the running mean of the gradient."""

    mean: Any


def amplify_slow_gradient(decay: Any, strength: Any) -> optax.GradientTransformation:
    """Grokfast: m <- a m + (1 - a) g, then g + lambda m.

    Arguments:
        decay: a in [0, 1); the source uses 0.98.
        strength: lambda >= 0; the source uses 2.0.

    Source: Lee et al. 2024 (arXiv 2405.20233), Algorithm 2 (EMA filter). Deviation: the mean starts at
    zero here, at the first gradient there.
    """

    def init(params: Any) -> SlowGradient:
        return SlowGradient(jax.tree.map(jnp.zeros_like, params))

    def update(grads: Any, state: SlowGradient, params: Any = None) -> tuple[Any, SlowGradient]:
        mean = jax.tree.map(lambda m, g: decay * m + (1 - decay) * g, state.mean, grads)
        return jax.tree.map(lambda g, m: g + strength * m, grads, mean), SlowGradient(mean)

    return optax.GradientTransformation(init, update)


def perpendicular_gradient() -> optax.GradientTransformation:
    """Project each gradient away from its weights: g - (w.g / w.w) w.

    The removed part only rescales the weights, which lowers the loss of a homogeneous network without
    changing what it predicts.

    Source: Prieto et al. 2025 (arXiv 2501.04697), Eq. 9.
    """

    def project(g: Array, w: Array) -> Array:
        return g - (jnp.vdot(w, g) / jnp.maximum(jnp.vdot(w, w), jnp.finfo(w.dtype).tiny)) * w

    def update(grads: Any, state: optax.EmptyState, params: Any = None) -> tuple[Any, optax.EmptyState]:
        return jax.tree.map(project, grads, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def freeze(parts: Callable[[Any], Any]) -> optax.GradientTransformation:
    """Keep some weights as they are: their updates, weight decay included, become zero.

    Arguments:
        parts: weights -> a tree of the same structure with True where a weight is frozen.
    """

    def update(updates: Any, state: optax.EmptyState, params: Any = None) -> tuple[Any, optax.EmptyState]:
        masked = jax.tree.map(lambda u, frozen: jnp.zeros_like(u) if frozen else u, updates, parts(updates))
        return masked, state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _decay(rates: Rates) -> optax.GradientTransformation:
    return optax.add_decayed_weights(rates.weight_decay)


def _adam(rates: Rates) -> optax.GradientTransformation:
    return optax.scale_by_adam(rates.beta1, rates.beta2, rates.epsilon)


def _muon(rates: Rates) -> optax.GradientTransformation:
    return optax.contrib.scale_by_muon(beta=rates.momentum, weight_dimension_numbers=_matrices)


BETAS = ("beta1", "beta2")
OPTIMISERS: Catalogue[Optimiser] = Catalogue(
    "optimiser",
    (
        Optimiser("gd", lambda rates: [_decay(rates)], phrase="gradient descent"),
        Optimiser(
            "momentum",
            lambda rates: [optax.trace(rates.momentum), _decay(rates)],
            ("momentum",),
            "gradient descent with momentum",
        ),
        Optimiser("adamw", lambda rates: [_adam(rates), _decay(rates)], BETAS, "AdamW", adaptive=True),
        Optimiser("adam", lambda rates: [_decay(rates), _adam(rates)], BETAS, "Adam", adaptive=True),
        Optimiser(
            "muon", lambda rates: [_muon(rates), _decay(rates)], ("momentum",), "Muon", matrices_only=True
        ),
    ),
)
"""Every optimiser; a new one enters settings and shared tests by one entry here."""
