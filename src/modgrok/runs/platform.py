"""Why JAX did not start: what `JAX_PLATFORMS` asks for is not on this machine."""

from __future__ import annotations

import os
import sys

VARIABLE = "JAX_PLATFORMS"


def platform_error() -> str | None:
    """Say in one line that JAX cannot open the platform asked for; None if it can, or was not loaded.

    To be called after another error: JAX itself may only assert, and takes its own frames out of tracebacks.

    Example:
        >>> platform_error() is None
        True
    """
    requested = os.environ.get(VARIABLE)
    if not requested or "jax" not in sys.modules:
        return None
    try:
        sys.modules["jax"].devices()
    except Exception:
        return (
            f"{VARIABLE}: must name a platform that JAX finds on this machine, got {requested!r}; "
            f"unset it (unset {VARIABLE}) to use what there is, or set {VARIABLE}=cpu"
        )
    return None
