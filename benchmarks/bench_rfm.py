"""Time one iteration of a Recursive Feature Machine: fast, dense, and the solve that both contain.

    python benchmarks/bench_rfm.py                      # p = 61, all kernels, ratios in one run
    python benchmarks/bench_rfm.py --p 97 --kernels quadratic gaussian --rounds 3
    python benchmarks/bench_rfm.py --scaling            # fast iterations from p = 31 to 127
    python benchmarks/bench_rfm.py --scaling --one-core --json rows.json   # for draw_rfm_scaling.py

One iteration is: solve, evaluate on the inputs that do not train, update M. Two solves stand beside it:
LAPACK's through SciPy, the floor, and the library's own through JAX, which is the one inside the iteration.
Fast is the mean of three in one compiled loop, as the library's loop runs them: its buffers are allocated
once. Dense is the tests' oracle (NumPy float64 on one-hot matrices, gradients of a batch of inputs at a time,
LAPACK). Rounds interleave them all, so that a busy machine slows each; ratios are medians over rounds. Idle
threads of OpenBLAS sleep as soon as in the command `modgrok`. `--one-core` pins everything to one core and
takes processor time, which other processes do not disturb.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from modgrok.learners import Problem, make_problem
from modgrok.learners.rfm.learner import RFMLearner, RFMState, rfm_learner
from modgrok.learners.rfm.settings import RFMSettings
from modgrok.learners.rfm.solve import solve_kernel
from modgrok.tasks import Split, Task, split_task, task_from_expression
from modgrok.threads import WAITING, thread_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "rfm"))
oracle = importlib.import_module("rfm_oracle")

ONE_CORE = "MODGROK_BENCH_ONE_CORE" in os.environ

LOOP = 3
"""Iterations of one timed call."""


@eqx.filter_jit
def iterations(learner: RFMLearner, state: RFMState, problem: Problem) -> tuple[RFMState, jax.Array]:
    """Update M, solve, give the values of the table, LOOP times, in the order of the training loop."""
    arrays, rest = eqx.partition(state, eqx.is_array)

    def body(_: int, carry: tuple[RFMState, jax.Array]) -> tuple[RFMState, jax.Array]:
        new, _ = learner.step(eqx.combine(carry[0], rest), problem)
        return eqx.filter(new, eqx.is_array), learner.table_logits(new, problem)

    empty = jnp.zeros((len(problem.all_inputs), problem.classes))
    arrays, logits = jax.lax.fori_loop(0, LOOP, body, (arrays, empty))
    return eqx.combine(arrays, rest), logits


class Fast:
    """The library's iterations, always from the same start."""

    def __init__(self, task: Task, split: Split, kernel: str) -> None:
        self.problem = make_problem(task, split)
        self.learner = rfm_learner(RFMSettings(kernel=kernel), self.problem)
        self.state = eqx.filter_jit(self.learner.init)(jax.random.key(0), jax.random.key(0), self.problem)

    def __call__(self) -> None:
        _, self.logits = jax.block_until_ready(iterations(self.learner, self.state, self.problem))


class Dense:
    """The oracle's iteration."""

    def __init__(self, task: Task, split: Split, kernel: str) -> None:
        inputs, self.classes = task.inputs(split.train), task.p
        sizes = (task.p,) * task.k
        self.kernel, self.labels = kernel, split.labels
        self.x, self.at = oracle.one_hot(inputs, sizes), oracle.one_hot(task.inputs(split.test), sizes)
        self.feature_matrix = np.eye(self.x.shape[1])

    def __call__(self) -> None:
        alphas = oracle.solve(self.kernel, self.x, self.feature_matrix, self.labels, self.classes)
        self.logits = oracle.predict(self.kernel, self.x, self.feature_matrix, alphas, self.at)
        self.feature_matrix = oracle.power(oracle.agop(self.kernel, self.x, self.feature_matrix, alphas), 0.5)


