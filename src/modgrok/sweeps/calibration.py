"""The rates of this machine, measured once: a few seconds in a process of their own, then read from a file.

Owns: what is timed, the file in the user's cache folder, and when it is measured anew. Nothing is measured at
import, and nothing where the environment variable `MODGROK_CALIBRATION` is `off`; `refresh` measures again.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..io import write_atomically
from ..io.cache_folder import cache_folder
from ..learners.base.rates import NOMINAL, MachineRates
from ..threads import thread_limits

VARIABLE = "MODGROK_CALIBRATION"
FORMAT = 1
"""Version of what is timed: files of another one are not read."""
LONGEST = 300.0
"""Seconds after which a calibration that has not ended is given up."""
REPEATS_SECONDS = 0.06
"""Seconds for which one kind of operation is repeated; the least time counts."""


def rates_of_machine(threads: int = 1, announce: Callable[[], None] | None = None) -> MachineRates:
    """Return the rates of this machine, measured by the first process that asks and read by all later ones.

    Arguments:
        threads: that a run may use, at least 1.
        announce: called before they are measured, which takes seconds.

    Returns:
        The rates; those of another machine (`NOMINAL`) where they are not to be measured, or cannot be.
    """
    request, folder = os.environ.get(VARIABLE, ""), cache_folder()
    if announce is not None and request != "off" and _stored(threads, request, folder) is None:
        announce()
    return _rates(threads, request, folder)


@cache
def _rates(threads: int, request: str, folder: Path | None) -> MachineRates:
    if request == "off":
        return NOMINAL
    stored = _stored(threads, request, folder)
    if stored is not None:
        return stored
    rates = measure_in_process(threads)
    if rates is None:
        return NOMINAL
    if folder is not None:
        path = _path(threads, folder)
        content = {**_identity(threads), "rates": asdict(rates)}
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(content, indent=1).encode())
    return rates


def _path(threads: int, folder: Path) -> Path:
    return folder / "calibration" / f"threads-{threads}.json"


def _stored(threads: int, request: str, folder: Path | None) -> MachineRates | None:
    """Return the rates that an earlier process measured; None if there are none, or new ones are wanted."""
    return None if folder is None or request == "refresh" else _read(_path(threads, folder), threads)


def _identity(threads: int) -> dict[str, Any]:
    """Return what rates are valid for."""
    return {"version": FORMAT, "jax": version("jax"), "processor": processor_name(), "threads": threads}


def processor_name() -> str:
    """Return the name of the processor and the number of its cores, as far as the system tells.

    Example:
        >>> processor_name() != ""
        True
    """
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        lines = [line.partition(":") for line in file]
        fields = {key.strip(): value.strip() for key, _, value in reversed(lines)}
        names = [fields[key] for key in ("model name", "cpu family", "model") if key in fields]
        name = " / ".join(names) or name
    return f"{name} x {os.cpu_count()}"


def _read(path: Path, threads: int) -> MachineRates | None:
    """Read rates; None where the file is missing, damaged, or of another machine or version."""
    try:
        content = json.loads(path.read_bytes())
        if {name: content[name] for name in _identity(threads)} != _identity(threads):
            return None
        return MachineRates(**content["rates"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def measure_in_process(threads: int) -> MachineRates | None:
    """Measure the rates in a process that has so many threads.

    Arguments:
        threads: at least 1.

    Returns:
        The rates; None where the process fails.
    """
    environment = {**os.environ, **thread_limits(threads, os.environ)}
    root = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "modgrok.sweeps.calibration"]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=LONGEST
        )
        return MachineRates(**json.loads(done.stdout.splitlines()[-1]))
    except (OSError, ValueError, TypeError, IndexError, subprocess.SubprocessError):
        return None


def least_seconds(work: Callable[[], object], budget: float = REPEATS_SECONDS) -> float:
    """Return the least time of some calls, of a processor or of the clock, whichever is less.

    What else the machine does only adds to the clock's time; several threads add to the processors'.

    Arguments:
        work: what is timed; called once before.
        budget: seconds of the processor for which calls are repeated.
    """
    work()
    times: list[float] = []
    while len(times) < 3 or sum(times) < budget:
        processor, clock = time.process_time(), time.perf_counter()
        work()
        times.append(min(time.process_time() - processor, time.perf_counter() - clock))
    return max(min(times), 1e-9)


def measure_rates() -> MachineRates:
    """Time a few compiled functions of each kind, in this process."""
    import jax

    jax.config.update("jax_enable_compilation_cache", False)
    single = _array_rates("float32")
    with jax.enable_x64(True):
        double = _array_rates("float64")
        solves = _solve_rate()
    calls, compilation = _loop_rates()
    return MachineRates(
        **single,
        **{f"{name}_double": rate for name, rate in double.items()},
        solves=solves,
        calls=calls,
        dispatches=_dispatch_rate(),
        compilation=compilation,
    )


def _array_rates(kind: str) -> dict[str, float]:
    """Time matrix products of a layer's shapes, gathers with a scatter, and exponentials."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    n, width, classes = 1200, 256, 61
    draw = np.random.default_rng(0)
    table = jnp.asarray(draw.normal(size=(classes, width)), kind)
    rows = jnp.asarray(draw.integers(0, classes, n), "int32")
    hidden = jnp.asarray(draw.normal(size=(n, width)), kind)

    @jax.jit
    def products(hidden: Any, table: Any) -> Any:
        logits = hidden @ table.T
        return logits, logits.T @ hidden, logits @ table

    @jax.jit
    def numbers(hidden: Any, table: Any) -> Any:
        gathered = table[rows] + table[rows[::-1]]
        return gathered * gathered, jnp.zeros_like(table).at[rows].add(hidden)

    @jax.jit
    def exponentials(hidden: Any) -> Any:
        return jnp.exp(hidden)

    seconds = least_seconds(lambda: jax.block_until_ready(products(hidden, table)))
    moved = least_seconds(lambda: jax.block_until_ready(numbers(hidden, table)))
    exponential = least_seconds(lambda: jax.block_until_ready(exponentials(hidden)))
    return {
        "products": seconds / (3 * n * width * classes),
        "numbers": moved / (6 * n * width),
        "exponentials": exponential / (n * width),
    }


