"""List everything of modgrok that scripts may rely on: `python tests/project/make_surface.py FILE`.

Owns: what counts as the public surface. Options of every command in all their spellings, keywords of
`modgrok.run` and `Experiment.of`, keys of every `--json` object, ids of claims. `surface_da7e0ba.json` beside
this file was made by this script with the environment of commit da7e0ba; `test_surface.py` holds later code
to it.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

COMMANDS = (
    "train",
    "decide",
    "construct",
    "measure",
    "sweep",
    "reproduce",
    "runs list",
    "runs show",
    "runs remove",
    "runs resume",
    "report",
    "export",
)
NETWORK = ("--p", "5", "--fraction", "0.7", "--width", "12", "--steps", "3")
TRANSFORMER = ("--learner", "transformer", "--d-model", "8", "--heads", "2", "--d-mlp", "8")
EXAMPLES: dict[str, tuple[str, ...]] = {
    "train of mlp": ("train", "x + y", *NETWORK),
    "train of rfm": ("train", "x + y", "--p", "5", "--learner", "rfm", "--fraction", "0.7", "--steps", "1"),
    "train of transformer": ("train", "x + y; x - y", "--p", "5", *TRANSFORMER, "--steps", "2"),
    "train of seeds": ("train", "x + y", *NETWORK, "--seeds", "2"),
    "decide": ("decide", "x + y", "--p", "5"),
    "construct": ("construct", "x + y", "--p", "5", "--widths", "4", "-o", "built.safetensors"),
    "measure of mlp": ("measure", "{mlp}", "--prune", "--per-class"),
    "measure of rfm": ("measure", "{rfm}", "--per-class"),
    "measure of transformer": ("measure", "{transformer}"),
    "runs list": ("runs", "list"),
    "runs show of mlp": ("runs", "show", "{mlp}"),
    "runs show of rfm": ("runs", "show", "{rfm}"),
    "runs show of transformer": ("runs", "show", "{transformer}"),
    "runs resume": ("runs", "resume", "{mlp}", "--steps", "4"),
    "report": ("report", "{mlp}", "-o", "run.svg"),
    "export": ("export", "{mlp}", "-o", "run.safetensors"),
    "sweep, dry run": ("sweep", "grid.toml", "--dry-run"),
    "reproduce, list": ("reproduce", "gromov2023", "--list"),
    "runs remove": ("runs", "remove", "{seed}", "--yes"),
    "sweep": ("sweep", "grid.toml", "--workers", "1"),
    "sweep, critical": ("sweep", "critical.toml", "--workers", "1"),
    "export of sweep": ("export", "grid", "--format", "csv", "-o", "table"),
    "reproduce": ("reproduce", "gromov2023/fig1", "--budget", "tiny", "--workers", "1"),
}
"""A command for each kind of JSON object, in an order in which each finds what it needs; `{mlp}` is a run."""
QUICK = tuple(
    name
    for name in EXAMPLES
    if not name.endswith("transformer")
    and name not in ("measure of mlp", "report", "sweep", "sweep, critical", "export of sweep", "reproduce")
)
"""Those that neither compile much nor start processes of their own."""
GRID = """\
name = "grid"
base = { expression = "x + y", p = 5, fraction = 0.7, width = 12, steps = 2 }
axes = { seed = [0, 1] }
"""
CRITICAL = """\
name = "critical"
base = { expression = "x + y", p = 5, width = 12, steps = 2 }
axes = { lr = [1.0] }
critical = { seeds = 2, low = 0.4, high = 0.8 }
"""
Call = Callable[[tuple[str, ...]], dict[str, Any]]


def options_of(command: str) -> list[str]:
    """List every spelling of every option of a command, hidden ones and negatives too."""
    from cyclopts import App

    from modgrok.cli.app import SUBCOMMANDS

    app = App(name="modgrok", result_action="return_value")
    for name, target, _ in SUBCOMMANDS:
        app.command(target, name=name)
    for word in command.split():
        app = app[word]
    arguments = app.assemble_argument_collection()
    return sorted({name for argument in arguments for name in argument.names if name.startswith("-")})


def keywords_of_run() -> list[str]:
    """List the keywords of `modgrok.run`."""
    import modgrok

    return sorted(name for name in inspect.signature(modgrok.run).parameters if name != "experiment")


def keywords_of_experiment() -> dict[str, list[str]]:
    """List the keywords of `Experiment.of` by learner: its own, the experiment's fields, the settings'."""
    from modgrok.runs import Experiment

    try:
        from modgrok.learners.catalogue import LEARNERS as DEFINITIONS

        learners = [(known.name, known.settings) for known in DEFINITIONS]
    except ModuleNotFoundError:  # as at da7e0ba
        from modgrok.runs.experiment import LEARNERS

        learners = list(LEARNERS)
    own = [name for name in inspect.signature(Experiment.of).parameters if name != "options"]
    fields = [name for name in Experiment.model_fields if name not in ("task", "learner")]
    return {
        learner: sorted({*own, *fields, *(n for n in settings.model_fields if n != "kind")})
        for learner, settings in learners
    }


def claim_ids() -> list[str]:
    """List the ids of all claims."""
    try:
        from modgrok.papers.claims.catalogue import choose_claims
    except ModuleNotFoundError:  # as at da7e0ba
        from modgrok.papers.catalogue import choose_claims
    return [claim.id for claim in choose_claims(())]


def paths_of(value: Any, prefix: str = "") -> Iterator[str]:
    """Yield the path of every key of a JSON value: `runs[].settings.learner.width`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            path = f"{prefix}.{name}" if prefix else name
            yield path
            yield from paths_of(inner, path)
    elif isinstance(value, list):
        for inner in value:
            yield from paths_of(inner, f"{prefix}[]")


def json_keys(call: Call, examples: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Run a command for each kind of JSON object, in the current folder, and list the objects' keys.

    Arguments:
        call: runs a command line and returns its JSON object.
        examples: commands by name.
    """
    Path("grid.toml").write_text(GRID, encoding="utf-8")
    Path("critical.toml").write_text(CRITICAL, encoding="utf-8")
    runs: dict[str, str] = {}
    values = {}
    for name, command in examples.items():
        content = call(tuple(word.format(**runs) for word in command))
        values[name] = sorted(set(paths_of(content)))
        if name.startswith("train of "):
            learner = name.removeprefix("train of ")
            runs[learner] = content.get("run") or ""
            if learner == "seeds":
                runs["seed"] = content["seeds"][1]["run"]
    return values


def _call(arguments: tuple[str, ...]) -> dict[str, Any]:
    from modgrok.cli import main

    out = io.StringIO()
    words = [word for word in arguments if word != "--yes"]  # unknown at da7e0ba
    with redirect_stdout(out), redirect_stderr(io.StringIO()) as err, suppress(SystemExit):
        main([*words, "--json"])
    lines = out.getvalue().strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise RuntimeError(f"{words} gave no JSON object: {err.getvalue()}")
    return dict(json.loads(lines[-1]))


def surface() -> dict[str, Any]:
    """Return the whole surface."""
    os.environ["JAX_COMPILATION_CACHE_DIR"] = "off"
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        keys = json_keys(_call, EXAMPLES)
    return {
        "options": {command: options_of(command) for command in COMMANDS},
        "run": keywords_of_run(),
        "experiment": keywords_of_experiment(),
        "json": keys,
        "claims": claim_ids(),
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(surface(), indent=1) + "\n", encoding="utf-8")
