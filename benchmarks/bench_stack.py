"""Stacked members: member-steps per second of each learner, for stacks of several sizes.

    uv run python benchmarks/bench_stack.py --members 1 16 256 --moduli 97 251 --minutes 10 --output stack.md

Meant for one GPU; it runs on any device that JAX finds. A member-step is one step of one member, an iteration
of a kernel machine. `sequence` is one run by itself, as members are stepped on the CPU; the other columns are
stacks. Where the memory does not hold so many members at once, by the estimate that sweeps use, as many as it
holds are timed, and their number stands in brackets. Members are runs of a few seeds, repeated, so that their
training inputs differ. Times are those of a clock, without compilation and without observations, of the
longest segment that fits the time of a cell, which is an equal share of what is left. What was not measured
is `-`.

The table is written again after every row, so that an interrupted run leaves what it measured.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from modgrok.learners.base.memory import memory_available
from modgrok.runs import Experiment, precision_of, prepare
from modgrok.runs.preparation import PreparedRun, initial_state, memory_of
from modgrok.runs.segments import advance
from modgrok.runs.stack import Stack, members_that_fit
from modgrok.version import __version__

LEARNERS: dict[str, dict[str, Any]] = {
    "mlp": {"learner": "mlp"},
    "mlp, AdamW": {"learner": "mlp", "optimiser": "adamw"},
    "transformer": {"learner": "transformer"},
    "rfm": {"learner": "rfm"},
    "rfm, Gaussian": {"learner": "rfm", "kernel": "gaussian"},
}
"""Name in the table -> settings; the rest are the defaults."""
SEEDS = 4
"""Different runs in a stack."""


def main(arguments: list[str] | None = None) -> None:
    """Measure, print and write the table."""
    options = read(arguments)
    began = time.monotonic()
    rows: list[list[str]] = []
    cases = [(name, p) for p in options.moduli for name in options.learners]
    for place, (name, p) in enumerate(cases):
        left = 60 * options.minutes - (time.monotonic() - began)
        cells = measured(name, p, options.members, left / (len(cases) - place))
        rows.append([name, str(p), *cells])
        text = table(options.members, rows)
        print(f"{name}, p = {p}: " + ", ".join(cells), flush=True)
        if options.output is not None:
            options.output.write_text(text)
    print(f"\n{text}")


def read(arguments: list[str] | None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--members", type=int, nargs="+", default=[1, 16, 256])
    parser.add_argument("--moduli", type=int, nargs="+", default=[97, 251])
    parser.add_argument("--learners", nargs="+", choices=list(LEARNERS), default=list(LEARNERS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--output", type=Path, help="Markdown file of the table.")
    return parser.parse_args(arguments)


def measured(name: str, p: int, counts: list[int], seconds: float) -> list[str]:
    """Return the cells of a row, measured within about so many seconds."""
    deadline = time.monotonic() + seconds
    experiments = [Experiment.of("x + y", p=p, seed=seed, **LEARNERS[name]) for seed in range(SEEDS)]
    cells: list[str] = []
    with precision_of(experiments[0].learner):
        try:
            runs = [prepare(experiment) for experiment in experiments]
            states = [initial_state(run) for run in runs]
            need = memory_of(experiments[0], runs[0].task)
        except Exception as error:
            return [f"- ({' '.join(str(error).split())[:80]})"] + ["-"] * len(counts)
        for place, count in enumerate([0, *counts]):
            fits = members_that_fit(None if need is None else need.bytes, memory_available(), max(count, 1))
            left = deadline - time.monotonic()
            if left <= 0:
                cells.append("-")
                continue
            try:
                speed = rate(runs, states, fits if count else 0, left / (len(counts) + 1 - place))
            except (jax.errors.JaxRuntimeError, ValueError) as error:  # the device is full, say
                cells.append(f"- ({' '.join(str(error).split())[:80]})")
            else:
                cells.append(f"{speed:.3g}" + (f" ({fits})" if fits < count else ""))
    return cells


def rate(runs: list[PreparedRun], states: list[Any], members: int, seconds: float) -> float:
    """Return member-steps per second of a stack of so many members; of 0, of one run by itself."""
    if members == 0:
        state, run = states[0], runs[0]

        def go_on(steps: int) -> None:
            nonlocal state
            state, finite = advance(run.learner, state, run.problem, np.int32(int(state.step) + steps))
            check(bool(finite))

    else:
        chosen = [row % len(runs) for row in range(members)]
        stack = Stack([runs[c] for c in chosen], [states[c] for c in chosen])

        def go_on(steps: int) -> None:
            stack.advance(stack.step + steps)
            check(all(stack.is_finite(member) for member in range(members)))

    return max(members, 1) * steps_per_second(go_on, seconds)


def check(finite: bool) -> None:
    """Refuse to time a run that diverged: it makes no steps."""
    if not finite:
        raise ValueError("diverged")


def steps_per_second(go_on: Callable[[int], None], seconds: float) -> float:
    """Double the steps of a segment until half of the time is gone; return the speed of the last one."""
    began = time.monotonic()
    go_on(0)  # compile
    go_on(1)
    steps = 1
    while True:
        started = time.monotonic()
        go_on(steps)
        ended = time.monotonic()
        if ended - began > seconds / 2 or ended - began + 2 * (ended - started) > seconds:
            return steps / (ended - started)
        steps *= 2


def table(counts: list[int], rows: list[list[str]]) -> str:
    """Lay the rows out as Markdown, below a line that names the device."""
    device = jax.devices()[0]
    head = ["learner", "p", "sequence", *(f"{count} stacked" for count in counts)]
    lines = [head, ["---"] * len(head), *rows]
    return (
        f"{device.device_kind}, JAX {jax.__version__}, modgrok {__version__}: member-steps per second.\n\n"
        + "".join("| " + " | ".join(line) + " |\n" for line in lines)
    )


if __name__ == "__main__":
    main()
