"""Write the sweep files of the survey, `atlas/survey/*.toml`: `python tools/make_survey_files.py`.

Every file is a piece that two cores finish within two hours; `PIECES` says which there are, and which belong
to the full plan alone. A piece is a grid, not a search: eight fractions around the one at which half of the
seeds are expected to grok, according to the first atlas, with eight seeds each. A search would make fewer
runs for a critical fraction of this resolution, but nearly all of them at the transition, and at other
fractions for each modulus. The times to grok above it, the check of budgets, and the forecast, which needs
runs that grok beside runs that do not, would have no data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "atlas" / "survey"
FACTORS = (0.7, 0.78, 0.86, 0.94, 1.02, 1.12, 1.3, 1.6)
"""Fractions in units of the expected critical one."""
MOST = 0.95
"""Largest fraction: the grid is compressed where the last factor would exceed it."""
SEEDS = tuple(range(8))
SECONDS: dict[str, Callable[[float, int], float]] = {
    "mlp": lambda n, p: max(3.5e-8 * n * p, 2e-4) / 2,
    "transformer": lambda n, p: 7.4e-6 * n,
    "rfm": lambda n, p: 7e-11 * n**3,
}
"""Seconds of a step on two cores by examples and modulus, from docs/sweeps.md (two workers of one core each),
docs/transformer-speed.md and docs/rfm-speed.md; width 500 and the transformer's default sizes."""
OBSERVING, COMPILING = 1.4, 2.0
"""Factor for observations, and seconds for compiling the step of a point."""
ADAMW = {
    "width": 500,
    "parametrisation": "doshi",
    "optimiser": "adamw",
    "lr": 0.01,
    "weight_decay": 5,
}


