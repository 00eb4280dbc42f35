"""The commands that a report prints: what made the weights and what draws them again.

Owns: what of a command line a reader elsewhere may see. Folders of the machine that ran it are not shown.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

BETWEEN = ("&&", "#")
"""Words of a shell, which are not quoted."""


def portable(command: str) -> str:
    """Return a command with the last part of each absolute path, which means nothing on another machine.

    Example:
        >>> portable("modgrok train 'x + y' --runs /home/me/work/runs --table=/data/t.npy")
        "modgrok train 'x + y' --runs runs --table=t.npy"
        >>> portable("modgrok report latest -o a.html --runs my/runs")
        'modgrok report latest -o a.html --runs my/runs'
        >>> portable("modgrok train x --runs '/a && b/r' && modgrok runs resume 1f --runs /c/r # stopped")
        'modgrok train x --runs r && modgrok runs resume 1f --runs r # stopped'
    """
    try:
        words = shlex.split(command)
    except ValueError:  # recorded by hand, or cut
        return command
    changed = [word if word in BETWEEN else _word(word) for word in words]
    if changed == words:
        return command
    return " ".join(word if word in BETWEEN else shlex.quote(word) for word in changed)


def _word(word: str) -> str:
    option, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
    path = PurePath(value)
    return f"{option}{equals}{path.name or value}" if path.is_absolute() else word


def runs_option(folder: Path) -> str:
    """Return the option that names a store, with a blank in front; nothing for the default one."""
    return "" if folder == Path("runs") else f" --runs {shlex.quote(str(folder))}"


def maker_of(notes: Mapping[str, Any]) -> str:
    """Return the command that made the weights in a file, or the run that they are of; empty if unknown.

    Arguments:
        notes: of a file of weights.

    Example:
        >>> maker_of({"command": "modgrok construct 'x + y' --p 23 -o net.safetensors"})
        "modgrok construct 'x + y' --p 23 -o net.safetensors"
        >>> maker_of({"run": "095f24b4bd25", "step": 620}), maker_of({})
        ('modgrok runs show 095f24b4bd25', '')
    """
    command, run = notes.get("command"), notes.get("run")
    if isinstance(command, str):
        return command
    return f"modgrok runs show {run}" if isinstance(run, str) else ""
