"""The weights of a transformer by role, each with how it lies in the file.

Owns: what is known of them before they are laid out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .keys import kind_of

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a transformer by role.

    Arguments:
        arrays: by role; see `keys.transformer_roles`.
        kinds: role -> how it lies, as in `keys.kind_of`.
        transposed: roles whose matrices the user transposed.
        fixed: roles that the user named.
        names: role -> name in the file.
    """

    arrays: dict[str, np.ndarray]
    kinds: dict[str, str]
    transposed: frozenset[str]
    fixed: frozenset[str]
    names: dict[str, str]

    @property
    def layers(self) -> int:
        """Number of layers."""
        numbers = [int(role.split(".")[1]) for role in self.arrays if role.startswith("blocks.")]
        return 1 + max(numbers, default=-1)


def weights_of(
    arrays: Arrays, roles: Mapping[str, str], transposed: frozenset[str], fixed: frozenset[str]
) -> Weights:
    """Gather weights by role."""
    return Weights(
        {role: arrays[name] for role, name in roles.items()},
        {role: kind_of(name) for role, name in roles.items()},
        frozenset(role for role, name in roles.items() if name in transposed),
        frozenset(role for role, name in roles.items() if name in fixed),
        dict(roles),
    )
