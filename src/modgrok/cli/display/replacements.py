"""What `modgrok explain --replace` prints and writes: a network with waves in place of its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...display import percent
from ...measures.replacement import Replacement
from ...runs import NetworkFile, write_network
from ..shared.output import cannot_write, say


def print_replacements(results: Sequence[Replacement]) -> None:
    """Say how well the network answers after each replacement."""
    say("  weights replaced by waves, one part after the other:")
    say(f"  {'part':>16}  {'accuracy':>8}  {'loss':>10}  {'variance explained':>18}")
    for result in results:
        notes = ", ".join(
            f"{name.replace('_', ' ')} {value:.4g}"
            for name, value in result.notes.items()
            if not math.isnan(value)
        )
        say(
            f"  {result.part.replace('_', ' '):>16}  {percent(result.accuracy):>8}  {result.loss:>10.4g}  "
            f"{percent(result.explained_variance):>18}  {notes}".rstrip()
        )


def replacements_json(results: Sequence[Replacement]) -> list[dict[str, Any]]:
    """Return the same as one object for each replacement."""
    return [
        {
            "part": result.part,
            "accuracy": result.accuracy,
            "accuracy_all": result.accuracy_all,
            "loss": result.loss,
            "explained_variance": result.explained_variance,
            **result.notes,
        }
        for result in results
    ]


def write_replacement(path: Path, results: Sequence[Replacement], content: NetworkFile) -> None:
    """Write the network in which all parts are replaced, beside what the original's file says of its task."""
    notes = {**content.notes, "replaced": [result.part for result in results[1:]]}
    new = NetworkFile(results[-1].network, content.source, content.table, notes)
    try:
        write_network(path, new)
    except OSError as error:
        raise cannot_write(path, error) from None
    say(f"wrote {path}")
