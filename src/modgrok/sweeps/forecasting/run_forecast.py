"""The forecast of a run: when it will grok, from the first part of its training.

Owns: which committed model a run belongs to, and where the run lies outside the runs that it was fitted to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ...runs import Database, Experiment, Run, RunRow, Series
from ...runs.experiment import experiment_of
from ...tasks import InputError
from .features import feature_values
from .first_part import FirstPart, first_part, first_part_of
from .model import ForecastModel

FILE = "committed.json"
FAMILY = ("kind", "optimiser", "kernel")
"""Settings that decide which model a run belongs to, where its learner has them."""
WIDE = 1.000001
"""Numbers are outside a range only if they are so by more than rounding."""


@dataclass(frozen=True)
class GrokForecast:
    """When a run will grok, as far as the first part of its training says.

    Arguments:
        run: its id.
        memorised_at: step at which it memorised.
        read_until: the last step that the forecast uses.
        grok_at: median of the step of grokking, if the run groks.
        low, high: 95% interval of the step, if the run groks.
        probability: that it groks within its budget.
        budget: of the run, in steps.
        grokked: whether it had grokked by `read_until`; the step is then known, and the probability 1.
        outside: in what the run differs from all runs of the survey, one phrase each; empty if in nothing.
        family: name of the model.
    """

    run: str
    memorised_at: int
    read_until: int
    grok_at: int
    low: int
    high: int
    probability: float
    budget: int
    grokked: bool
    outside: tuple[str, ...]
    family: str


def forecast(
    run: Run | str, runs: Path | str | Database = "runs", *, budget: int | None = None
) -> GrokForecast:
    r"""Forecast when a run will grok, from its training up to memorisation, and up to 1.5 times that step.

    The models were fitted to the runs of the survey (docs/atlas.md). The step of grokking is log-logistic
    around $\exp(\beta_0 + \beta\cdot x)$ with features x of the two observations; docs/forecast.md says how
    far that can be relied on. Nothing that the run recorded later is used.

    Arguments:
        run: what `modgrok.run` returned, or the id of a stored run, or the beginning of one, or `latest`.
        runs: folder of the store, or the store, of a run that is named by its id.
        budget: steps within which the run is to grok, at least 1; default the run's own.

    Raises:
        InputError: no such run, it has not memorised, or the survey has no runs of its learner and optimiser.

    Source: log-logistic accelerated failure time regression; see `modgrok.sweeps.forecasting.regression`.
    """
    if budget is not None and budget < 1:
        raise InputError(f"budget: must be at least 1, got {budget}")
    if isinstance(run, Run):
        series = _series_of(run)
        return _forecast(run.row, run.experiment, first_part(series), budget)
    if isinstance(runs, Database):
        return _forecast_stored(runs, run, budget)
    with Database(Path(runs), read_only=True) as store:
        return _forecast_stored(store, run, budget)


def _forecast_stored(store: Database, run: str, budget: int | None) -> GrokForecast:
    row = store.get(run)
    known = {"train_accuracy", "test_accuracy"} <= set(row.scalars)
    part = first_part_of(store, row) if known else None
    return _forecast(row, experiment_of(row), part, budget)


def _series_of(run: Run) -> Series:
    names = run.row.scalars
    steps = np.array([record.step for record in run.records], dtype=np.int64)
    return Series(steps, {name: np.array([record.scalars[name] for record in run.records]) for name in names})


def _forecast(
    row: RunRow, experiment: Experiment, part: FirstPart | None, budget: int | None
) -> GrokForecast:
    entry = entry_of(experiment)
    if part is None:
        raise InputError(f"run: must have memorised to be forecast, got {row.id} at step {row.step}")
    steps = row.budget if budget is None else budget
    outside = tuple(differences(experiment, entry))
    common = (row.id, part.memorised_at, part.read_until)
    if part.grokked_at is not None:
        at, name = part.grokked_at, entry["family"]
        return GrokForecast(*common, at, at, at, float(at <= steps), steps, True, outside, name)
    model = ForecastModel.from_json(entry["models"]["memorised" if part.later_at is None else "later"])
    features = feature_values(model.names, row.p, experiment.fraction, part)
    known = model.outlook(features, part.read_until, steps)
    at, low, high = (round(min(step, 1e15)) for step in (known.median, known.low, known.high))
    return GrokForecast(*common, at, low, high, known.probability, steps, False, outside, entry["family"])


@cache
def committed_models() -> tuple[Mapping[str, Any], ...]:
    """Return the models that come with the package, made by `tools/make_forecast.py` of the survey's tables.

    Returns:
        Entries with `family`, `settings` (those of `FAMILY`), `models` (`memorised` and `later`; see
        `ForecastModel`), `values` and `ranges` of all settings of the runs, and their provenance: `tables`,
        `runs`, `grokked`.
    """
    text = (resources.files(__package__) / FILE).read_text(encoding="utf-8")
    return tuple(json.loads(text))


def settings_of(experiment: Experiment) -> dict[str, Any]:
    """Return everything by which runs are compared with the survey's: task, split and learner, flat."""
    task = {"expression": experiment.name, "p": experiment.task.p}
    own = experiment.model_dump(mode="json", exclude={"task", "learner", "seed"})
    return {**task, **own, **experiment.learner.model_dump(mode="json")}


def entry_of(experiment: Experiment) -> Mapping[str, Any]:
    """Return the committed model that an experiment belongs to.

    Raises:
        InputError: the survey has no runs of its learner and optimiser, or kernel.
    """
    settings = settings_of(experiment)
    family = {name: settings[name] for name in FAMILY if name in settings}
    for entry in committed_models():
        if entry["settings"] == family:
            return entry
    known = ", ".join(entry["family"] for entry in committed_models()) or "none yet"
    raise InputError(f"run: must be of a kind that the survey has ({known}), got {family_name(family)}")


def family_name(family: Mapping[str, Any]) -> str:
    """Name a model by its settings.

    Example:
        >>> family_name({"kind": "mlp", "optimiser": "adamw"})
        'mlp with adamw'
    """
    return " with ".join(str(value) for value in family.values())


def differences(experiment: Experiment, entry: Mapping[str, Any]) -> list[str]:
    """List in what an experiment differs from all runs that a model was fitted to, one phrase each."""
    settings, phrases = settings_of(experiment), []
    for name, (low, high) in entry["ranges"].items():
        value = settings.get(name)
        if name == "p" and value is None:  # a group or a table, which the expression's phrase names
            continue
        if value is None or not low / WIDE - 1e-12 <= value <= high * WIDE + 1e-12:
            span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            phrases.append(f"{name} {_word(value)} ({span} in the survey)")
    for name, values in entry["values"].items():
        if settings.get(name) not in values:
            words = ", ".join(map(_word, values))
            phrases.append(f"{name} {_word(settings.get(name))} ({words} in the survey)")
    return phrases


def _word(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)[:60]
