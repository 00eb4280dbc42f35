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

ACTIVATIONS = ("power2", "power3", "power4", "power5", "power6", "relu", "gelu", "silu")
"""The names that the tests and the documentation enumerate; any `powerS` with S from 1 to 12 is accepted."""


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
        name: `powerS` with S in 1..12, `relu`, `gelu` (exact, with erf) or `silu`.

    Raises:
        ValueError: any other name.

    Example:
        >>> import jax.numpy as jnp
        >>> float(activation("power2")(jnp.float32(3)))
        9.0
    """
    exponent = power_of(name)
    if exponent is not None:
        return partial(_power, exponent=exponent)
    known: dict[str, Callable[[Array], Array]] = {
        "relu": jax.nn.relu,
        "gelu": partial(jax.nn.gelu, approximate=False),
        "silu": jax.nn.silu,
    }
    if name not in known:
        raise ValueError(f"activation: must be powerS (S from 1 to 12), relu, gelu or silu, got {name!r}")
    return known[name]


def _power(z: Array, exponent: int) -> Array:
    return jax.lax.integer_pow(z, exponent)
