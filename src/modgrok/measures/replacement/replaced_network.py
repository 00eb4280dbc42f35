"""One replacement of a network's weights, before it is measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class ReplacedNetwork:
    """A network of which more is replaced than of the one before.

    Arguments:
        part: what was replaced last.
        network: of the same kind as the original.
        notes: numbers about the replacement, by name.
    """

    part: str
    network: Any
    notes: dict[str, float] = field(default_factory=dict)
