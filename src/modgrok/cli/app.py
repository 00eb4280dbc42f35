"""Entry point: the list of commands, help, and how errors reach a user.

Owns: exit codes. 0 is success, 2 bad input (one line: argument, rule, value), 1 any other failure. A
traceback appears only with --debug.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from ..installed_extensions import load_extensions
from ..io.escape import visible
from ..threads import WAITING
from ..version import __version__
from .shared.interrupts import ending_at_interrupt, leave_at_interrupt
from .shared.streams import OutputError, discard, flush_output, prepare_streams

SUBCOMMANDS: tuple[tuple[str, str, str], ...] = (
    ("train", "modgrok.cli.train:train", "Train a network on an expression mod p and watch it grok."),
    ("decide", "modgrok.cli.decide:decide", "Decide whether a task is h(g1(x)+g2(y)) or h(g1(x)*g2(y))."),
    ("construct", "modgrok.cli.construct:construct", "Write a network in closed form and check it."),
    ("measure", "modgrok.cli.measure:measure", "Measure every checkpoint of a run."),
    ("explain", "modgrok.cli.explain:explain", "Turn a network into a formula, and count what it explains."),
    ("import", "modgrok.cli.import_network:import_file", "Read a network that another program trained."),
    ("forecast", "modgrok.cli.forecast:forecast", "Forecast when a run that has memorised will grok."),
    ("sweep", "modgrok.cli.sweep:sweep", "Run a grid of experiments; repeating the command continues it."),
    ("reproduce", "modgrok.cli.reproduce:reproduce", "Test the papers' claims, number by number."),
    ("runs", "modgrok.cli.runs:runs", "List, show, remove and resume stored runs."),
    ("report", "modgrok.cli.report:report", "Draw a report of a run as html, png, svg or pdf."),
    ("export", "modgrok.cli.export:export", "Write weights or records for other tools."),
    ("ui", "modgrok.web.command:ui", "Decide tasks, train networks and browse runs in a web browser."),
    (
        "completion",
        "modgrok.cli.completion:completion",
        "Install the completion of commands and options in a shell.",
    ),
)
"""Name, function and summary of every command."""

SMALL_PRODUCTS = ("measure", "explain", "report")
"""Commands that multiply many small matrices in NumPy. OpenBLAS shares each product among all cores, and a
thread that waits for the next one keeps its core busy: half of all processor time was spent on waiting."""

HELP = ("--help", "-h", "help")
USAGE = """\
Usage: modgrok COMMAND [ARGUMENTS]

A laboratory for grokking on modular arithmetic: type any expression mod p, decide its form, construct or
train a network for it, and measure and draw the result.

Commands:
{commands}

Every command has --help (or modgrok help COMMAND), and --debug, which shows tracebacks. Most have
--json, which ends stdout with one JSON object, and --runs DIR (or MODGROK_RUNS, default runs), which
names the store.
Completion in the shell: modgrok completion --install.

Start here:
  modgrok train "x + y" --p 97
  modgrok report latest -o report.html
"""


def usage() -> str:
    """The page that `modgrok --help` prints."""
    lines = [f"  {name:<11}{summary}" for name, _, summary in SUBCOMMANDS]
    return USAGE.format(commands="\n".join(lines))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and exit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    prepare_streams()
    try:
        code = _run(words, own=arguments is None)
        flush_output()
    except BrokenPipeError:
        discard("stdout")  # or flushing it at exit would fail again
        code = 1
    except OutputError as error:
        code = _complain(str(error), code=1)
    if arguments is None:  # this process is the command's own
        leave_at_interrupt(code)
    sys.exit(code)


def _run(words: list[str], *, own: bool) -> int:
    if not words or words[0] in HELP:
        words = [word for word in words[1:] if word not in HELP]
        if not words:
            sys.stdout.write(usage())
            return 0
        words.append("--help")
    if words == ["--version"]:
        sys.stdout.write(f"modgrok {__version__}\n")
        return 0
    return _dispatch(words, own=own)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Load modules without collecting garbage, and keep what they made out of later collections.

    Thousands of modules' objects live to the end; looking for garbage among them takes a tenth of the start.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


@contextmanager
def _loading(*, own: bool) -> Iterator[None]:
    """Load modules; `own` says whether the process is the command's, which Ctrl-C may end."""
    with ending_at_interrupt() if own else nullcontext(), _uncollected():
        yield


def _dispatch(words: list[str], *, own: bool) -> int:
    if words[0] in SMALL_PRODUCTS:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # is read when NumPy is imported
    for name, value in WAITING.items():  # is read when SciPy is imported
        os.environ.setdefault(name, value)
    with _loading(own=own):
        if words[0] == "train":
            from .first_line import announce

            announce(words[1:])
        from cyclopts import App, CycloptsError

    names = [name for name, _, _ in SUBCOMMANDS]
    if words[0] not in names:
        import difflib

        if words[0].startswith("-"):
            return _complain(f"command: must come before its options, got {words[0][:60]!r} first")
        close = difflib.get_close_matches(words[0], names, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return _complain(f"command: must be one of {', '.join(names)}, got {words[0][:60]!r}{hint}")
    app = App(
        name="modgrok", version=__version__, result_action="return_value", suppress_keyboard_interrupt=False
    )
    target = next(target for name, target, _ in SUBCOMMANDS if name == words[0])
    app.command(target, name=words[0])
    debug = "--debug" in words
    try:
        with _loading(own=own):
            load_extensions()
            importlib.import_module(target.partition(":")[0])
        result = app([word for word in words if word != "--debug"], exit_on_error=False, print_error=False)
    except CycloptsError as error:
        if debug:
            traceback.print_exc()
        cause = error.__cause__
        if cause is not None and _code_of(cause) == 2:
            return _complain(_one_line(str(cause)))
        if _is_unquoted(words, error):
            return _complain(
                f'expression: must be one argument, in quotes, as in modgrok {words[0]} "x + y", got several'
            )
        from .shared.parser_errors import command_of, words_of

        command = command_of(error, words[0])
        return _complain(f"{_one_line(words_of(error, command))} See modgrok {command} --help.")
    except KeyboardInterrupt:
        return _complain("interrupted", code=1)
    except BrokenPipeError:
        raise
    except SystemExit as leaving:
        return int(leaving.code or 0)
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None:
            flush_output()  # says so if it is stdout that cannot be written
        if debug:
            traceback.print_exc()
        code = _code_of(error)
        platform = _platform_error() if code == 1 else None
        if platform is not None:
            return _complain(platform)
        return _complain(_one_line(str(error)) or type(error).__name__, code=code)
    return result if isinstance(result, int) else 0


WITH_EXPRESSION = ("train", "decide", "construct")
"""Commands whose only argument is an expression."""


def _is_unquoted(words: Sequence[str], error: Exception) -> bool:
    """Say whether what a command cannot use is the rest of an expression without quotation marks."""
    unused = list(getattr(error, "unused_tokens", None) or ())
    return words[0] in WITH_EXPRESSION and " " not in words[1] and words[2:3] == unused[:1] != []


def _platform_error() -> str | None:
    from ..runs.platform import platform_error

    return platform_error()


def _code_of(error: BaseException) -> int:
    """2 for bad input, 1 for all else."""
    from ..tasks.errors import InputError

    return 2 if isinstance(error, InputError) else 1


def _complain(message: str, code: int = 2) -> int:
    sys.stderr.write(f"modgrok: {visible(message)}\n")
    return code


def _one_line(text: str) -> str:
    """Fold white space, spell control characters out (a terminal would obey them), cut at 400."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= 400 else line[:397] + "..."
