r"""How the time to grok scales with the modulus and with the distance from the critical fraction.

Owns: the fit of $T = a\,p^{b}\,(f/f_c)^{-g}$ to single runs, those that did not grok within their budget
included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..forecasting.regression import fit_times
from .statistics import Z


@dataclass(frozen=True)
class TimeScaling:
    """A fitted time to grok $a\\,p^b\\,(f/f_c)^{-g}$.

    Arguments:
        factor: a, in steps.
        exponent: b.
        interval: 95% interval of b.
        decay: g.
        decay_interval: 95% interval of g.
        scatter: standard deviation of ln T around the fit.
        runs: how many were fitted, censored ones included.
    """

    factor: float
    exponent: float
    interval: tuple[float, float]
    decay: float
    decay_interval: tuple[float, float]
    scatter: float
    runs: int

    def at(self, p: float, excess: float) -> float:
        """Return the median step of grokking at a modulus and at `excess` times the critical fraction."""
        return float(self.factor * p**self.exponent * excess**-self.decay)


def fit_time_scaling(
    moduli: np.ndarray, excess: np.ndarray, steps: np.ndarray, grokked: np.ndarray
) -> TimeScaling:
    r"""Fit $T = a\,p^b\,(f/f_c)^{-g}$ with log-logistic scatter to runs above the critical fraction.

    Runs of one modulus share the error of its critical fraction, so the intervals are the wider of two: that
    of the likelihood, and that of leaving out one modulus after another (the jackknife).

    Arguments:
        moduli: p of each run, at least three different ones, shape (n,).
        excess: f/f_c of each run, above 0, shape (n,).
        steps: of grokking, or up to which a run had not grokked, shape (n,).
        grokked: whether a run grokked, shape (n,).

    Raises:
        ValueError: fewer than three moduli, or two runs that grok.

    Source: the jackknife as in Efron and Stein 1981.
    """
    different = np.unique(moduli)
    if len(different) < 3:
        raise ValueError(f"moduli: must be at least three different ones, got {len(different)}")
    features = np.column_stack([np.log(moduli), np.log(excess)])
    logs = np.log(steps)

    known = fit_times(features, logs, grokked)
    left_out = [fit_times(features[moduli != p], logs[moduli != p], grokked[moduli != p]) for p in different]
    slopes = np.array([fit.coefficients for fit in left_out])
    jackknife = (len(different) - 1) * slopes.var(axis=0)
    errors = np.sqrt(np.maximum(jackknife, np.diag(known.covariance)[1:3]))
    growth, decay = float(known.coefficients[0]), -float(known.coefficients[1])
    (half_growth, half_decay) = (Z * float(error) for error in errors)
    return TimeScaling(
        math.exp(known.intercept),
        growth,
        (growth - half_growth, growth + half_growth),
        decay,
        (decay - half_decay, decay + half_decay),
        known.scale * math.pi / math.sqrt(3),
        len(steps),
    )
