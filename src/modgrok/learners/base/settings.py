"""What the settings of every learner have in common.

Owns: the base record, which settings name a stored asset, and the values that a field may take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.fields import FieldInfo

from ...tasks import InputError, Task
from ...tasks.catalogue import OneOf

LARGEST_FLOAT32 = 3.4028234e38


@dataclass(frozen=True)
class Asset:
    """Something too large for settings, which they name by its SHA-256.

    Arguments:
        field: of the settings, that holds the digest; None if nothing was given.
        kind: `table`, `matrix` or `network`.
        check: (content as given, task) -> content as it is stored; raises InputError.
    """

    field: str
    kind: str
    check: Callable[[Any, Task], Any] = lambda content, task: content


class Settings(BaseModel):
    """Settings of a learner: a frozen record whose content is part of a run's identity.

    A learner's own settings add `kind: Literal["<name>"] = "<name>"` and their fields, each with a range and
    a description; commands, sweep files and documentation are built from these.

    Class attributes:
        title: of its panel in `train --help`; the learner's name if empty.
        ASSETS: keyword of `Experiment.of` under which an asset is given -> what it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: ClassVar[str] = ""
    ASSETS: ClassVar[dict[str, Asset]] = {}

    kind: str

    @field_validator("*")
    @classmethod
    def _fits_float32(cls, value: Any, info: Any) -> Any:
        if isinstance(value, float) and abs(value) > LARGEST_FLOAT32:
            raise InputError(f"{info.field_name}: must be a number of float32, at most 3.4e38, got {value:g}")
        return value

    def resolve(self, p: int, k: int) -> Settings:
        """Fill in the defaults that depend on modulus p and number of operands k."""
        return self

    def without_effect(self, task: Task) -> dict[str, str]:
        """Return the settings that change nothing beside the others: name -> with what they would.

        Example:
            >>> from modgrok.learners.mlp.settings import MLPSettings
            >>> from modgrok.tasks import task_from_expression
            >>> MLPSettings().without_effect(task_from_expression("x + y", 5))["momentum"]
            'optimiser momentum or muon'
        """
        return {}


def option_fields(settings: type[Settings]) -> dict[str, FieldInfo]:
    """Return the fields that commands and sweep files may set: neither the kind nor digests of assets."""
    hidden = {"kind", *(asset.field for asset in settings.ASSETS.values())}
    return {name: info for name, info in settings.model_fields.items() if name not in hidden}


def choices_of(info: FieldInfo) -> tuple[str, ...]:
    """Return the names that a settings field accepts; empty if it takes other values.

    Example:
        >>> from modgrok.learners.transformer.settings import TransformerSettings
        >>> [choices_of(TransformerSettings.model_fields[name]) for name in ("biases", "lr")]
        [('none', 'mlp', 'all'), ()]
    """
    for item in info.metadata:
        if isinstance(item, OneOf):
            return item.choices
    return tuple(part for part in _parts(info.annotation) if isinstance(part, str))


def _parts(annotation: Any) -> list[Any]:
    """Return the members of a union or of a literal, nested ones too."""
    parts: list[Any] = []
    for part in get_args(annotation):
        parts += [part] if isinstance(part, str) else _parts(part)
    return parts
