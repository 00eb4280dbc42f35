"""From the store to tidy tables: lists of rows with the store's own numbers.

Owns: which numbers a report shows, and the steps at which it looks at weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models import MLP
from ...runs import Checkpoint, CorruptFile, Record, RunRow
from ...runs.store.network_file import Network
from ...tasks import InputError
from ..charts.table import Table


def curve_table(records: Sequence[Record], names: Sequence[str]) -> Table:
    """List (step, name, value) of the named scalars; undefined values are left out.

    Example:
        >>> curve_table([Record(3, 0.1, {"ipr": 0.5, "test_loss": float("nan")}, {})], ["ipr", "test_loss"])
        [{'step': 3, 'name': 'ipr', 'value': 0.5}]
    """
    return [
        {"step": record.step, "name": name, "value": record.scalars[name]}
        for name in names
        for record in records
        if math.isfinite(record.scalars.get(name, math.nan))
    ]


def milestone_table(row: RunRow) -> Table:
    """List (step, name) of memorising and grokking, those that happened."""
    moments = (("memorised", row.memorised_at), ("grokked", row.grokked_at))
    return [{"step": step, "name": name} for name, step in moments if step is not None]


def histogram_at(records: Sequence[Record], step: int, name: str) -> np.ndarray | None:
    """Return the counts observed at a step, or None."""
    for record in records:
        if record.step == step:
            return record.histograms.get(name)
    return None


@dataclass(frozen=True)
class Stage:
    """A step at which a report looks at the weights."""

    name: str
    step: int

    @property
    def label(self) -> str:
        """Name and step for a reader."""
        return self.name if self.step == 0 else f"{self.name}, step {self.step:,}"


def stages(row: RunRow) -> list[Stage]:
    """List the stages of a run: initialisation, memorisation if it happened, end."""
    rows = [Stage("initialisation", 0)]
    if row.memorised_at is not None and 0 < row.memorised_at < row.step:
        rows.append(Stage("memorised", row.memorised_at))
    if row.step > 0:
        rows.append(Stage("last finite state" if row.status == "diverged" else "end", row.step))
    return rows


def load_stage(checkpoints: Sequence[Checkpoint], stage: Stage) -> tuple[MLP | None, str]:
    """Load the two-layer network of a stage.

    Returns:
        (network, "") or (None, one sentence that says what is missing).
    """
    net, note = load_weights(checkpoints, stage.step)
    if net is None or isinstance(net, MLP):
        return net, note
    return (
        None,
        f"The weights stored at step {stage.step:,} are not those of a two-layer network and are not shown.",
    )


def load_weights(
    checkpoints: Sequence[Checkpoint], step: int, unit: str = "step"
) -> tuple[Network | None, str]:
    """Load the weights kept at a step, of any kind; returns as `load_stage`."""
    for checkpoint in checkpoints:
        if checkpoint.step == step:
            try:
                return checkpoint.load(), ""
            except (CorruptFile, InputError):
                return (
                    None,
                    f"The weights stored at {unit} {step:,} are damaged or missing and are not shown.",
                )
    return None, f"No weights were stored at {unit} {step:,}."
