"""The words of a two-layer network in reports and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...training.optimisers import OPTIMISERS
from ..base.wording import (
    LOSS_PHRASES,
    Numbers,
    Wording,
    describe_activation,
    describe_rate,
    describe_update,
)
from .settings import MLPSettings

PARAMETRISATIONS = {"gromov": "Gromov's normalised", "doshi": "Doshi's plain"}


def describe(s: MLPSettings) -> list[str]:
    """List network, loss and optimiser."""
    size = "full batch" if s.batch_size is None else f"batches of {s.batch_size:,}"
    update = OPTIMISERS.named(s.optimiser)
    parts = [
        f"width {s.width:,}",
        f"{PARAMETRISATIONS.get(s.parametrisation, s.parametrisation)} parametrisation",
        f"activation {describe_activation(s.activation or '')}",
        LOSS_PHRASES.get(s.loss, s.loss),
        f"{update.phrase or update.name}, {size}",
        f"learning rate {describe_rate(s.lr or 0.0)}",
    ]
    optional = (
        ("weight decay", s.weight_decay, 0.0),
        ("dropout", s.dropout, 0.0),
        ("trace of the AGOP in the loss times", s.agop_weight, 0.0),
        ("initial scale", s.init_scale, 1.0),
    )
    parts += describe_update(s)
    parts += [f"{name} {value:g}" for name, value, default in optional if value != default]
    return parts + (["inputs mapped by a random circulant matrix"] if s.inputs != "one-hot" else [])


def _findings(last: Numbers, context: Mapping[str, Any], records: Sequence[Numbers]) -> str:
    return (
        f"IPR {last['ipr']:.3f} in the {context['basis']} basis (closed form 1), "
        f"weight norm {last['weight_norm']:.3g}"
    )


def _advice(settings: MLPSettings) -> str:
    rate = settings.lr or 1.0
    factor = 1 - rate * settings.weight_decay
    if factor < 0 and settings.optimiser != "adam":
        return (
            f"weight decay multiplies weights by 1 - lr x decay = {factor:.3g} at each step; try "
            f"--weight-decay {0.01 / rate:.1g} or less, or an optimiser with a smaller default rate, such as "
            "adamw"
        )
    return f"try a smaller rate, such as --lr {rate / 3:.3g}"


WORDING = Wording(
    noun="a two-layer network",
    heading="Network and training",
    describe=describe,
    advice=_advice,
    findings=_findings,
)
