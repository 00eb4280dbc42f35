"""How ensembles are stepped: on an accelerator as a stack, on the CPU one member after another.

Owns: the choice, and the environment variable `MODGROK_STEPPING` that makes it: `sequence`, `stack`, or
`auto` for the choice by device.
"""

from __future__ import annotations

import os
from typing import get_args

import jax

from ...runs.options import Stepping
from ...tasks import InputError
from ...tasks.errors import shorten

VARIABLE = "MODGROK_STEPPING"
STEPPINGS: tuple[Stepping, ...] = get_args(Stepping)


def chosen_stepping() -> Stepping:
    """Return how this process steps ensembles.

    A small network keeps the cores of a CPU busy, and equals a run alone to the bit if it is stepped alone;
    on an accelerator most of its time would be spent on starting its operations.

    Raises:
        InputError: the environment variable has another value.
    """
    request = os.environ.get(VARIABLE, "") or "auto"
    for stepping in STEPPINGS:
        if request == stepping:
            return stepping
    if request != "auto":
        raise InputError(f"{VARIABLE}: must be sequence, stack or auto, got {shorten(request)}")
    return "stack" if has_accelerator() else "sequence"


def has_accelerator() -> bool:
    """Say whether arrays live on another device than the CPU."""
    return jax.default_backend() != "cpu"
