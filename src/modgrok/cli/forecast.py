"""`modgrok forecast`: when a run will grok, from the first part of its training."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from ..display import percent
from ..runs import Database
from ..runs.store.database import RunRow
from ..sweeps.forecasting.run_forecast import GrokForecast
from ..sweeps.forecasting.run_forecast import forecast as forecast_run
from .shared.options import DEFAULT_RUNS, Json, Runs, whole
from .shared.output import counted, say, say_json


def forecast(
    run: Annotated[str, Parameter(help="Run id, the beginning of one, or latest.")],
    /,
    *,
    budget: Annotated[
        int | None,
        Parameter(converter=whole, help="Steps within which the run is to grok; default its own budget."),
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Forecast when a run will grok, from its training up to 1.5 times the step at which it memorised.

    The step comes with a 95% interval, and with the probability that the run groks within its budget. What
    the run recorded later is not used, so that the forecast of a finished run can be compared with what it
    did.
    """
    with Database(runs, read_only=True) as store:
        known = forecast_run(run, store, budget=budget)
        row = store.get(known.run)
    for line in (*lines_of(known), outcome_words(row)):
        say(line)
    if json:
        say_json({**asdict(known), "run_step": row.step, "run_grokked_at": row.grokked_at})
    return 0


def outcome_words(row: RunRow) -> str:
    """Say what the run did, which the forecast does not use."""
    if row.grokked_at is not None:
        return f"the run itself: grokked at step {row.grokked_at:,}"
    return f"the run itself: not grokked by step {row.step:,}"


def lines_of(known: GrokForecast) -> list[str]:
    """Say a forecast in a few lines.

    Example:
        >>> far = ("p 151 (11 to 113 in the survey)",)
        >>> known = GrokForecast("a1", 7, 11, 240, 130, 460, 0.9312, 2000, False, far, "mlp with adamw")
        >>> for line in lines_of(known):
        ...     print(line)
        run a1: memorised at step 7; forecast from its first 11 steps
        groks within 2,000 steps with probability 93.12%
        if it groks: at step 240, with 95% between 130 and 460
        outside the survey: p 151 (11 to 113 in the survey)
    """
    lines = [
        f"run {known.run}: memorised at step {known.memorised_at:,}; "
        f"forecast from its first {known.read_until:,} steps"
    ]
    if known.grokked:
        lines.append(f"had grokked by then, at step {known.grok_at:,}")
    else:
        steps = counted(known.budget, "step")
        if known.budget <= known.read_until:
            lines.append(f"had not grokked by then: it does not within {steps}")
        elif known.probability > 0:
            lines.append(f"groks within {steps} with probability {percent(known.probability)}")
        else:
            lines.append(
                f"had not grokked within the survey's budget: whether it does within {steps} is unknown"
            )
        lines.append(
            f"if it groks: at step {known.grok_at:,}, with 95% between {known.low:,} and {known.high:,}"
        )
    if known.outside:
        lines.append(f"outside the survey: {'; '.join(known.outside)}")
    return lines
