"""Why JAX did not start: what `JAX_PLATFORMS` asks for is not on this machine."""

from __future__ import annotations

import os
import traceback

VARIABLE = "JAX_PLATFORMS"
STARTS_JAX = "jax._src.xla_bridge"
"""The module of JAX that opens platforms."""
SAYS = "Unable to initialize backend"
"""How most of its errors begin; on some platforms it only asserts."""


def platform_error(error: BaseException) -> str | None:
    """Say in one line that JAX could not open the platform asked for; None if the error is another one.

    Arguments:
        error: as it was raised, with its traceback.

    Example:
        >>> platform_error(ValueError("another one")) is None
        True
    """
    asked = os.environ.get(VARIABLE)
    frames = (frame.f_globals.get("__name__") for frame, _ in traceback.walk_tb(error.__traceback__))
    # JAX takes its own frames out of some tracebacks
    if not asked or not (STARTS_JAX in frames or SAYS in str(error)):
        return None
    return (
        f"{VARIABLE}: must name a platform that JAX finds on this machine, got {asked!r}; "
        f"unset it (unset {VARIABLE}) to use what there is, or set {VARIABLE}=cpu"
    )
