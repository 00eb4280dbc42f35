"""One replacement in a network, before it is measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class ReplacedNetwork:
    """A network of which more is replaced than of the one before.

    Arguments:
        part: what was replaced last.
        network: of the same kind as the original; None if activations are replaced, which no weights give.
        notes: numbers about the replacement, by name.
        logits: of every input of the domain, shape (n, c), where there is no network.
    """

    part: str
    network: Any | None
    notes: dict[str, float] = field(default_factory=dict)
    logits: np.ndarray | None = None
