"""`modgrok completion`: commands and options completed by the shell.

The script is written once and starts no Python, so that it answers at once; install it again
after an upgrade.
"""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from cyclopts import App, Parameter

from ..tasks.errors import InputError, shorten
from .shared.output import say
from .shared.streams import write_output

SHELLS = ("bash", "zsh", "fish", "powershell")


def completion(
    shell: Annotated[
        str | None, Parameter(help=f"One of {', '.join(SHELLS)}; default the current shell.")
    ] = None,
    /,
    *,
    install: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Write the script where the shell looks for it, and load it in the shell's startup file.",
        ),
    ] = False,
) -> int:
    """Print the script that completes commands and options in a shell, or install it.

    `modgrok completion --install` is all that is needed; then open a new shell.
    """
    from cyclopts.completion.detect import ShellDetectionError, detect_shell

    if shell is None:
        try:
            shell = detect_shell()
        except ShellDetectionError:
            raise InputError(f"shell: must be one of {', '.join(SHELLS)}, got an unknown shell") from None
    if shell not in SHELLS:
        raise InputError(f"shell: must be one of {', '.join(SHELLS)}, got {shorten(shell)}")
    app: Any = whole_app()  # which shells there are depends on cyclopts' version
    if not install:
        write_output(app.generate_completion(shell=shell))  # a script, tabs included
        return 0
    try:
        path = app.install_completion(shell=shell)
    except OSError as error:
        _remove_partial(app, shell)
        raise InputError(f"shell: cannot install the script for {shell} ({error.strerror})") from None
    say(f"wrote {path}; open a new shell to use it")
    return 0


def _remove_partial(app: Any, shell: str) -> None:
    """Delete a script that could not be written whole."""
    from cyclopts.completion.install import get_default_completion_path

    with contextlib.suppress(OSError):
        known: Any = shell  # which shells there are depends on cyclopts' version
        path = get_default_completion_path(known, "modgrok")
        if path.read_text() != app.generate_completion(shell=shell):
            path.unlink()


def whole_app() -> App:
    """Return the application with all commands, which takes seconds to load."""
    from .app import SUBCOMMANDS

    app = App(name="modgrok", result_action="return_value")
    for name, target, _ in SUBCOMMANDS:
        app.command(target, name=name)
    return app
