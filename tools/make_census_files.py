"""Write the sweep files of the census, `atlas/census/*.toml`: `python tools/make_census_files.py`.

One file for each prime and learner: the classes of docs/census.csv that depend on both operands, in ten folds
that keep (x, y) and (y, x) together, with three seeds. Two-layer networks and kernel machines are trained on
all folds, so that every input is held out once for each seed; transformers on two of them. The cubic forms of
docs/census-cubics.csv have two-layer networks and kernel machines.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modgrok.algebra import CubicClass, QuadraticClass, cubic_classes, quadratic_classes

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "atlas" / "census"
PRIMES = (11, 13, 17, 19, 23)
CUBIC_PRIME = 11
CUBIC_LEARNERS = ("mlp", "rfm")
FOLDS = 10
SEEDS = (0, 1, 2)
BASES: Mapping[str, Mapping[str, Any]] = {
    "mlp": {
        "width": 500,
        "parametrisation": "doshi",
        "optimiser": "adamw",
        "lr": 0.005,
        "weight_decay": 1.0,
        "steps": 10000,
        "observe_every": 50,
    },
    "rfm": {"learner": "rfm", "steps": 30, "early_stop": False},
    "transformer": {"learner": "transformer", "lr": 0.003, "steps": 10000, "observe_every": 50},
}
"""Learner -> its settings."""
TRAINED_FOLDS = {"mlp": FOLDS, "rfm": FOLDS, "transformer": 2}
ABOUT = {
    "mlp": "two-layer networks, with the settings of Doshi et al. 2024 (arXiv:2406.03495) but weight decay 1",
    "rfm": "kernel machines: quadratic kernel, 30 iterations (Mallinar et al. 2024, arXiv:2407.20199)",
    "transformer": "one-layer transformers (Furuta et al. 2024, arXiv:2402.16726), on two folds of ten",
}


def expressions(classes: Sequence[QuadraticClass | CubicClass]) -> list[str]:
    """List the representatives that depend on both operands.

    Example:
        >>> len(expressions(quadratic_classes(11))), len(expressions(cubic_classes(11)))
        (17, 81)
    """
    return [one.expression for one in classes if {"x", "y"} <= set(one.expression)]


def sweep_file(p: int, learner: str, *, cubic: bool = False) -> str:
    """Write one file."""
    base = {"p": p, "orbits": "swap", "folds": FOLDS, **BASES[learner]}
    subject = "binary cubic forms" if cubic else "quadratic polynomials of two operands"
    table, name = ("census-cubics", "census-cubics-") if cubic else ("census", "census-")
    lines = [
        f"# The {subject} mod {p}, one of each class of docs/{table}.csv, under",
        f"# {ABOUT[learner]}. A class counts as not learned only where x + y is learned.",
        "# Written by tools/make_census_files.py.",
        f'name = "{name}p{p}-{learner}"',
        "",
        "[base]",
        *(f"{name} = {_value(value)}" for name, value in base.items()),
        "",
        "[axes]",
        "expression = [",
        *(f'  "{each}",' for each in expressions(cubic_classes(p) if cubic else quadratic_classes(p))),
        "]",
        f"fold = {list(range(TRAINED_FOLDS[learner]))}",
        f"seed = {list(SEEDS)}",
    ]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for p in PRIMES:
        for learner in BASES:
            path = FOLDER / f"p{p}_{learner}.toml"
            path.write_text(sweep_file(p, learner), encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    for learner in CUBIC_LEARNERS:
        path = FOLDER / f"cubics{CUBIC_PRIME}_{learner}.toml"
        path.write_text(sweep_file(CUBIC_PRIME, learner, cubic=True), encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
