"""What a step and an observation compute, counted: from these numbers and a machine's rates follow times.

Owns: the kinds of operations that are told apart, and what all networks have in common. Each learner counts
its own in its folder (`LearnerDefinition.operations`). Nothing is measured here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from ...tasks import Task

OPTIMISER_NUMBERS = {"gd": 12, "momentum": 20, "adam": 40, "adamw": 40, "muon": 30}
"""Numbers that an update reads and writes for each weight, the check that it is finite among them."""
OPTIMISER_CALLS = {"gd": 20, "momentum": 25, "adam": 40, "adamw": 40, "muon": 150}
"""Compiled operations that an update adds to a step."""
OTHER = "adamw"
"""Whose numbers an optimiser from outside is given."""


@dataclass(frozen=True)
class Operations:
    """Numbers of operations.

    Arguments:
        products: multiplications of matrix products.
        solves: multiplications of factorisations and triangular solves.
        numbers: array entries read or written by everything else.
        exponentials: exponentials, logarithms, roots and angles.
        calls: compiled operations that are begun.
        dispatches: calls of a compiled function from Python, each with a result that is waited for.
    """

    products: float = 0.0
    solves: float = 0.0
    numbers: float = 0.0
    exponentials: float = 0.0
    calls: float = 0.0
    dispatches: float = 0.0

    def __add__(self, other: Operations) -> Operations:
        """Add each kind.

        Example:
            >>> Operations(products=2) + Operations(products=1, calls=3)
            Operations(products=3.0, solves=0.0, numbers=0.0, exponentials=0.0, calls=3.0, dispatches=0.0)
        """
        return Operations(*(float(getattr(self, f.name) + getattr(other, f.name)) for f in fields(self)))

    def __mul__(self, factor: float) -> Operations:
        """Multiply each kind."""
        return Operations(*(float(factor * getattr(self, f.name)) for f in fields(self)))


@dataclass(frozen=True)
class LearnerOperations:
    """What a learner's run on a task consists of.

    Arguments:
        step: one step.
        observation: one observation.
        compilations: time to compile both, as a multiple of a machine's `MachineRates.compilation`.
    """

    step: Operations
    observation: Operations
    compilations: float = 55.0


FRESH = 40
"""Numbers that stand for the allocation of each entry of a large array, as observations need them."""
OBSERVATION_DISPATCHES = 10
"""What Python does at an observation: two compiled calls, the numbers, the row."""


def plain_operations(products: float, n: float, task: Task) -> LearnerOperations:
    """Count a learner of which only the products of a step are known.

    An observation then is a gradient of the training set and a forward pass of the table.
    """
    step = Operations(products=products, calls=120)
    forward = Operations(
        products=products / 3 * task.size / max(n, 1.0), numbers=8 * task.size * task.p, calls=30
    )
    return LearnerOperations(step, step + forward + Operations(dispatches=OBSERVATION_DISPATCHES))


def loss_operations(loss: str, inputs: float, classes: int) -> Operations:
    """Count the loss of some inputs: six numbers for each logit, and an exponential unless it is a square."""
    entries = inputs * classes
    return Operations(numbers=6 * entries, exponentials=0.0 if loss == "mse" else entries, calls=6)


def update_operations(optimiser: str, parameters: float, *, filtered: bool = False) -> Operations:
    """Count an optimiser's update of so many weights; the matrix products of Muon are left out."""
    numbers = OPTIMISER_NUMBERS.get(optimiser, OPTIMISER_NUMBERS[OTHER]) + (5 if filtered else 0)
    calls = OPTIMISER_CALLS.get(optimiser, OPTIMISER_CALLS[OTHER]) + (4 if filtered else 0)
    return Operations(numbers=numbers * parameters, calls=calls)


def muon_products(rows: float, columns: float) -> float:
    """Count the five Newton-Schulz iterations of one matrix: with r <= s, 2 r^2 s + r^3 each.

    Example:
        >>> muon_products(2, 3), muon_products(3, 2)
        (160, 160)
    """
    r, s = min(rows, columns), max(rows, columns)
    return 5 * (2 * r * r * s + r**3)
