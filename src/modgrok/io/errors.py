"""The one error that bad input raises: argument, rule, value in one line."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input; the message is one line that names the argument, the rule and the value."""


class AbsentError(InputError):
    """What a run or a store is asked for by name is not there."""


class BusyError(InputError):
    """Another process works on what is asked for; asked again once it has ended, it is no error."""


class NotFiniteError(InputError):
    """A network's numbers are not finite, as those of one that diverged; there is nothing to measure."""


def shorten(value: object, limit: int = 60) -> str:
    """Quote a value for a message, cut in the middle when it is long.

    Example:
        >>> shorten("x +"), len(shorten("x" * 10**5)), len(shorten(10**10_000))
        ("'x +'", 62, 62)
    """
    text = " ".join(_text(value).split())
    if len(text) > limit:
        half = (limit - 3) // 2
        text = text[: limit - 3 - half] + "..." + text[-half:]
    return f"'{text}'"


def _text(value: object) -> str:
    """Print a value; Python refuses integers of more than some thousand digits, and containers of them."""
    try:
        return str(value)
    except ValueError:
        if isinstance(value, int):
            return f"an integer of {value.bit_length()} bits, too long to be written in a message"
        return f"a {type(value).__name__} with an integer too long to be written in a message"
    except RecursionError:
        return f"a {type(value).__name__} nested too deeply to be written in a message"


def in_words(value: object) -> str:
    """Print a value for a message: a float in a few digits, an integer as it is, the rest as `shorten` does.

    Example:
        >>> [in_words(value) for value in (0.1 + 0.2, 1_234_567, 100.0, "3", True, 1.0000001)]
        ['0.3', '1234567', '100.0', "'3'", 'True', '1.0000001']
    """
    if isinstance(value, float):
        few = f"{value:g}"
        misleading = float(few).is_integer() and abs(value) < 1e6  # 1.0000001 would read as 1
        return str(value) if misleading else few
    return str(value) if isinstance(value, int) and abs(value) < 10**15 else shorten(value)
