"""How well a forecast does on moduli that it was not fitted to.

Owns: leaving out one modulus after another, the baselines, errors and coverages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..critical.scaling import t_quantile
from .model import ForecastModel, fit_forecast

SHARES = (0.8, 0.95)
"""Of the intervals whose coverage is counted."""


@dataclass(frozen=True, eq=False)
class RunSet:
    """Runs of which it is known how they went on.

    Arguments:
        moduli: p of each run, shape (n,).
        features: shape (n, features).
        memorised_at: step, shape (n,).
        now: the last step from which features were taken, shape (n,).
        steps: step of grokking; 0 where a run did not grok; shape (n,).
        budget: of all runs.
    """

    moduli: np.ndarray
    features: np.ndarray
    memorised_at: np.ndarray
    now: np.ndarray
    steps: np.ndarray
    budget: int

    @property
    def grokked(self) -> np.ndarray:
        """Whether each run grokked within the budget, shape (n,)."""
        return self.steps > 0

    def where(self, chosen: np.ndarray) -> RunSet:
        """Return some of the runs."""
        return RunSet(
            self.moduli[chosen],
            self.features[chosen],
            self.memorised_at[chosen],
            self.now[chosen],
            self.steps[chosen],
            self.budget,
        )

    def with_features(self, columns: Sequence[int]) -> RunSet:
        """Return the runs with some of the features."""
        return replace(self, features=self.features[:, list(columns)])


@dataclass(frozen=True)
class ForecastScore:
    """How good forecasts of some runs were.

    Arguments:
        runs, grokked: how many there were, and how many of them grokked.
        error: mean of |ln(forecast step) - ln(step)| over the runs that grokked.
        coverage: shares of the steps of grokking within the intervals of `SHARES`; None for baselines.
        brier: mean of (probability - whether it grokked)^2 over all runs.
        errors, briers: the same for each modulus, in ascending order; no error (NaN) where no run grokked.
    """

    runs: int
    grokked: int
    error: float
    coverage: tuple[float, ...] | None
    brier: float
    errors: tuple[float, ...]
    briers: tuple[float, ...]


@dataclass(frozen=True)
class MeanGain:
    """By how much a score is lower than another, in the mean over moduli.

    Arguments:
        mean: of the differences at the moduli.
        low, high: Student's 95% interval of that mean, each modulus being one observation.
    """

    mean: float
    low: float
    high: float


def mean_gain(base: Sequence[float], score: Sequence[float]) -> MeanGain:
    """Return by how much one forecast is better than another on the same runs, modulus by modulus.

    Runs of one modulus share the models that forecast them, so moduli are the independent pieces.

    Arguments:
        base, score: of the same moduli, such as two `ForecastScore.errors`; moduli without a number are left
            out.

    Raises:
        ValueError: fewer than two moduli have numbers.

    Example:
        >>> gain = mean_gain([0.3, 0.5, 0.4], [0.2, 0.3, 0.1])
        >>> round(gain.mean, 3), round(gain.low, 3), round(gain.high, 3)
        (0.2, -0.048, 0.448)
    """
    differences = np.subtract(base, score)
    differences = differences[np.isfinite(differences)]
    if len(differences) < 2:
        raise ValueError("a mean over moduli needs at least two of them")
    mean = float(differences.mean())
    half = t_quantile(len(differences) - 1) * float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return MeanGain(mean, mean - half, mean + half)


def fit_with_spread(names: Sequence[str], runs: RunSet) -> ForecastModel:
    """Fit a model, and widen its intervals to cover moduli that are left out.

    The spread is the quantile 95% of the residuals of runs whose modulus was left out, in units of the
    model's own interval; at least 1, and 1 where there are fewer than three moduli.

    Raises:
        ValueError: fewer than two runs grokked.
    """
    model = fit_forecast(names, runs.features, runs.steps, runs.grokked, runs.budget)
    moduli = np.unique(runs.moduli)
    if len(moduli) < 3:
        return model
    ratios = []
    for p in moduli:
        rest, out = runs.where(runs.moduli != p), runs.where((runs.moduli == p) & runs.grokked)
        if rest.grokked.sum() > len(names) and len(out.steps):
            fitted = fit_forecast(names, rest.features, rest.steps, rest.grokked, rest.budget)
            centres = fitted.times.centre((out.features - fitted.mean) / fitted.deviation)
            ratios.append(np.abs(np.log(out.steps) - centres) / (fitted.times.scale * math.log(39)))
    spread = float(np.quantile(np.concatenate(ratios), 0.95)) if ratios else 1.0
    return replace(model, spread=max(1.0, spread))


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Forecasts of runs by models that were fitted without their moduli.

    Arguments:
        medians: forecast steps of grokking, shape (n,).
        probabilities: of grokking within the budget, shape (n,).
        within: whether the step is in the interval of each of `SHARES`, shape (shares, n).
    """

    medians: np.ndarray
    probabilities: np.ndarray
    within: np.ndarray


