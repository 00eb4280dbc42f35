"""Integers as callers pass them, of Python or of NumPy, checked and made plain.

Owns: the one line that a value of another kind, or out of its range, gives.
"""

from __future__ import annotations

import operator
from typing import Any

from .errors import InputError, shorten

MOST_SEED = 2**63 - 1
"""Largest seed: a store's integers have 64 bits."""


def whole_number(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return an integer of any library as an `int`.

    Arguments:
        name: of the argument, for the message.
        value: an `int`, or a NumPy integer; `True` and `2.0` are none.
        least, most: its range, ends included; None for no upper end.

    Raises:
        InputError: it is no integer, or out of range.

    Example:
        >>> import numpy as np
        >>> type(whole_number("steps", np.int64(3), 1)).__name__
        'int'
        >>> whole_number("steps", 2.5, 1)
        Traceback (most recent call last):
        modgrok.io.errors.InputError: steps: must be an integer, got '2.5'
    """
    try:
        if isinstance(value, bool):  # NumPy's has no index
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name}: must be an integer, got {shorten(value)}") from None
    if number < least or (most is not None and number > most):
        end = "" if most is None else f" and at most {most}"
        raise InputError(f"{name}: must be at least {least}{end}, got {number}")
    return number


def digits(text: str, most: int = 20) -> int | None:
    """Return the number from 0 that a text of at most so many digits is; None for any other text.

    The digits are 0 to 9 alone: `int` reads those of other scripts as well, and `isdigit` accepts some that
    `int` does not read.

    Example:
        >>> [digits(text) for text in ("042", "-1", "²", "")]
        [42, None, None, None]
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most else None
