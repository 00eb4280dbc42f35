"""What the settings of every learner have in common.

Owns: the base record, which settings name a stored asset, and the values that a field may take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

import numpy as np
from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.fields import FieldInfo

from ...tasks import InputError, Task
from ...tasks.catalogue import OneOf
from ...tasks.errors import in_words

LARGEST_FLOAT32 = 3.4028234e38
"""Largest number of float32."""
SMALLEST_FLOAT32 = 1.1754944e-38
"""Smallest normal number of float32; processors may take smaller ones for 0."""
TYPE_WORDS = {int: "an integer", float: "a number", bool: "true or false", str: "a string"}
"""Types of values in messages."""


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
        DOUBLE: whether the learner computes in float64.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: ClassVar[str] = ""
    ASSETS: ClassVar[dict[str, Asset]] = {}
    DOUBLE: ClassVar[bool] = False

    kind: str

    @field_validator("*")
    @classmethod
    def _fits_float32(cls, value: Any, info: Any) -> Any:
        if isinstance(value, float) and abs(value) > LARGEST_FLOAT32:
            raise InputError(f"{info.field_name}: must be a number of float32, at most 3.4e38, got {value:g}")
        if isinstance(value, float) and not cls.DOUBLE:  # 1 - 1e-9 is a beta, and 1 once rounded to be used
            for bound in cls.model_fields[info.field_name].metadata:
                low, high = getattr(bound, "gt", None), getattr(bound, "lt", None)
                if high is not None and not np.float32(value) < high:
                    raise InputError(f"{info.field_name}: must be below {high} in float32, got {value!r}")
                if low is not None and not value - low >= SMALLEST_FLOAT32:
                    raise InputError(f"{info.field_name}: must be above {low} in float32, got {value!r}")
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


def value_types(annotation: Any) -> frozenset[type]:
    """Return which of `int`, `float`, `bool` and `str` an annotation admits; empty if others as well.

    Example:
        >>> from typing import Literal
        >>> [sorted(t.__name__ for t in value_types(a)) for a in (int | None, Literal["a"], tuple[int, ...])]
        [['int'], ['str'], []]
    """
    if annotation in (int, float, bool, str):
        return frozenset({annotation})
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return frozenset(type(part) for part in parts)
    if origin is Annotated:
        return value_types(parts[0])
    if origin not in (Union, UnionType):
        return frozenset()
    types = [value_types(part) for part in parts if part is not type(None)]
    return frozenset().union(*types) if all(types) else frozenset()


def check_type(name: str, value: Any, types: frozenset[type]) -> None:
    """Refuse a value of another type than a field's; an integer is a number as well, a truth value is none.

    Arguments:
        name: of the field.
        value: of it.
        types: see `value_types`; any value is right if empty.

    Raises:
        InputError: naming the field, the types and the value.

    Example:
        >>> check_type("lr", "0.1", frozenset({float}))
        Traceback (most recent call last):
        modgrok.io.errors.InputError: lr: must be a number, got '0.1'
    """
    right = type(value) in types or (str in types and isinstance(value, str))
    if types and not right and not (type(value) is int and float in types):
        words = " or ".join(TYPE_WORDS[each] for each in TYPE_WORDS if each in types)
        raise InputError(f"{name}: must be {words}, got {in_words(value)}")


def checked_options(record: type[BaseModel], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return values for fields of a record, numbers of NumPy as those of Python; refuse other types.

    Arguments:
        record: has a field for every name.
        options: name -> value.

    Raises:
        InputError: see `check_type`.
    """
    plain = {name: plain_number(value) for name, value in options.items()}
    for name, value in plain.items():
        check_type(name, value, value_types(record.model_fields[name].annotation))
    return plain


def plain_number(value: Any) -> Any:
    """Return a number of NumPy as one of Python; other values as they are."""
    return value.item() if isinstance(value, np.generic) else value


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