def held_out(names: Sequence[str], runs: RunSet) -> HeldOut:
    """Forecast every run from a model that was fitted without its modulus.

    Arguments:
        names: of the features.
        runs: of at least two moduli, with grokked runs in all but one.
    """
    medians, probabilities = np.zeros(len(runs.steps)), np.zeros(len(runs.steps))
    within = np.zeros((len(SHARES), len(runs.steps)), dtype=bool)
    for p in np.unique(runs.moduli):
        model = fit_with_spread(names, runs.where(runs.moduli != p))
        for place in np.flatnonzero(runs.moduli == p):
            for which, share in enumerate(SHARES):
                outlook = model.outlook(runs.features[place], int(runs.now[place]), runs.budget, share)
                within[which, place] = outlook.low <= runs.steps[place] <= outlook.high
            medians[place], probabilities[place] = outlook.median, outlook.probability
    return HeldOut(medians, probabilities, within)


def validate(names: Sequence[str], runs: RunSet) -> ForecastScore:
    """Score forecasts of all runs by models that were fitted without their moduli; see `held_out`."""
    known = held_out(names, runs)
    coverage = tuple(float(row[runs.grokked].mean()) for row in known.within)
    return replace(_score(runs, known.medians, known.probabilities), coverage=coverage)


def validate_multiple(runs: RunSet) -> ForecastScore:
    """Score the forecast "a constant multiple of the memorising step", the median among the other moduli."""

    def forecast(rest: RunSet, out: RunSet) -> np.ndarray:
        ratio = np.median(rest.steps[rest.grokked] / (1 + rest.memorised_at[rest.grokked]))
        return np.asarray(ratio * (1 + out.memorised_at))

    return _baseline(runs, forecast)


def validate_median(runs: RunSet) -> ForecastScore:
    """Score the forecast "the median step of grokking among the other moduli"."""
    return _baseline(runs, lambda rest, out: np.full(len(out.steps), np.median(rest.steps[rest.grokked])))


def _baseline(runs: RunSet, forecast: Callable[[RunSet, RunSet], np.ndarray]) -> ForecastScore:
    medians, probabilities = np.zeros(len(runs.steps)), np.zeros(len(runs.steps))
    for p in np.unique(runs.moduli):
        out = runs.moduli == p
        rest = runs.where(~out)
        medians[out] = forecast(rest, runs.where(out))
        probabilities[out] = rest.grokked.mean()
    return _score(runs, medians, probabilities)


def _score(runs: RunSet, medians: np.ndarray, probabilities: np.ndarray) -> ForecastScore:
    grokked = runs.grokked
    errors = np.full(len(grokked), np.nan)
    errors[grokked] = np.abs(np.log(medians[grokked]) - np.log(runs.steps[grokked]))
    briers = (probabilities - grokked) ** 2
    of_modulus = [runs.moduli == p for p in np.unique(runs.moduli)]
    return ForecastScore(
        len(grokked),
        int(grokked.sum()),
        float(errors[grokked].mean()),
        None,
        float(briers.mean()),
        tuple(_mean(errors[own & grokked]) for own in of_modulus),
        tuple(float(briers[own].mean()) for own in of_modulus),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else math.nan
