r"""Two regressions with a ridge penalty: a censored one for times, a logistic one for yes or no.

Owns: their likelihoods and the Newton iteration that maximises both; both are concave, so it needs no start.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MOST_ITERATIONS = 200
CONVERGED = 1e-9
"""Newton decrement, squared and halved, at which the iteration ends."""
Derivatives = tuple[float, np.ndarray, np.ndarray]
"""Value, gradient and Hessian of a log-likelihood."""


@dataclass(frozen=True, eq=False)
class TimeRegression:
    r"""The distribution of a time given features: ln T = beta_0 + beta . x + s e, with e logistic.

    Arguments:
        intercept: beta_0.
        coefficients: beta, shape (features,).
        scale: s, above 0; the standard deviation of ln T is pi s / sqrt(3).
        covariance: of (beta_0, beta, s) by the curvature of the likelihood, shape (features + 2,) twice.
    """

    intercept: float
    coefficients: np.ndarray
    scale: float
    covariance: np.ndarray

    def centre(self, features: np.ndarray) -> np.ndarray:
        """Return the median of ln T; features have shape (..., features)."""
        return np.asarray(self.intercept + features @ self.coefficients)


@dataclass(frozen=True, eq=False)
class ShareRegression:
    r"""The probability of an event given features: the logistic function of alpha_0 + alpha . x."""

    intercept: float
    coefficients: np.ndarray

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Return the probability of the event; features have shape (..., features)."""
        return _logistic(np.asarray(self.intercept + features @ self.coefficients))


def fit_times(
    features: np.ndarray, log_times: np.ndarray, happened: np.ndarray, ridge: float = 0.0
) -> TimeRegression:
    r"""Fit a log-logistic accelerated failure time model to times of which some are censored.

    With $z = (\ln t - \beta_0 - \beta x)/s$ an event counts with the logarithm of its density,
    $z - 2\ln(1 + e^z) - \ln s$, a censored time with that of the probability that the event comes later,
    $-\ln(1 + e^z)$. The sum less $\tfrac{\lambda}{2} |\beta/s|^2$ is concave in $(1/s, \beta_0/s, \beta/s)$.

    Arguments:
        features: standardised, shape (n, features).
        log_times: ln of the time of the event, or of the last time at which it had not happened, shape (n,).
        happened: whether it was an event, shape (n,).
        ridge: penalty lambda, at least 0; the intercept is not penalised.

    Raises:
        ValueError: fewer than two events, or all at one time.

    Source: Kalbfleisch and Prentice 2002, "The statistical analysis of failure time data", Sec. 2.2 and 3.6.
    """
    if happened.sum() < 2 or np.ptp(log_times[happened]) == 0:
        raise ValueError(f"happened: must be true of two different times, got {int(happened.sum())} events")
    shift, spread = float(log_times[happened].mean()), float(log_times[happened].std())
    scaled = (log_times - shift) / spread
    design = np.column_stack([scaled, -np.ones(len(scaled)), -features])
    penalty = np.r_[0.0, 0.0, np.full(features.shape[1], ridge)]
    events = happened.astype(np.float64)

    def likelihood(at: np.ndarray) -> Derivatives:
        if at[0] <= 0:
            return -math.inf, at, np.diag(penalty)
        z = design @ at
        later = _logistic(z)
        counts = 1 + events  # an event's term is that of a censored time twice, and z
        value = (events * z - counts * np.logaddexp(0, z)).sum() + events.sum() * math.log(at[0])
        gradient = design.T @ (events - counts * later) - penalty * at
        gradient[0] += events.sum() / at[0]
        hessian = -(design * (counts * later * (1 - later))[:, None]).T @ design - np.diag(penalty)
        hessian[0, 0] -= events.sum() / at[0] ** 2
        return float(value - (penalty * at**2).sum() / 2), gradient, hessian

    solution, curvature = _maximise(likelihood, np.r_[1.0, np.zeros(features.shape[1] + 1)])
    scale = 1 / solution[0]
    beta = solution[1:] * scale * spread
    # (beta_0, beta, s) as functions of the solution: beta = spread gamma / tau, s = spread / tau
    jacobian = np.zeros((len(solution), len(solution)))
    jacobian[:-1, 0] = -beta / solution[0]
    jacobian[:-1, 1:] = np.eye(len(beta)) * scale * spread
    jacobian[-1, 0] = -scale * spread / solution[0]
    covariance = jacobian @ np.linalg.pinv(-curvature) @ jacobian.T
    return TimeRegression(float(beta[0] + shift), beta[1:], float(scale * spread), covariance)


def fit_shares(features: np.ndarray, happened: np.ndarray, ridge: float = 1.0) -> ShareRegression:
    r"""Fit a logistic regression with the penalty lambda/2 |alpha|^2.

    Arguments:
        features: standardised, shape (n, features).
        happened: shape (n,).
        ridge: lambda, above 0, so that separable data have a fit; the intercept has a thousandth of it.
    """
    design = np.column_stack([np.ones(len(features)), features])
    penalty = np.r_[1e-3 * ridge, np.full(features.shape[1], ridge)]
    events = happened.astype(np.float64)

    def likelihood(at: np.ndarray) -> Derivatives:
        z = design @ at
        share = _logistic(z)
        value = (events * z - np.logaddexp(0, z)).sum() - (penalty * at**2).sum() / 2
        gradient = design.T @ (events - share) - penalty * at
        return (
            float(value),
            gradient,
            -(design * (share * (1 - share))[:, None]).T @ design - np.diag(penalty),
        )

    solution, _ = _maximise(likelihood, np.zeros(design.shape[1]))
    return ShareRegression(float(solution[0]), solution[1:])


def _maximise(
    likelihood: Callable[[np.ndarray], Derivatives], start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Maximise a concave function by Newton's method with step halving; return the place and the Hessian."""
    at, (value, gradient, hessian) = start, likelihood(start)
    for _ in range(MOST_ITERATIONS):
        step = np.linalg.lstsq(-hessian, gradient, rcond=None)[0]
        decrement = float(gradient @ step) / 2
        if decrement < CONVERGED:
            break
        size = 1.0
        while size > 1e-12:
            candidate = likelihood(at + size * step)
            if candidate[0] >= value + 0.1 * size * decrement:
                break
            size /= 2
        else:
            break
        at, (value, gradient, hessian) = at + size * step, candidate
    return at, hessian


def _logistic(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-np.logaddexp(0, -z)))