@dataclass(frozen=True)
class Piece:
    """One sweep file.

    Arguments:
        name: of the file; the sweep is called `survey-<name>`, with hyphens.
        about: its first comment.
        base: what all runs have in common.
        expected: p -> expected critical fraction; empty if `axes` has the fractions.
        axes: further axes.
        seeds: of every point.
        full: whether it belongs to the full plan alone.
    """

    name: str
    about: str
    base: Mapping[str, object]
    expected: Mapping[int, float] = field(default_factory=dict)
    axes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    seeds: Sequence[int] = SEEDS
    full: bool = False

    @property
    def moduli(self) -> list[int]:
        """Modulus of every point, seeds left out, in the order of `fractions`."""
        if self.expected:
            return [p for p in self.expected for _ in FACTORS]
        moduli = self.axes.get("p") or [self.base["p"]]
        return [int(p) for p in moduli for _ in range(self.points // len(moduli))]  # type: ignore[call-overload]

    @property
    def fractions(self) -> list[float]:
        """Fraction of every point, seeds left out."""
        if self.expected:
            return [fraction for expected in self.expected.values() for fraction in grid(expected)]
        own = list(self.axes["fraction"])
        return own * (self.points // len(own))

    @property
    def points(self) -> int:
        """Number of points, seeds left out."""
        if self.expected:
            return len(self.expected) * len(FACTORS)
        return int(np.prod([len(axis) for axis in self.axes.values()]))

    @property
    def hours(self) -> float:
        """Rough hours on two cores, as if no run stopped early: see `SECONDS`."""
        learner = str(self.base.get("learner", "mlp"))
        steps = int(str(self.base["steps"]))
        seconds = 0.0
        for p, fraction in zip(self.moduli, self.fractions, strict=True):
            step = SECONDS[learner](fraction * p**2, p)
            seconds += len(self.seeds) * steps * step * OBSERVING + COMPILING
        return seconds / 3600

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.points * len(self.seeds)


def power(primes: Sequence[int], factor: float, exponent: float) -> dict[int, float]:
    """Return the expected critical fraction factor * p^-exponent of each prime."""
    return {p: factor * p**-exponent for p in primes}


def adamw(name: str, expression: str, expected: Mapping[int, float], *, full: bool = False) -> Piece:
    """A piece of two-layer networks trained by AdamW."""
    about = f"Critical fraction and time to grok of {expression}: two-layer networks, AdamW."
    return Piece(name, about, {"expression": expression, **ADAMW, "steps": 4000}, expected, full=full)


def gradient_descent(name: str, primes: Sequence[int], *, full: bool = False) -> Piece:
    """A piece of two-layer networks trained by gradient descent at the default rate."""
    about = "Critical fraction and time to grok of x + y: two-layer networks, gradient descent."
    base = {"expression": "x + y", "width": 500, "steps": 20_000}
    return Piece(name, about, base, power(primes, 5.15, 0.66), full=full)


def kernel_machines(name: str, primes: Sequence[int]) -> Piece:
    """A piece of kernel machines with the quadratic kernel."""
    about = "Critical fraction and time to grok of x + y: kernel machines with the quadratic kernel."
    base = {"expression": "x + y", "learner": "rfm", "kernel": "quadratic", "steps": 30}
    return Piece(name, about, base, power(primes, 2.17, 0.373))


def corruption(name: str, seeds: Sequence[int], *, full: bool = False) -> Piece:
    """A piece of the grid of corrupted labels."""
    about = "Phases of training with corrupted labels: x + y mod 97, two-layer networks, AdamW."
    base = {"expression": "x + y", "p": 97, **ADAMW, "steps": 2000, "early_stop": False}
    del base["weight_decay"]
    axes = {
        "fraction": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
        "corruption": [0.0, 0.15, 0.3, 0.45, 0.6],
        "weight_decay": [0, 5, 15],
    }
    return Piece(name, about, base, axes=axes, seeds=seeds, full=full)


FIVE = (13, 23, 31, 47, 61)
PIECES = (
    adamw("adamw_add_11_31", "x + y", power((11, 13, 17, 19, 23, 29, 31), 2.6, 0.6)),
    adamw("adamw_add_37_61", "x + y", power((37, 41, 43, 47, 53, 59, 61), 2.6, 0.6)),
    adamw("adamw_add_79_113", "x + y", power((79, 97, 113), 2.6, 0.6)),
    gradient_descent("gd_add_11_23", (11, 13, 17, 19, 23)),
    gradient_descent("gd_add_29_47", (29, 31, 37, 41, 43, 47)),
    adamw("adamw_product", "x*y", power(FIVE, 2.6, 0.6)),
    adamw("adamw_squares", "x^2 + y^2", power(FIVE, 2.6, 0.6)),
    adamw("adamw_linear", "2x + 3y", power(FIVE, 2.6, 0.6)),
    kernel_machines("rfm_add_11_23", (11, 13, 17, 19, 23)),
    kernel_machines("rfm_add_29_47", (29, 31, 37, 41, 43, 47)),
    Piece(
        "transformer_add",
        "Time to grok of x + y by one-layer transformers.",
        {"expression": "x + y", "learner": "transformer", "steps": 20_000},
        axes={"p": [31, 47], "fraction": [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]},
        seeds=(0, 1, 2),
    ),
    corruption("corruption", (0,)),
    adamw("adamw_add_67_89", "x + y", power((67, 71, 73, 83, 89), 2.6, 0.6), full=True),
    adamw("adamw_add_101_109", "x + y", power((101, 103, 107, 109), 2.6, 0.6), full=True),
    gradient_descent("gd_add_53_61", (53, 59, 61), full=True),
    corruption("corruption_seeds", (1, 2), full=True),
)


def grid(expected: float) -> list[float]:
    """Return the fractions of the grid around an expected one, to three decimals."""
    low, high = FACTORS[0] * expected, min(FACTORS[-1] * expected, MOST)
    places = np.log(np.array(FACTORS) / FACTORS[0]) / np.log(FACTORS[-1] / FACTORS[0])
    return [round(float(fraction), 3) for fraction in low * (high / low) ** places]


def content(piece: Piece) -> str:
    """Return the text of a sweep file."""
    plan = (
        "Part of the full plan; not part of the survey of 8 hours." if piece.full else "Part of the survey."
    )
    lines = [
        f"# {piece.about}",
        f"# {plan} Written by tools/make_survey_files.py, which says why these points.",
    ]
    lines += [f'name = "{sweep_name(piece)}"', "", "[base]"]
    lines += [f"{name} = {toml(value)}" for name, value in piece.base.items()]
    lines += ["", "[axes]", *(f"{name} = {toml(list(values))}" for name, values in piece.axes.items())]
    lines += [f"seed = {toml(list(piece.seeds))}"]
    if piece.expected:
        grids = {p: grid(expected) for p, expected in piece.expected.items()}
        lines += ["", "[[zip]]", "p = ["]
        lines += [f"  {', '.join([str(p)] * len(grid))}," for p, grid in grids.items()]
        lines += ["]", "fraction = ["]
        lines += [f"  {', '.join(map(str, grid))},  # p = {p}" for p, grid in grids.items()]
        lines += ["]"]
    return "\n".join(lines) + "\n"


def sweep_name(piece: Piece) -> str:
    """Return the name of a piece's sweep."""
    return f"survey-{piece.name.replace('_', '-')}"


def toml(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> None:
    """Write all files, or list the pieces."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true", help="print the pieces, their runs and their hours")
    if parser.parse_args().list:
        for piece in PIECES:
            sys.stdout.write(f"{piece.name:<20}{piece.runs:>6}{piece.hours:>6.1f} h")
            sys.stdout.write("  full plan\n" if piece.full else "\n")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for piece in PIECES:
        (FOLDER / f"{piece.name}.toml").write_text(content(piece), encoding="utf-8")


if __name__ == "__main__":
    main()
