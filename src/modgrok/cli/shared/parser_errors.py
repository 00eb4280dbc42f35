"""What the argument parser refuses, in one line of argument, rule and value.

Owns: those words, and which help has more.
"""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import CycloptsError
from cyclopts.exceptions import MissingArgumentError, RepeatArgumentError, UnusedCliTokensError

from ...tasks.errors import shorten


def words_of(error: CycloptsError, command: str) -> str:
    """Return the line that says what is wrong.

    Arguments:
        error: of the parser.
        command: the first word of the command line; a group's command names both, as in `runs show`.
    """
    chain = " ".join(error.command_chain or ()) or command
    more = f"See modgrok {chain} --help."
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return (
            f"arguments: must be those of modgrok {chain}, got {_listed(error.unused_tokens)} as well. {more}"
        )
    if isinstance(error, RepeatArgumentError) and error.token.keyword:
        name = error.token.keyword.lstrip("-")
        return f"{name}: must be given once, got {shorten(error.token.value)} as well. {more}"
    if isinstance(error, MissingArgumentError) and error.argument is not None and not error.tokens_so_far:
        rule = "have a value" if error.keyword else "be given"
        return f"{error.argument.name.lstrip('-').lower()}: must {rule}, got none. {more}"
    return f"{' '.join(str(error).split())} {more}"


def _listed(tokens: Sequence[str]) -> str:
    return ", ".join(shorten(token) for token in tokens)
