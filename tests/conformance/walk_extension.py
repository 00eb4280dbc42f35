"""Walk an installed extension the whole way, by commands; write what came of each as JSON.

Run by `test_extension.py` in a process of its own, whose path has the extension and its entry point.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

import jax
import numpy as np

from modgrok import Experiment, load, run
from modgrok.cli import main

SWEEP = """
name = "rates"
[base]
expression = "x + y"
p = 5
fraction = 0.8
learner = "linear"
steps = 4
observe_every = 2
[axes]
rate = [1.0, 2.0]
"""


def call(*words: str) -> tuple[int, str]:
    """Return exit code and stdout of a command."""
    out = io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out):
        try:
            main(words)
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return code, out.getvalue()


def last_object(*words: str) -> dict:
    code, out = call(*words, "--json")
    assert code == 0, (words, out)
    return json.loads(out.strip().splitlines()[-1])


def walk() -> dict:
    """Return what the test looks at."""
    seen: dict = {"help": call("train", "--help")[1]}
    task = ("x + y", "--p", "5", "--fraction", "0.8")
    linear = (*task, "--learner", "linear", "--rate", "2")
    first = last_object("train", *linear, "--steps", "4", "--no-early-stop")
    seen["resumed"] = last_object("train", *linear, "--steps", "9", "--no-early-stop")
    assert seen["resumed"]["run"] == first["run"]
    whole = run(
        Experiment.of("x + y", p=5, fraction=0.8, learner="linear", rate=2.0), steps=9, early_stop=False
    )
    stored = load(first["run"])
    pairs = zip(jax.tree.leaves(whole.weights), jax.tree.leaves(stored.weights), strict=True)
    seen["equal"] = all(np.array_equal(a, b) for a, b in pairs)
    seen["logits"] = list(stored([[1, 2]]).shape)
    seen["kind"] = type(stored.weights).__name__
    seen["measured"] = last_object("measure", first["run"])["measures"][-1]
    seen["report"] = Path(last_object("report", first["run"], "-o", "linear.svg")["path"]).read_text()
    last_object("export", first["run"], "--format", "csv", "-o", "linear.csv")
    seen["csv"] = Path("linear.csv").read_text().splitlines()[0]
    seen["shown"] = call("runs", "show", first["run"])[1]

    rational = last_object("train", *task, "--learner", "rfm", "--kernel", "rational", "--steps", "1")
    seen["rational"] = {
        "kernel": type(load(rational["run"]).weights.kernel).__name__,
        "train_accuracy": rational["train_accuracy"],
        "report": Path(last_object("report", rational["run"], "-o", "rational.svg")["path"]).read_text(),
    }
    unit = last_object(
        "train", *task, "--width", "8", "--optimiser", "unit", "--loss", "hinge", "--activation", "linear",
        "--lr", "0.1", "--steps", "4",
    )  # fmt: skip
    seen["unit"] = {
        "measures": unit["measures"],
        "measured": last_object("measure", unit["run"])["measures"][-1],
        "report": Path(last_object("report", unit["run"], "-o", "unit.svg")["path"]).read_text(),
    }
    Path("rates.toml").write_text(SWEEP)
    seen["sweep"] = last_object("sweep", "rates.toml", "--workers", "1")
    last_object("export", "rates", "--format", "csv", "-o", "rates")
    seen["columns"] = Path("rates/dictionary.csv").read_text()
    seen["reproduced"] = last_object(
        "reproduce", "fitting", "--budget", "tiny", "-o", "book", "--workers", "1"
    )
    return seen


if __name__ == "__main__":
    result = walk()
    Path(sys.argv[1]).write_text(json.dumps(result))
