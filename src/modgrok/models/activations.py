"""Activation functions by name: `power2`, `power3`, …, `relu`, `gelu`, `silu`.

Owns: the names and what they compute. `powerS` is phi(z) = z^S, the activation under which a sum of
S terms has a closed form (Doshi et al. 2024, Sec. 2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import jax
from jax import Array

from ..tasks import InputError
from ..tasks.catalogue import Catalogue


def power_of(name: str) -> int | None:
    """Read the exponent S from `powerS`; None for the other activations.

    Example:
        >>> power_of("power3"), power_of("relu")
        (3, None)
    """
    match = re.fullmatch(r"power([1-9][0-9]?)", name)
    return int(match.group(1)) if match and int(match.group(1)) <= 12 else None


def activation(name: str) -> Callable[[Array], Array]:
    """Return the elementwise function of that name.

    Arguments:
        name: `powerS` with S in 1..12, or a name in `ACTIVATIONS` (`gelu` is exact, with erf).

    Raises:
        InputError: any other name.

    Example:
        >>> import jax.numpy as jnp
        >>> float(activation("power2")(jnp.float32(3)))
        9.0
    """
    exponent = power_of(name)
    if exponent is not None:
        return partial(_power, exponent=exponent)
    if name not in ACTIVATIONS.names:
        others = [known for known in ACTIVATIONS.names if power_of(known) is None]
        names = f"{', '.join(others[:-1])} or {others[-1]}"
        raise InputError(f"activation: must be powerS (S from 1 to 12), {names}, got {name!r}")
    return ACTIVATIONS.named(name)[1]


def is_activation(name: str) -> bool:
    """Say whether `activation` has a function of that name.

    Example:
        >>> is_activation("power2"), is_activation("tanh")
        (True, False)
    """
    return power_of(name) is not None or name in ACTIVATIONS.names


def _power(z: Array, exponent: int) -> Array:
    return jax.lax.integer_pow(z, exponent)


ACTIVATIONS: Catalogue[tuple[str, Callable[[Array], Array]]] = Catalogue(
    "activation",
    (
        *((f"power{s}", partial(_power, exponent=s)) for s in range(2, 7)),
        ("relu", jax.nn.relu),
        ("gelu", partial(jax.nn.gelu, approximate=False)),
        ("silu", jax.nn.silu),
    ),
    name=lambda entry: entry[0],
)
"""Elementwise functions with their names; a new one is accepted by settings and enters shared tests by one
line here. Any other `powerS` with S from 1 to 12 is accepted, too."""
