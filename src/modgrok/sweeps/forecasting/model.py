r"""When a run will grok, and whether, given features of its first part: two fitted regressions.

Owns: the fit on runs of the survey, and what it says of another run. The time is that of runs that grok,
log-logistic around a linear function of the features; whether a run groks within the survey's budget is a
logistic regression on the same features. Steps that have passed without grokking are excluded from both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .regression import ShareRegression, TimeRegression, fit_shares, fit_times

RIDGE = 1.0
"""Penalty on the coefficients of standardised features, in both regressions."""


@dataclass(frozen=True)
class Outlook:
    """What a model says of one run.

    Arguments:
        median: step of grokking, if the run groks.
        low, high: interval of the step, if the run groks.
        probability: that it groks within the budget, in [0, 1].
    """

    median: float
    low: float
    high: float
    probability: float


@dataclass(frozen=True, eq=False)
class ForecastModel:
    """A fitted model.

    Arguments:
        names: of the features, see `features`.
        mean, deviation: of each among the fitted runs, shape (features,).
        times: of runs that grok, on standardised features.
        shares: that a run groks within the survey's budget, likewise.
        budget: of the survey's runs, in steps.
        spread: factor on the scale of the times with which intervals cover held-out moduli, at least 1.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    times: TimeRegression
    shares: ShareRegression
    budget: int
    spread: float = 1.0

    def outlook(self, features: np.ndarray, now: int, budget: int, share: float = 0.95) -> Outlook:
        """Say when a run groks that has not grokked until `now`.

        Beyond the survey's budget the probability does not grow: runs were not followed there. Of a run that
        has not grokked by then, it is 0.

        Arguments:
            features: by `names`, shape (features,).
            now: the last step of which anything is known.
            budget: of the run.
            share: of the interval, in (0, 1).
        """
        x = (features - self.mean) / self.deviation
        centre, scale = float(self.times.centre(x)), self.times.scale * self.spread
        start = (math.log(max(now, 1)) - centre) / scale
        tails = [(1 - share) / 2, 0.5, (1 + share) / 2]
        low, median, high = (math.exp(centre + scale * _conditional_quantile(q, start)) for q in tails)
        within, ends = float(self.shares.probability(x)), [min(budget, self.budget), self.budget]
        passed = [_passed((math.log(max(end, 1)) - centre) / scale, start) for end in ends]
        grows = 0.0 if ends[0] <= now else passed[0] / passed[1] if passed[1] > 0 else 1.0
        return Outlook(median, low, high, within * grows)

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain values."""
        return {
            "features": list(self.names),
            "mean": _rounded(self.mean),
            "deviation": _rounded(self.deviation),
            "time_intercept": float(f"{self.times.intercept:.6g}"),
            "time_coefficients": _rounded(self.times.coefficients),
            "time_scale": float(f"{self.times.scale:.6g}"),
            "share_intercept": float(f"{self.shares.intercept:.6g}"),
            "share_coefficients": _rounded(self.shares.coefficients),
            "budget": self.budget,
            "spread": float(f"{self.spread:.6g}"),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ForecastModel:
        """Read what `to_json` wrote."""
        none = np.zeros((0, 0))
        return cls(
            tuple(content["features"]),
            np.array(content["mean"]),
            np.array(content["deviation"]),
            TimeRegression(
                content["time_intercept"], np.array(content["time_coefficients"]), content["time_scale"], none
            ),
            ShareRegression(content["share_intercept"], np.array(content["share_coefficients"])),
            content["budget"],
            content["spread"],
        )


def fit_forecast(
    names: Sequence[str], features: np.ndarray, steps: np.ndarray, grokked: np.ndarray, budget: int
) -> ForecastModel:
    """Fit a model to runs.

    Arguments:
        names: of the features.
        features: shape (n, features).
        steps: step of grokking, at least 1; anything where a run did not grok; shape (n,).
        grokked: whether a run grokked within the budget, shape (n,).
        budget: of all runs.

    Raises:
        ValueError: fewer than two runs grokked.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    deviation = np.where(deviation > 1e-9, deviation, 1.0)
    x = (features - mean) / deviation
    logs = np.log(np.where(grokked, steps, 1))
    times = fit_times(x[grokked], logs[grokked], grokked[grokked], RIDGE)
    return ForecastModel(tuple(names), mean, deviation, times, fit_shares(x, grokked, RIDGE), budget)


def _conditional_quantile(q: float, start: float) -> float:
    """Return the quantile q of a standard logistic number that is above `start`."""
    log_tail = math.log1p(-q) - float(np.logaddexp(0, start))  # of P(e > z) = 1/(1 + exp z)
    return float(np.log(-np.expm1(log_tail)) - log_tail)


def _passed(z: float, start: float) -> float:
    """Return the probability that a standard logistic number above `start` is at most z."""
    return 0.0 if z <= start else float(-np.expm1(np.logaddexp(0, start) - np.logaddexp(0, z)))


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
