"""What a two-layer network's training depends on: one frozen record, and its defaults.

Owns: the parameters, their ranges, the two parametrisations with the conversion between them, and the
default learning rates.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from ...models.activations import activation, power_of
from ...tasks import Task
from ...tasks.catalogue import OneOf
from ...training.losses import LOSSES
from ...training.optimisers import OPTIMISERS, numbers_without_effect
from ..base.settings import Settings

REFERENCE_RATE = 1e6 * (2 * 97 * 500) ** (-2 / 3)
"""Plain-weight rate, 474, of gradient descent that groks x + y mod 97 at width 500 in about 1,200 steps."""


class MLPSettings(Settings):
    """Settings of the `mlp` learner; None means the documented default, filled in by `resolve`."""

    title: ClassVar[str] = "MLP"

    kind: Literal["mlp"] = "mlp"
    width: int = Field(500, ge=1, le=1_000_000, description="Number of hidden units N.")
    parametrisation: Literal["gromov", "doshi"] = Field(
        "gromov",
        description="gromov: f = (1/N) W phi(U x / sqrt(kp)), weights N(0, 1); "
        "doshi: f = W phi(U x), weights of standard deviation (16N)^(-1/3) at S = 2.",
    )
    activation: str | None = Field(
        None,
        description="Activation: powerS (z^S), relu, gelu or silu; default powerS, with S the number of "
        "operands, at least 2.",
    )
    loss: Annotated[str, OneOf(LOSSES, ("mse", "cross_entropy", "stablemax"))] = Field(
        "mse", description="mse is the squared error on one-hot labels, averaged over examples and classes."
    )
    optimiser: Annotated[str, OneOf(OPTIMISERS)] = Field(
        "gd", description="Optimiser; gd is plain gradient descent."
    )
    lr: float | None = Field(
        None, gt=0, description="Learning rate; default scaled to p, width, loss and optimiser."
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        description="Weight decay: a step multiplies weights by 1 - lr x decay; coupled in adam.",
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum of the momentum and muon optimisers.")
    beta1: float = Field(0.9, ge=0, lt=1, description="Decay of Adam's first moment.")
    beta2: float = Field(0.98, ge=0, lt=1, description="Decay of Adam's second moment.")
    batch_size: int | None = Field(None, ge=1, description="Mini-batch size; default the full training set.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Fraction of hidden units dropped at each step.")
    grokfast: float = Field(0.0, ge=0, description="Strength lambda of the Grokfast filter; 0 is off.")
    grokfast_decay: float = Field(
        0.98, ge=0, lt=1, description="Decay alpha of the Grokfast filter's moving average."
    )
    agop_weight: float = Field(
        0.0, ge=0, description="Weight lambda of the regulariser lambda tr(AGOP) in the loss; 0 is off."
    )
    inputs: Literal["one-hot", "random-circulant"] = Field(
        "one-hot",
        description="Inputs of the first layer: one-hot operands x, or (M*)^(1/4) x for a random M* with "
        "the task's circulant structure.",
    )
    orthogonal_gradient: bool = Field(
        False, description="Project the gradient onto the orthogonal complement of the weights."
    )
    init_scale: float = Field(1.0, gt=0, description="Factor on the initial weights.")

    @field_validator("activation")
    @classmethod
    def _known_activation(cls, name: str | None) -> str | None:
        if name is not None:
            activation(name)
        return name

    def without_effect(self, task: Task) -> dict[str, str]:
        """Return the numbers that the optimiser does not read; see `Settings.without_effect`."""
        return numbers_without_effect(self.optimiser, self.grokfast)

    def resolve(self, p: int, k: int) -> MLPSettings:
        """Fill in the activation and the learning rate for modulus p and k operands."""
        named = self.model_copy(update={"activation": self.activation or f"power{max(k, 2)}"})
        rate = self.lr if self.lr is not None else float(f"{default_rate(named, p, k):.6g}")
        return named.model_copy(update={"lr": rate})


def scales(parametrisation: str, width: int, p: int, k: int) -> tuple[float, float]:
    """Return (input scale a, output scale b) of f = b W phi(a U x).

    Example:
        >>> scales("gromov", 500, 97, 2) == (194**-0.5, 1 / 500)
        True
    """
    return (1 / math.sqrt(k * p), 1 / width) if parametrisation == "gromov" else (1.0, 1.0)


def degree_of(settings: MLPSettings) -> int:
    """Degree S of homogeneity that scalings assume: that of `powerS`, 1 for relu, gelu and silu."""
    return power_of(settings.activation or "power2") or 1


def closed_form_amplitude(width: int, degree: int) -> float:
    """Amplitude A of the closed-form waves that gives peak 1: (2^S / (N S!))^(1/(S+1)).

    Source: Doshi et al. 2024, Eq. 2.

    Example:
        >>> round(closed_form_amplitude(500, 2), 4) == round((2 / 500) ** (1 / 3), 4)
        True
    """
    return float((2**degree / (width * math.factorial(degree))) ** (1 / (degree + 1)))


def initial_deviation(settings: MLPSettings) -> float:
    """Standard deviation of the initial weights.

    1 for `gromov`; for `doshi` the constant share (1/4)^(1/3) / 2 of the closed form's amplitude, which at
    S = 2 is the source's (16N)^(-1/3).

    Source: Doshi et al. 2023 (arXiv 2310.13061), Sec. 2, for S = 2; other S generalise it here.
    """
    if settings.parametrisation == "gromov":
        return settings.init_scale
    amplitude = closed_form_amplitude(settings.width, degree_of(settings))
    return settings.init_scale * amplitude * 0.25 ** (1 / 3) / 2


def plain_factor(settings: MLPSettings, p: int, k: int) -> float:
    """Factor from this parametrisation's weights to plain ones: (b a^S)^(1/(S+1)).

    Gradient descent at rate r on these weights is gradient descent at rate r * factor^2 on plain weights.
    Adam at rate r and epsilon e is Adam at rate r * factor and epsilon e / factor on plain weights.

    Example:
        >>> s = MLPSettings(width=500, activation="power2")
        >>> round(1e6 * plain_factor(s, 97, 2) ** 2)
        474
    """
    a, b = scales(settings.parametrisation, settings.width, p, k)
    degree = degree_of(settings)
    return float((b * a**degree) ** (1 / (degree + 1)))


def default_rate(settings: MLPSettings, p: int, k: int) -> float:
    """Choose a learning rate at which small tasks grok without diverging.

    For gradient descent the plain rate is 474 (p/97)^(7/3) (A/A_0)^(1-S) with A the closed form's amplitude
    (A_0 at width 500, S = 2): a weight of size A then moves by a fixed share a step. At S = 2 and in
    Gromov's parametrisation this is 1e6 (p/97)^3 (N/500). Cross-entropies, whose gradient on a logit is
    p/2 times larger, take 2/p of it; momentum mu takes 1 - mu. Adam's rate is 0.01 on plain weights, Muon's
    0.02.
    """
    factor = plain_factor(settings, p, k)
    if OPTIMISERS.named(settings.optimiser).adaptive:
        return 0.01 / factor
    if settings.optimiser == "muon":
        return 0.02 / factor
    degree = degree_of(settings)
    amplitude, reference = closed_form_amplitude(settings.width, degree), closed_form_amplitude(500, 2)
    rate = REFERENCE_RATE * (p / 97) ** (7 / 3) * amplitude ** (1 - degree) / reference**-1
    if settings.loss != "mse":
        rate *= 2 / p
    if settings.optimiser == "momentum":
        rate *= 1 - settings.momentum
    return rate / factor**2
