"""The runs that a claim needs, as grids in the words of sweep files.

Owns: groups and their members. A group may take parts of its networks from another group's runs; its members
are known only once those have ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...runs.options import CheckpointPolicy
from ...sweeps.grid.sweep_file import Member, make_sweep
from .budget import BudgetName


@dataclass(frozen=True)
class RunGroup:
    """Runs that differ along axes.

    Arguments:
        base: fields of `train` that all have in common; see `sweeps.grid.sweep_file.field_names`.
        axes: field -> values, as in a sweep file.
        zip: fields that advance together, as in a sweep file.
        embedding_from: group whose run of the same seed gives the embedding, which is not trained.
        body_from: group whose run of the same seed gives all but embedding and unembedding, likewise.
        weights: which the runs keep: the last, by `schedule` as a single run does, or at all `observations`.

    Example:
        >>> group = RunGroup({"expression": "x + y", "p": 7, "steps": 50}, {"seed": [0, 1]})
        >>> [member.point for member in group.members()]
        [{'seed': 0}, {'seed': 1}]
    """

    base: Mapping[str, Any]
    axes: Mapping[str, Any] = field(default_factory=dict)
    zip: Sequence[Mapping[str, Any]] = ()
    embedding_from: str | None = None
    body_from: str | None = None
    weights: CheckpointPolicy = "final"

    @property
    def needs(self) -> tuple[str, ...]:
        """Groups that must have run before this one."""
        return tuple(name for name in (self.embedding_from, self.body_from) if name is not None)

    def members(self) -> tuple[Member, ...]:
        """Expand the grid, parts from other groups left out.

        Raises:
            InputError: see `make_sweep`.
        """
        content = {"name": "group", "base": dict(self.base), "axes": dict(self.axes), "zip": list(self.zip)}
        return make_sweep(content).members


def no_runs(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan nothing, at any budget: for claims about closed forms, theorems and decisions."""
    return {}
