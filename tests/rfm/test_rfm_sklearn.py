"""The estimators: scikit-learn's own checks, pipelines, searches, and agreement with kernel ridge."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs sklearn: uv run --group dev pytest")

from sklearn.datasets import load_iris, make_friedman1
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from modgrok.sklearn import RFMClassifier, RFMRegressor

pytestmark = pytest.mark.needs("sklearn")


@parametrize_with_checks([RFMClassifier(), RFMRegressor()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kernel", "cubic"),
        ("bandwidth", 0.0),
        ("bandwidth", float("nan")),
        ("ridge", -1.0),
        ("agop_power", 0.0),
        ("depth", 0),
        ("iterations", -1),
        ("iterations", 1.5),
    ],
)
def test_a_bad_parameter_is_named_with_its_value(name, value):
    x = np.eye(4)
    with pytest.raises(ValueError, match=f"^{name}: must be .*, got {value!r}$"):
        RFMRegressor(**{name: value}).fit(x, np.arange(4.0))


@pytest.mark.parametrize(("kernel", "gamma"), [("laplace", None), ("gaussian", 1 / (2 * 2.5**2))])
def test_no_iteration_is_kernel_ridge(kernel, gamma):
    x, y = make_friedman1(80, random_state=0)
    ours = RFMRegressor(kernel=kernel, iterations=0, ridge=0.1).fit(x, y).predict(x)
    if kernel == "gaussian":
        theirs = KernelRidge(alpha=0.1, kernel="rbf", gamma=gamma).fit(x, y - y.mean()).predict(x) + y.mean()
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    else:  # scikit-learn's "laplacian" takes the l1 distance, so the formula is written out
        distance = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
        k = np.exp(-distance / 2.5)
        theirs = k @ np.linalg.solve(k + 0.1 * np.eye(80), y - y.mean()) + y.mean()
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_features_are_learned():
    """y depends on 5 of 10 features: M finds them, and beats kernel ridge at the same bandwidth."""
    x, y = make_friedman1(300, random_state=0)
    x = StandardScaler().fit_transform(x)
    model = RFMRegressor(kernel="gaussian", bandwidth=5.0, iterations=3).fit(x[:200], y[:200])
    diagonal = np.diag(model.M_)
    assert diagonal[:5].min() > 5 * diagonal[5:].max()
    plain = RFMRegressor(kernel="gaussian", bandwidth=5.0, iterations=0).fit(x[:200], y[:200])
    assert plain.score(x[200:], y[200:]) < 0.95
    assert model.score(x[200:], y[200:]) > 0.99


def test_centring_hides_linear_features():
    x = np.random.default_rng(0).normal(size=(100, 3))
    y = 3 * x[:, 0] + x[:, 1] ** 2
    seen = np.diag(RFMRegressor(kernel="gaussian").fit(x, y).M_)
    hidden = np.diag(RFMRegressor(kernel="gaussian", centred=True).fit(x, y).M_)
    assert seen[0] > 0.5 * seen[1]
    assert hidden[0] < 0.1 * hidden[1]


def test_learned_attributes_agree_with_each_other():
    x, y = load_iris(return_X_y=True)
    model = RFMClassifier(kernel="gaussian", iterations=3).fit(x, y)
    assert model.M_history_.shape == (4, 4, 4)
    np.testing.assert_array_equal(model.M_history_[0], np.eye(4))
    np.testing.assert_array_equal(model.M_history_[-1], model.M_)
    np.testing.assert_allclose(model.M_ @ model.M_, model.agop_per_class_.sum(0), rtol=1e-8, atol=1e-12)
    assert model.alphas_.shape == (150, 3)
    np.testing.assert_allclose(model.predict_proba(x).sum(1), 1)


def test_dense_estimator_and_one_hot_learner_are_the_same_machine():
    from rfm_oracle import one_hot
    from rfm_setting import case, relative, run

    chosen = case("x + y", 11, 0.6)
    trace = run(chosen, 3, kernel="gaussian")
    x = one_hot(chosen.inputs, chosen.sizes)
    model = RFMClassifier(kernel="gaussian", iterations=3, ridge=0.0, centred=True)
    model.fit(x, chosen.task.labels(chosen.split.train))
    assert relative(model.M_, trace.matrices[-1]) < 1e-8


def test_pipeline_and_grid_search():
    x, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), RFMClassifier())
    assert cross_val_score(pipeline, x, y, cv=3).mean() > 0.9
    search = GridSearchCV(pipeline, {"rfmclassifier__bandwidth": [1.0, 5.0]}, cv=3).fit(x, y)
    assert search.best_score_ > 0.9


def test_a_singular_kernel_matrix_warns_and_gives_the_least_norm_fit():
    from sklearn.exceptions import ConvergenceWarning

    x = np.array([[0.0], [0.0], [1.0]])
    with pytest.warns(ConvergenceWarning, match="singular to working precision"):
        model = RFMRegressor(kernel="gaussian", ridge=0.0, iterations=0).fit(x, np.array([0.0, 2.0, 5.0]))
    np.testing.assert_allclose(model.predict(x), [1.0, 1.0, 5.0], rtol=1e-9)


@pytest.mark.parametrize("estimator", [RFMRegressor, RFMClassifier])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iterations", None),
        ("iterations", float("nan")),
        ("iterations", True),
        ("iterations", "3"),
        ("diagonal", "no"),
        ("diagonal", 1),
        ("centred", "no"),
        ("bandwidth", "2.5"),
        ("bandwidth", float("inf")),
        ("ridge", None),
        ("ridge", float("nan")),
        ("agop_power", True),
        ("depth", 2.0),
        ("kernel", ["laplace"]),
        ("kernel", None),
        ("convention", b"paper"),
    ],
)
def test_every_parameter_is_checked(estimator: type, name: str, value: object) -> None:
    x = np.arange(12.0).reshape(6, 2)
    with pytest.raises(ValueError, match=f"^{name}: must be ") as refused:
        estimator(**{name: value}).fit(x, np.array([0, 1, 0, 1, 0, 1]))
    assert repr(value) in str(refused.value)
