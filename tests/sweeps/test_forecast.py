"""The forecast: a planted law is recovered at moduli that were left out; only the first part is read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded import ADAMW, grok_step, record

import modgrok
from modgrok.runs import Experiment, Store
from modgrok.sweeps.forecasting import run_forecast
from modgrok.sweeps.forecasting.features import feature_names, feature_values
from modgrok.sweeps.forecasting.first_part import first_part_of
from modgrok.sweeps.forecasting.model import ForecastModel, fit_forecast
from modgrok.sweeps.forecasting.run_forecast import entry_of, settings_of
from modgrok.sweeps.forecasting.validation import (
    RunSet,
    fit_with_spread,
    mean_gain,
    validate,
    validate_median,
    validate_multiple,
)
from modgrok.tasks import InputError

FOLDER = Path(__file__).parent
NAMES = ("ln p", "ln fraction", "ln memorised_at", "memorised ipr")


def law(p: np.ndarray, fraction: np.ndarray, ipr: np.ndarray) -> np.ndarray:
    return 3 + 0.5 * np.log(p) - 4 * (ipr - 0.2) - 1.5 * np.log(fraction)


def planted(runs: int, seed: int = 0) -> RunSet:
    rng = np.random.default_rng(seed)
    p, fraction = rng.choice([11, 17, 23, 31, 47], runs), rng.uniform(0.3, 0.8, runs)
    ipr, memorised = rng.uniform(0.1, 0.3, runs), rng.integers(15, 25, runs)
    steps = np.exp(law(p, fraction, ipr) + 0.1 * rng.logistic(size=runs)) + memorised
    steps = np.where(rng.random(runs) < 1 / (1 + np.exp(-20 * (fraction - 0.45))), steps, 0).astype(int)
    features = np.column_stack([np.log(p), np.log(fraction), np.log1p(memorised), ipr])
    return RunSet(p, features, memorised, memorised, np.where(steps > 2000, 0, steps), 2000)


def test_a_gain_is_judged_over_moduli() -> None:
    stats = pytest.importorskip("scipy.stats")
    base, score = [0.4, 0.5, math.nan, 0.7, 0.45], [0.3, 0.45, 0.2, math.nan, 0.2]
    differences = np.array([0.1, 0.05, 0.25])
    low, high = stats.t.interval(0.95, 2, differences.mean(), stats.sem(differences))
    gain = mean_gain(base, score)
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0.4 / 3, low, high), abs=1e-3)
    with pytest.raises(ValueError, match="at least two"):
        mean_gain(base[:1], score[:1])


def test_scores_of_moduli_add_up_to_the_score() -> None:
    runs = planted(300)
    score = validate(NAMES, runs)
    shares = [(runs.moduli == p).mean() for p in np.unique(runs.moduli)]
    assert np.dot(shares, score.briers) == pytest.approx(score.brier)
    own = [(runs.moduli[runs.grokked] == p).mean() for p in np.unique(runs.moduli)]
    assert np.dot(own, score.errors) == pytest.approx(score.error)
    gain = mean_gain(validate_median(runs).errors, score.errors)
    assert gain.low > 0


def test_a_planted_law_is_recovered_at_moduli_that_were_left_out() -> None:
    runs = planted(400)
    score = validate(NAMES, runs)
    scatter = 0.1 * 2 * math.log(2)  # mean of |e| for a logistic scale of 0.1
    assert score.error == pytest.approx(scatter, rel=0.2)
    assert score.error < validate_multiple(runs).error / 2
    assert score.error < validate_median(runs).error / 2
    assert score.brier < 0.6 * validate_median(runs).brier
    assert 0.75 < score.coverage[0] < 0.92
    assert score.coverage[1] > 0.92
    blind = validate(NAMES[:3], runs.with_features([0, 1, 2]))
    assert blind.error > 1.5 * score.error  # the IPR carries part of the signal


def test_a_model_survives_its_json() -> None:
    model = fit_with_spread(NAMES, planted(200))
    again = ForecastModel.from_json(json.loads(json.dumps(model.to_json())))
    x = planted(1, 5).features[0]
    assert again.outlook(x, 30, 2000).median == pytest.approx(model.outlook(x, 30, 2000).median, rel=1e-4)
    assert again.to_json() == model.to_json()


def test_an_outlook_knows_what_has_passed() -> None:
    model = fit_forecast(
        NAMES, *(getattr(planted(300), name) for name in ("features", "steps", "grokked")), 2000
    )
    x = planted(1, 3).features[0]
    early = model.outlook(x, 1, 2000)
    assert early.low < early.median < early.high
    late = model.outlook(x, 3 * int(early.median), 2000)
    assert late.low > 3 * early.median
    assert model.outlook(x, 100, 100).probability == 0
    shares = [model.outlook(x, 1, budget).probability for budget in (2, int(early.median), 2000, 10**9)]
    assert shares == sorted(shares)
    assert shares[-1] == shares[-2]
    narrow = model.outlook(x, 1, 2000, 0.5)
    assert early.low < narrow.low < narrow.median < narrow.high < early.high


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("runs")) as store:
        yield store


@pytest.fixture(scope="module")
def committed(store: Store) -> list[dict[str, Any]]:
    """One model, fitted to planted runs of the store."""
    rng, rows = np.random.default_rng(0), []
    for p in (11, 13, 17):
        for fraction in (0.5, 0.6, 0.7, 0.8):
            for seed in range(3):
                experiment = Experiment.of("x + y", p=p, fraction=fraction, seed=seed, **ADAMW)
                at, ipr = grok_step(experiment, rng)
                rows.append(
                    store.get(
                        record(store, experiment, at if seed else math.inf, ipr, until=None if seed else 2000)
                    )
                )
    models = {}
    for stage in ("memorised", "later"):
        names = feature_names(["ipr", "train_loss", "weight_norm"], later=stage == "later")
        parts = [first_part_of(store, row) for row in rows]
        features = [
            feature_values(names, row.p, Experiment.from_json(row.experiment).fraction, part)
            for row, part in zip(rows, parts, strict=True)
        ]
        steps = np.array([row.grokked_at or 0 for row in rows])
        models[stage] = fit_forecast(names, np.array(features), steps, steps > 0, 2000).to_json()
    settings = settings_of(experiment)
    numbers = {k: v for k, v in settings.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    ranges = {k: [v, v] for k, v in numbers.items()} | {"p": [11, 17], "fraction": [0.5, 0.8]}
    values = {k: [v] for k, v in settings.items() if k not in numbers}
    family = {"kind": "mlp", "optimiser": "adamw"}
    return [
        {"family": "mlp with adamw", "settings": family, "ranges": ranges, "values": values, "models": models}
    ]


@pytest.fixture(autouse=True)
def _planted_models(committed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_forecast, "committed_models", lambda: tuple(committed))


def test_only_the_first_part_of_a_run_is_read(store: Store, tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=13, fraction=0.65, seed=9, **ADAMW)
    known = modgrok.forecast(record(store, experiment, 90.0, 0.2), store)
    assert (known.memorised_at, known.read_until, known.grokked, known.outside) == (20, 30, False, ())
    assert known.low < 90 < known.high
    assert known.probability > 0.5
    with Store(tmp_path) as other:
        truncated = record(other, experiment, 90.0, 0.2, until=30)
        assert other.get(truncated).grokked_at is None
        assert modgrok.forecast(truncated, other) == known
        record(other, experiment.model_copy(update={"seed": 10}), 4000.0, 0.2)
        later = modgrok.forecast("latest", tmp_path)  # nothing of how it went on is known
        assert (later.grok_at, later.probability) == (known.grok_at, known.probability)
        early = record(other, experiment.model_copy(update={"seed": 11}), 90.0, 0.2, until=25)
        assert modgrok.forecast(early, other).read_until == 20  # the second observation is still to come


def test_a_run_that_grokked_in_its_first_part_is_known(store: Store) -> None:
    run = record(store, Experiment.of("x + y", p=13, fraction=0.65, seed=20, **ADAMW), 25.0, 0.2)
    known = modgrok.forecast(run, store)
    assert (known.grokked, known.grok_at, known.low, known.high, known.probability) == (True, 25, 25, 25, 1.0)
    assert modgrok.forecast(run, store, budget=10).probability == 0


def test_differences_from_the_survey_are_named(store: Store) -> None:
    experiment = Experiment.of("x*y", p=19, fraction=0.65, width=100, **ADAMW)
    known = modgrok.forecast(record(store, experiment, 90.0, 0.2), store)
    assert known.outside == (
        "p 19 (11 to 17 in the survey)",
        "width 100 (500 in the survey)",
        "expression x*y (x + y in the survey)",
    )


def test_the_command_says_what_the_function_returns(store: Store, call) -> None:
    run = record(store, Experiment.of("x + y", p=17, fraction=0.7, seed=30, **ADAMW), 120.0, 0.2)
    result = call("forecast", run, "--runs", str(store.folder), "--json")
    assert result.code == 0
    known = modgrok.forecast(run, store)
    row = store.get(run)
    what = {"run_step": row.step, "run_grokked_at": row.grokked_at}
    assert result.json == {**asdict(known), "outside": [], **what}
    assert result.out.count("the run itself: ") == 1
    assert {"grok_at", "low", "high", "probability"} <= result.json.keys()
    assert f"at step {known.grok_at:,}" in result.out
    shorter = call("forecast", run, "--runs", str(store.folder), "--budget", "100", "--json").json
    assert shorter["budget"] == 100
    assert shorter["probability"] < known.probability


def test_hostile_input_is_refused_in_one_line(store: Store, call) -> None:
    folder = ("--runs", str(store.folder))
    unready = record(
        store, Experiment.of("x + y", p=13, fraction=0.65, seed=40, **ADAMW), 90.0, 0.2, until=10
    )
    momentum = Experiment.of("x + y", p=13, fraction=0.65, optimiser="momentum")
    other = record(store, momentum, 90.0, 0.2)
    undefined = record(store, Experiment.of("x + y", p=13, fraction=0.65, seed=41, **ADAMW), 90.0, math.nan)
    for arguments, words in (
        ((unready,), "run: must have memorised to be forecast, got"),
        ((other,), "run: must be of a kind that the survey has (mlp with adamw), got mlp with momentum"),
        ((undefined,), "run: must have recorded ipr when it memorised, and at 1.5 times that step, got none"),
        (("0123456789ab",), "run: does not name a run"),
        (("../x",), "run: does not name a run"),
        ((unready, "--budget", "0"), "budget: must be at least 1, got 0"),
        ((unready, "--budget", "many"), "budget: must be an integer, got 'many'"),
    ):
        result = call("forecast", *arguments, *folder)
        assert (result.code, result.out) == (2, "")
        assert words in result.err
        assert result.err.count("\n") == 1


def test_numbers_that_no_run_records_are_asked_for_by_name() -> None:
    with pytest.raises(InputError, match="must be of a kind that the survey has"):
        entry_of(Experiment.of("x + y", p=13, learner="rfm"))


def test_runs_of_groups_are_forecast_as_outside_of_the_survey() -> None:
    experiment = Experiment.of(
        group="C5", width=64, fraction=0.5, optimiser="adamw", parametrisation="doshi", weight_decay=5.0
    )
    known = modgrok.forecast(modgrok.run(experiment, steps=60))
    assert known.low < known.grok_at < known.high
    assert any(phrase.startswith("expression C5") for phrase in known.outside)
    assert not any(phrase.startswith("p ") for phrase in known.outside)


def test_a_run_beyond_the_surveys_budget_is_not_given_its_chances() -> None:
    runs = planted(400)
    model = fit_forecast(NAMES, runs.features, runs.steps, runs.grokked, runs.budget)
    assert model.outlook(runs.features[0], 20, 10_000).probability > 0
    for now in (2000, 2500):
        assert model.outlook(runs.features[0], now, 10_000).probability == 0