class Solve:
    """Cholesky factorisation and triangular solves of one kernel matrix, in LAPACK through SciPy."""

    def __init__(self, task: Task, split: Split, kernel: str) -> None:
        x = oracle.one_hot(task.inputs(split.train), (task.p,) * task.k)
        self.matrix = oracle.parts(kernel, x, x, oracle_matrix(x.shape[1]))[0]
        self.targets = np.eye(task.p)[split.labels]

    def __call__(self) -> None:
        factor = scipy.linalg.cho_factor(self.matrix, check_finite=False)
        scipy.linalg.cho_solve(factor, self.targets, check_finite=False)


class Own:
    """The library's own factorisation and solves of that matrix, as they stand in an iteration."""

    def __init__(self, task: Task, split: Split, kernel: str) -> None:
        reference = Solve(task, split, kernel)
        self.matrix, self.targets = jnp.asarray(reference.matrix), jnp.asarray(reference.targets)
        self.solve = jax.jit(lambda matrix, targets: solve_kernel(lambda: matrix, targets))

    def __call__(self) -> None:
        jax.block_until_ready(self.solve(self.matrix, self.targets))


def oracle_matrix(d: int) -> np.ndarray:
    """A positive definite M, so that the matrix to factorise has full rank."""
    factor = np.random.default_rng(0).normal(size=(d, d))
    return factor @ factor.T / d


def seconds(function: Callable[[], Any]) -> float:
    """Return the time of one call."""
    clock = time.process_time if ONE_CORE else time.perf_counter
    started = clock()
    function()
    return clock() - started


def compare(p: int, fraction: float, kernel: str, rounds: int, dense: bool) -> dict[str, Any]:
    """Print one row, medians in seconds and ratios, and return its medians."""
    task = task_from_expression("x + y", p)
    split = split_task(task, fraction, np.random.PCG64(0))
    kinds = [Fast, Solve, Own, *([Dense] if dense else [])]
    runners = {kind.__name__: kind(task, split, kernel) for kind in kinds}
    for name in ("Fast", "Solve", "Own"):
        runners[name]()
    times: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds):
        for name, runner in runners.items():
            times[name].append(seconds(runner) / (LOOP if name == "Fast" else 1))
    middle = {name: statistics.median(values) for name, values in times.items()}
    least = {name: min(values) for name, values in times.items()}
    row = f"p={p:<4} n={len(split.train):<6} {kernel:18}"
    row += f" fast {middle['Fast']:.3f} s (min {least['Fast']:.3f})"
    row += f"  solve {middle['Solve']:.3f} (min {least['Solve']:.3f})"
    row += f"  fast/solve {middle['Fast'] / middle['Solve']:.2f}"
    row += f" (of minima {least['Fast'] / least['Solve']:.2f})"
    row += f"  own solve {middle['Own']:.3f}, fast/own {middle['Fast'] / middle['Own']:.2f}"
    if dense:
        row += f"  dense {middle['Dense']:.2f}  dense/fast {middle['Dense'] / middle['Fast']:.1f}"
        row += f" (of minima {least['Dense'] / least['Fast']:.1f})"
    print(row, flush=True)
    return {"p": p, "n": len(split.train), "kernel": kernel, **middle}


def start_again(variables: dict[str, str]) -> None:
    """Start again with these variables, which libraries read when they are imported."""
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | variables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--p", type=int, nargs="+", default=[61])
    parser.add_argument("--fraction", type=float, default=0.5)
    parser.add_argument("--kernels", nargs="+", default=list(oracle.KERNELS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scaling", action="store_true", help="fast against the solve alone, p = 31 to 127")
    parser.add_argument("--one-core", action="store_true", help="one core, processor time")
    parser.add_argument("--json", type=Path, help="write the medians to this file")
    options = parser.parse_args()
    if options.one_core and not ONE_CORE:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        start_again(thread_limits(1, os.environ) | {"MODGROK_BENCH_ONE_CORE": "1"})
    if not WAITING.keys() <= os.environ.keys():
        start_again(WAITING)
    moduli = [31, 43, 61, 79, 97, 127] if options.scaling else options.p
    rows = []
    with jax.enable_x64(True):
        for kernel in options.kernels:
            for p in moduli:
                rows.append(compare(p, options.fraction, kernel, options.rounds, not options.scaling))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
