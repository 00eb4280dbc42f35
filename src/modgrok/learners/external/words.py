"""The words of runs that are trained elsewhere, in reports and messages."""

from __future__ import annotations

from ..base.wording import LOSS_PHRASES, Wording
from .settings import ExternalSettings


def describe(settings: ExternalSettings) -> list[str]:
    """List what was declared of a run."""
    own = [f"{name} {value}" for name, value in (settings.model_extra or {}).items()]
    loss = f"recorded loss {LOSS_PHRASES.get(settings.loss, settings.loss)}"
    return [settings.name or "a program of one's own", *own, loss]


WORDING = Wording(
    noun="a network trained elsewhere",
    heading="Trained elsewhere",
    describe=describe,
)
