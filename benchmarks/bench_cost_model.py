"""Estimated and true times of twenty-one experiments, on one core.

    uv run --group bench python benchmarks/bench_cost_model.py [PLACE ...]

Each experiment is run in this process as a sweep runs it, its members one after another, from the preparation
of the first to the end of the last, with compilation and observations. Times are those of the processor: what
else runs on the machine hardly changes them. The machine's rates are measured before and after each five
experiments, and their means are used. PLACE chooses experiments by their numbers.
"""

from __future__ import annotations

import math
import os
import sys
import time
from dataclasses import asdict
from typing import Any

CORE = min(os.sched_getaffinity(0))
os.sched_setaffinity(0, {CORE})

from modgrok.learners.base.rates import MachineRates  # noqa: E402  (after the choice of the core)
from modgrok.sweeps import ensembles_of, make_sweep, run_ensemble  # noqa: E402
from modgrok.sweeps.calibration import measure_in_process  # noqa: E402
from modgrok.sweeps.sweep_cost import cost_of_sweep  # noqa: E402

EXPERIMENTS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"expression": "x + y", "p": 11, "width": 100, "steps": 20_000}, 1),
    ({"expression": "x + y", "p": 11, "width": 500, "steps": 500, "optimiser": "adamw"}, 64),
    ({"expression": "x + y", "p": 23, "width": 200, "steps": 5000}, 1),
    ({"expression": "x*y", "p": 31, "width": 200, "steps": 1000}, 8),
    ({"expression": "x + y", "p": 31, "width": 200, "steps": 200}, 64),
    ({"expression": "x + y", "p": 47, "width": 300, "steps": 1000, "optimiser": "adamw"}, 1),
    ({"expression": "x + y", "p": 61, "width": 500, "steps": 300}, 1),
    ({"expression": "x + y", "p": 97, "width": 500, "steps": 100}, 1),
    ({"expression": "x + y", "p": 97, "width": 200, "steps": 60, "loss": "cross_entropy"}, 8),
    ({"expression": "x + y", "p": 97, "width": 500, "steps": 500, "batch_size": 512}, 1),
    ({"expression": "x + y + z", "p": 11, "width": 200, "steps": 3000}, 1),
    ({"group": "S4", "width": 200, "steps": 1000, "optimiser": "adamw"}, 8),
    ({"expression": "x + y", "p": 11, "learner": "rfm", "steps": 30}, 1),
    ({"expression": "x + y", "p": 31, "learner": "rfm", "steps": 100}, 1),
    ({"expression": "x + y", "p": 61, "learner": "rfm", "steps": 12}, 1),
    ({"expression": "x + y", "p": 47, "learner": "rfm", "kernel": "gaussian", "steps": 15}, 1),
    (
        {
            "expression": "x + y",
            "p": 11,
            "learner": "transformer",
            "d_model": 32,
            "d_mlp": 128,
            "steps": 2000,
        },
        1,
    ),
    ({"expression": "x + y", "p": 31, "learner": "transformer", "steps": 200}, 1),
    ({"expression": "x + y", "p": 61, "learner": "transformer", "d_model": 64, "d_mlp": 256, "steps": 80}, 8),
    ({"expression": "x + y", "p": 23, "learner": "transformer", "layers": 2, "steps": 60}, 1),
    ({"expression": "x + y", "p": 23, "learner": "transformer", "forward": "plain", "steps": 60}, 1),
)
"""What all members have in common, and their number; none stops early."""


def main(places: list[int]) -> None:
    """Print estimate, truth and ratio of each experiment, and the largest factor between them."""
    worst = 1.0
    print("| experiment | members | estimated, s | measured, s | ratio |\n| --- | --- | --- | --- | --- |")
    for first in range(0, len(places), 5):
        group = places[first : first + 5]
        before, truths = measure(), [truth(*EXPERIMENTS[place - 1]) for place in group]
        rates = mean(before, measure())
        for place, measured in zip(group, truths, strict=True):
            base, members = EXPERIMENTS[place - 1]
            estimated = cost_of_sweep(ensembles(base, members), rates).seconds(1)
            worst = max(worst, estimated / measured, measured / estimated)
            words = ", ".join(
                f"{value}" if n == "expression" else f"{n} {value}" for n, value in base.items()
            )
            print(
                f"| {words} | {members} | {estimated:.1f} | {measured:.1f} | {estimated / measured:.2f} |",
                flush=True,
            )
    print(f"\nlargest factor {worst:.2f}")


def measure() -> MachineRates:
    """Measure the rates of the core."""
    rates = measure_in_process(1)
    assert rates is not None
    return rates


def mean(one: MachineRates, other: MachineRates) -> MachineRates:
    """Return the geometric means of two measurements."""
    return MachineRates(
        **{name: math.sqrt(rate * getattr(other, name)) for name, rate in asdict(one).items()}
    )


def ensembles(base: dict[str, Any], members: int) -> Any:
    """Return the experiment as one ensemble."""
    content = {"name": "s", "base": {**base, "early_stop": False}, "axes": {"seed": list(range(members))}}
    return ensembles_of(make_sweep(content).members, most=members)


def truth(base: dict[str, Any], members: int) -> float:
    """Run the members of an experiment; return seconds of the processor."""
    (ensemble,) = ensembles(base, members)
    began = time.process_time()
    assert all(outcome.error is None for outcome in run_ensemble(ensemble, None, weights="final"))
    return time.process_time() - began


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(range(1, len(EXPERIMENTS) + 1)))
