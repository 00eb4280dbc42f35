"""What `modgrok train` says at once: the task, before JAX is loaded, which takes seconds.

Owns: that line, for a reader at a terminal: to a program a refusal is one line. It is left out where it
could be wrong: without an expression and a modulus that can be read, and where JAX is loaded already.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def first_line(arguments: Sequence[str]) -> str | None:
    """Return the line that announces a training command, or None if its task cannot be read from the words.

    Arguments:
        arguments: what follows `modgrok train`.

    Example:
        >>> first_line(["y + x", "--p", "97", "--seed", "1"])
        'x + y mod 97: loading JAX'
        >>> first_line(["y +", "--p", "97"]), first_line(["--group", "S5"]), first_line(["x", "--help"])
        (None, None, None)
    """
    from ..tasks import InputError, parse

    text, p = _expression(arguments), _modulus(arguments)
    if text is None or p is None or {"--help", "-h"} & set(arguments):
        return None
    try:
        names = [str(parse(part)) for part in text.split(";")]
    except InputError:
        return None  # the command says what is wrong
    return f"{'; '.join(names)} mod {p}: loading JAX"


def announce(arguments: Sequence[str]) -> None:
    """Write the line to stderr if that is a terminal, there is one, and JAX is still to be loaded."""
    line = first_line(arguments) if sys.stderr.isatty() and "jax" not in sys.modules else None
    if line is not None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def _expression(arguments: Sequence[str]) -> str | None:
    """Return the expression where it is written first, as in every example."""
    return arguments[0] if arguments and not arguments[0].startswith("-") else None


def _modulus(arguments: Sequence[str]) -> int | None:
    """Return the value of --p, if it is a modulus."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    value = words[words.index("--p") + 1] if "--p" in words[:-1] else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 and int(value) > 1 else None
