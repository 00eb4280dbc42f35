"""What the argument parser refuses, in one line of argument, rule and value.

Owns: those words, and which command they are of.
"""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import CycloptsError
from cyclopts.exceptions import MissingArgumentError, RepeatArgumentError, UnusedCliTokensError

from ...tasks.errors import shorten


def command_of(error: CycloptsError, first: str) -> str:
    """Return the command that refused, as in `runs show`; the first word of the line if it is not known."""
    return " ".join(error.command_chain or ()) or first


def words_of(error: CycloptsError, command: str) -> str:
    """Say what is wrong with the words that followed a command."""
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return f"arguments: must be those of modgrok {command}, got {_listed(error.unused_tokens)} as well."
    if isinstance(error, RepeatArgumentError) and error.token.keyword:
        name = error.token.keyword.lstrip("-")
        return f"{name}: must be given once, got {shorten(error.token.value)} as well."
    if isinstance(error, MissingArgumentError) and error.argument is not None and not error.tokens_so_far:
        rule = "have a value" if error.keyword else "be given"
        return f"{error.argument.name.lstrip('-').lower()}: must {rule}, got none."
    return str(error)


def _listed(tokens: Sequence[str]) -> str:
    return ", ".join(shorten(token) for token in tokens)
