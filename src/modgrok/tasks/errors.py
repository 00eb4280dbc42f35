"""The one error that bad input raises: argument, rule, value in one line."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input; the message is one line that names the argument, the rule and the value."""


def shorten(value: object, limit: int = 60) -> str:
    """Quote a value for a message, cut in the middle when it is long.

    Example:
        >>> shorten("x +"), len(shorten("x" * 10**5))
        ("'x +'", 62)
    """
    text = " ".join(str(value).split())
    if len(text) > limit:
        half = (limit - 3) // 2
        text = text[: limit - 3 - half] + "..." + text[-half:]
    return f"'{text}'"
