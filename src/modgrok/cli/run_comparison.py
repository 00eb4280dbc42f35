"""`modgrok runs compare`: several runs beside each other, with the settings in which they differ."""

from __future__ import annotations

import math
import shutil
import sys
from typing import Annotated, Any

from cyclopts import Parameter

from ..runs.run_settings import described_settings, differences, rows_to_compare, settings_of
from ..runs.store.database import Database
from ..runs.store.labels import Labels, read_labels
from ..runs.store.last_record import last_scalars
from .display.run_table import table
from .shared.options import DEFAULT_RUNS, Json, Runs
from .shared.output import say, say_json


def compare(
    *run: Annotated[str, Parameter(help="Run ids, the beginnings of some, or latest; 2 to 20.")],
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Compare runs: the settings in which they differ, and how each went.

    modgrok report with the same runs draws their curves.
    """
    with Database(runs, read_only=True) as store:
        rows = rows_to_compare(store, run)
        last = last_scalars(store, rows)
        labels = read_labels(store, [row.id for row in rows])
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table(rows, [settings_of(row) for row in rows], last, width, shared=True):
        say(line)
    settings = [described_settings(row) for row in rows]
    different = differences(settings)
    if not different:
        say("no setting differs")
    if json:
        compared: list[dict[str, Any]] = []
        for row in rows:
            numbers = {name: value for name, value in last[row.id].items() if not math.isnan(value)}
            own = labels.get(row.id, Labels())
            compared.append(
                {
                    "id": row.id,
                    "expression": row.expression,
                    "p": row.p,
                    "learner": row.learner,
                    "status": row.status,
                    "step": row.step,
                    "memorised_at": row.memorised_at,
                    "grokked_at": row.grokked_at,
                    "seconds": row.seconds,
                    "tags": own.tags,
                    "note": own.note,
                    "measures": numbers,
                }
            )
        say_json({"runs": compared, "differences": different})
    return 0