def _solve_rate() -> float:
    """Time a factorisation of a matrix and a solve with its factor, in float64."""
    import jax
    import jax.numpy as jnp

    n, classes = 700, 47

    @jax.jit
    def solve(matrix: Any, targets: Any) -> Any:
        factor = jax.lax.linalg.cholesky(matrix, symmetrize_input=False)
        return jax.lax.linalg.triangular_solve(factor, targets, left_side=True, lower=True)

    matrix = jnp.eye(n) * n + 1.0
    targets = jnp.ones((n, classes))
    seconds = least_seconds(lambda: jax.block_until_ready(solve(matrix, targets)))
    return seconds / (n**3 / 6 + n * n * classes / 2)


def _loop_rates() -> tuple[float, float]:
    """Time an operation in a compiled loop, and a compilation of that loop."""
    import jax
    import jax.numpy as jnp

    steps, operations = 300, 10
    small = jnp.eye(8)

    def program() -> Any:
        def body(_: Any, matrix: Any) -> Any:
            for _ in range(operations):
                matrix = matrix @ small
            return jnp.tanh(matrix)

        return jax.jit(lambda matrix: jax.lax.fori_loop(0, steps, body, matrix)).lower(small).compile()

    compilation = least_seconds(program, budget=0.0)
    compiled = program()
    seconds = least_seconds(lambda: jax.block_until_ready(compiled(small)))
    return seconds / (steps * (operations + 1)), compilation


def _dispatch_rate() -> float:
    """Time a call of a small compiled function of several arrays, and the transfer of its result."""
    import jax
    import jax.numpy as jnp

    arrays = [jnp.ones(4) for _ in range(12)]

    @jax.jit
    def total(arrays: list[Any]) -> Any:
        return sum(arrays[1:], start=arrays[0])

    calls = 50
    seconds = least_seconds(lambda: [jax.device_get(total(arrays)) for _ in range(calls)])
    return seconds / calls


if __name__ == "__main__":
    print(json.dumps(asdict(measure_rates())))  # noqa: T201
