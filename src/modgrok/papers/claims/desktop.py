"""The budget `desktop`: the plan of another budget, repeated over seeds and limited in steps.

Owns: how that plan is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .plan import RunGroup


@dataclass(frozen=True)
class Desktop:
    """The plan of the budget `desktop`: another budget's, over several seeds and with a limit on steps.

    Arguments:
        basis: the budget whose plan is taken: `paper` for its sizes, `laptop` where those take days.
        seeds: of every run, >= 1 of them.
        steps: limit on the steps of a run, >= 1.
        extend: whether runs are extended to that limit: those of the laptop's plan end sooner.

    Example:
        >>> group = RunGroup({"expression": "x + y", "p": 7, "steps": 50_000}, {"seed": [0]})
        >>> [(member.experiment.seed, member.steps) for member in Desktop().resized(group).members()]
        [(0, 20000), (1, 20000), (2, 20000)]
    """

    basis: Literal["laptop", "paper"] = "paper"
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 20_000
    extend: bool = False

    def resized(self, group: RunGroup) -> RunGroup:
        """Return a group of the basis over the seeds, with its steps limited."""
        base = {name: self._value(name, value) for name, value in group.base.items() if name != "seed"}
        axes = {name: self._values(name, values) for name, values in group.axes.items() if name != "seed"}
        zipped = [
            {name: self._values(name, values) for name, values in fields.items()} for fields in group.zip
        ]
        return replace(group, base=base, axes={**axes, "seed": list(self.seeds)}, zip=zipped)

    def _value(self, name: str, value: Any) -> Any:
        if name != "steps":
            return value
        return self.steps if self.extend else min(value, self.steps)

    def _values(self, name: str, values: Any) -> Any:
        if name != "steps" or isinstance(values, Mapping):
            return values
        assert isinstance(values, Sequence)
        return [self._value(name, value) for value in values]
