"""What is declared of a run that is trained elsewhere: its name, its loss, and settings of any name.

Owns: which names and values such settings may have.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from ...tasks import InputError
from ...tasks.catalogue import OneOf
from ...tasks.errors import shorten
from ...training.losses import LOSSES
from ..base.settings import Settings

RESERVED = frozenset(
    (
        *("task", "fraction", "symmetric", "orbits", "corruption", "seed", "learner", "kind", "loss", "name"),
        *("id", "expression", "p", "status", "step", "budget", "memorised_at", "grokked_at", "seconds"),
        *("created", "updated"),
    )
)
"""Names that a run has already."""
RESERVED_SINCE = frozenset(
    (
        *("folds", "fold", "train", "test", "tag", "tags", "note", "run", "path", "measures", "settings"),
        *("group", "table", "extended_domain", "early_stop", "observe_every"),
    )
)
"""Names that new runs may not use either; runs of earlier versions may have them."""
RECORDED_LOSSES = ("mse", "cross_entropy", "stablemax", "log_softmax")
"""Losses that can be recorded in float32."""
MOST_SETTINGS = 200
LONGEST_TEXT = 2000


class ExternalSettings(Settings):
    """Settings of a run that is trained elsewhere; any others beside these two are kept as they are given.

    Example:
        >>> ExternalSettings(name="my MLP", width=128).model_dump()
        {'kind': 'external', 'name': 'my MLP', 'loss': 'cross_entropy', 'width': 128}
    """

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    title: ClassVar[str] = "Trained elsewhere"

    kind: Literal["external"] = "external"
    name: str = Field(
        "", max_length=LONGEST_TEXT, description="Description of what is trained, in a few words."
    )
    loss: Annotated[str, OneOf(LOSSES, RECORDED_LOSSES)] = Field(
        "cross_entropy", description="Loss recorded for every group of inputs."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, values: Any) -> Any:
        if isinstance(values, dict):
            check_settings({name: values[name] for name in values if name not in cls.model_fields})
        return values


def check_new_settings(settings: dict[Any, Any], recorded: Collection[str] = ()) -> None:
    """Refuse settings as `check_settings`, and those that would hide what is recorded of a new run.

    Arguments:
        settings: by name.
        recorded: names of the numbers that are recorded at every observation.

    Raises:
        InputError: see there; or an integer does not fit 64 bits.
    """
    check_settings(settings)
    for name, value in settings.items():
        if name in RESERVED_SINCE or name in recorded:
            raise InputError(
                f"settings: must not use the name of a field or of a recorded number, got {name!r}"
            )
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InputError(f"settings.{name}: must fit 64 bits, got {shorten(value)}")


def check_settings(settings: dict[Any, Any]) -> None:
    """Refuse settings that cannot be listed and compared like those of other runs.

    Raises:
        InputError: a name is no identifier, or taken; a value is no text, number, truth value or None.

    Example:
        >>> check_settings({"seed": 3})
        Traceback (most recent call last):
        modgrok.io.errors.InputError: settings: must not use the name of a field of every run, got 'seed'
    """
    if len(settings) > MOST_SETTINGS:
        raise InputError(f"settings: must have at most {MOST_SETTINGS}, got {len(settings)}")
    for name, value in settings.items():
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_]\w{0,63}", name):
            raise InputError(f"settings: must have identifiers as names, got {shorten(name)}")
        if name in RESERVED:
            raise InputError(f"settings: must not use the name of a field of every run, got {name!r}")
        if value is not None and not isinstance(value, str | int | float | bool):
            raise InputError(
                f"settings.{name}: must be text, a number, true, false or none, got {shorten(value)}"
            )
        if isinstance(value, float) and not abs(value) < float("inf"):
            raise InputError(f"settings.{name}: must be finite, got {value}")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise InputError(
                f"settings.{name}: must have at most {LONGEST_TEXT} characters, got {len(value)}"
            )
