"""Seconds of operations on a machine.

Owns: the rates, and those of one machine, with which costs are compared where no time may be measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from .operations import Operations

DOUBLED = ("products", "numbers", "exponentials")
"""Kinds of operations that have a rate of their own in float64."""


@dataclass(frozen=True)
class MachineRates:
    """Seconds of one operation of each kind; see `Operations`.

    Arguments:
        products, numbers, exponentials: in float32.
        products_double, numbers_double, exponentials_double: in float64.
        solves: in float64.
        calls: of a compiled operation in a loop.
        dispatches: of a compiled function, called from Python.
        compilation: to compile one small program.
    """

    products: float
    numbers: float
    exponentials: float
    products_double: float
    numbers_double: float
    exponentials_double: float
    solves: float
    calls: float
    dispatches: float
    compilation: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isinstance(value, float) and math.isfinite(value) and value > 0):
                raise ValueError(f"{field.name}: must be a number above 0, got {value!r}")

    def seconds(self, operations: Operations, *, double: bool = False) -> float:
        """Return the time of operations.

        Arguments:
            operations: how many of each kind.
            double: whether they are in float64.

        Example:
            >>> work = Operations(products=1e9)
            >>> NOMINAL.seconds(work) < NOMINAL.seconds(work, double=True)
            True
        """
        total = 0.0
        for field in fields(operations):
            name = f"{field.name}_double" if double and field.name in DOUBLED else field.name
            total += getattr(operations, field.name) * getattr(self, name)
        return total


NOMINAL = MachineRates(
    products=3.2e-11,
    numbers=6.0e-11,
    exponentials=5.0e-10,
    products_double=7.0e-11,
    numbers_double=1.2e-10,
    exponentials_double=1.8e-9,
    solves=1.0e-10,
    calls=4.0e-7,
    dispatches=6.0e-5,
    compilation=0.1,
)
"""MachineRates of one core of an AMD EPYC (Zen 4)."""
