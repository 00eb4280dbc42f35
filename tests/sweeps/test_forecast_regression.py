"""The two regressions of the forecast: planted coefficients, independent optima, hostile data."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.sweeps.forecasting.regression import fit_shares, fit_times

TRUTH = np.array([5.0, 1.0, -0.5, 0.3])


def planted(seed: int, runs: int = 150, latest: float = 6.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(runs, 2))
    logs = TRUTH[0] + features @ TRUTH[1:3] + TRUTH[3] * rng.logistic(size=runs)
    return features, np.minimum(logs, latest), logs < latest


def test_planted_coefficients_are_covered_though_times_are_censored() -> None:
    covered = np.zeros(4)
    for seed in range(200):
        known = fit_times(*planted(seed))
        fitted = np.array([known.intercept, *known.coefficients, known.scale])
        covered += np.abs(fitted - TRUTH) < 1.96 * np.sqrt(np.diag(known.covariance))
    assert (covered >= 179).all()  # of 200; the intervals are those of many runs, so slightly too short


def test_censored_times_are_not_taken_for_events() -> None:
    features, logs, happened = planted(0, 400, 5.0)
    naive = fit_times(features, logs, np.ones(400, bool))
    known = fit_times(features, logs, happened)
    assert abs(known.intercept - TRUTH[0]) < 0.1 < abs(naive.intercept - TRUTH[0])


@pytest.mark.needs("scipy")
def test_the_fit_is_the_optimum_that_scipy_finds() -> None:
    from scipy.optimize import minimize
    from scipy.stats import logistic

    features, logs, happened = planted(4)

    def loss(at: np.ndarray) -> float:
        scale = np.exp(at[3])
        z = (logs - at[0] - features @ at[1:3]) / scale
        return -(logistic.logpdf(z[happened]) - at[3]).sum() - logistic.logsf(z[~happened]).sum()

    best = minimize(loss, [5, 0, 0, 0], method="BFGS").x
    known = fit_times(features, logs, happened)
    fitted = [known.intercept, *known.coefficients, np.log(known.scale)]
    np.testing.assert_allclose(fitted, best, atol=1e-4)


def test_times_can_be_of_any_unit() -> None:
    features, logs, happened = planted(5)
    known, scaled = fit_times(features, logs, happened, 1.0), fit_times(features, logs + 20, happened, 1.0)
    assert scaled.intercept == pytest.approx(known.intercept + 20)
    np.testing.assert_allclose(scaled.coefficients, known.coefficients, rtol=1e-6)


def test_a_ridge_shrinks_and_keeps_the_mean() -> None:
    features, logs, happened = planted(6, 300, 99.0)
    known = fit_times(features, logs, happened, 1e6)
    assert np.abs(known.coefficients).max() < 0.01
    assert known.intercept == pytest.approx(np.median(logs), abs=0.15)


@pytest.mark.long
@pytest.mark.needs("sklearn")
def test_shares_are_those_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(7)
    features = rng.normal(size=(300, 3))
    happened = rng.random(300) < 1 / (1 + np.exp(-(0.5 + features @ [2.0, -1.0, 0.0])))
    known = fit_shares(features, happened, ridge=1.0)
    other = LogisticRegression(C=1.0, tol=1e-10).fit(features, happened)
    np.testing.assert_allclose(known.coefficients, other.coef_[0], atol=1e-3)
    np.testing.assert_allclose(known.probability(features), other.predict_proba(features)[:, 1], atol=1e-3)


def test_separable_and_constant_outcomes_have_a_fit() -> None:
    features = np.linspace(-1, 1, 40)[:, None]
    known = fit_shares(features, features[:, 0] > 0)
    assert known.probability(features)[[0, -1]].round(1).tolist() == [0.1, 0.9]
    always = fit_shares(features, np.ones(40, bool))
    assert (always.probability(features) > 0.9).all()


def test_too_few_events_are_refused() -> None:
    features, logs, happened = planted(8, 10)
    with pytest.raises(ValueError, match="happened: must be true of two different times"):
        fit_times(features, logs, np.zeros_like(happened))
    with pytest.raises(ValueError, match="happened"):
        fit_times(features, np.zeros(10), np.ones(10, bool))
