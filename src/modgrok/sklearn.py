"""Recursive Feature Machines as scikit-learn estimators, on any real features.

    from modgrok.sklearn import RFMClassifier
    RFMClassifier(kernel="laplace", iterations=5).fit(X, y).predict(X)

The same kernels (`modgrok.models.kernels`) on dense vectors, in NumPy and SciPy float64. Needs the extra
`sklearn`; nothing else in the package imports scikit-learn.
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
from pydantic import ValidationError
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .learners.rfm.settings import RFMSettings, kernel_of
from .models.kernels import KERNELS, Kernel

BATCH_BYTES = 64 * 2**20
"""About how much memory the gradients of one batch take."""


RULES: dict[str, tuple[Any, Callable[[Any], bool], str]] = {
    "kernel": (str, lambda value: value in KERNELS.names, f"one of {', '.join(KERNELS.names)}"),
    "bandwidth": (numbers.Real, lambda value: 0 < value < math.inf, "a finite number above 0"),
    "convention": (str, lambda value: value in ("released", "paper"), "released or paper"),
    "depth": (numbers.Integral, lambda value: 1 <= value <= 20, "an integer in 1..20"),
    "ridge": (numbers.Real, lambda value: 0 <= value < math.inf, "a finite number of at least 0"),
    "agop_power": (numbers.Real, lambda value: 0 < value < math.inf, "a finite number above 0"),
    "centred": (bool, lambda value: True, "True or False"),
    "iterations": (numbers.Integral, lambda value: value >= 0, "an integer of at least 0"),
    "diagonal": (bool, lambda value: True, "True or False"),
}
"""Parameter of the estimators -> its type, its rule, and the same in words."""


class _RFM(BaseEstimator):
    """What classifier and regressor share: the iteration on dense features."""

    def __init__(
        self,
        *,
        kernel: Any = "laplace",
        bandwidth: Any = 2.5,
        convention: Any = "released",
        depth: Any = 2,
        ridge: Any = 1e-3,
        agop_power: Any = 0.5,
        centred: Any = False,
        iterations: Any = 5,
        diagonal: Any = False,
    ) -> None:
        """Store the parameters, unchecked, as scikit-learn asks; `fit` checks them."""
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.convention = convention
        self.depth = depth
        self.ridge = ridge
        self.agop_power = agop_power
        self.centred = centred
        self.iterations = iterations
        self.diagonal = diagonal

    def _fit_targets(self, X: np.ndarray, targets: np.ndarray) -> None:
        """Iterate: solve, take the AGOP, update M; end with a solve."""
        kernel = self._kernel()
        self.shift_ = X.mean(0) if kernel.radial else np.zeros(X.shape[1])
        X = X - self.shift_
        feature_matrix = np.eye(X.shape[1])
        history = [feature_matrix]
        self.agop_per_class_ = np.zeros((targets.shape[1], X.shape[1], X.shape[1]))
        alphas = _solve(_values(kernel, X, X, feature_matrix), targets, self.ridge)
        for _ in range(self.iterations):
            per_class = _agop_per_class(kernel, X, feature_matrix, alphas, self.centred)
            self.agop_per_class_ = per_class
            total = per_class.sum(0)
            feature_matrix = _power(np.diag(np.diag(total)) if self.diagonal else total, self.agop_power)
            history.append(feature_matrix)
            alphas = _solve(_values(kernel, X, X, feature_matrix), targets, self.ridge)
        self.M_, self.M_history_, self.alphas_, self.X_fit_ = feature_matrix, np.stack(history), alphas, X
        self.n_iter_ = self.iterations

    def _outputs(self, X: Any) -> np.ndarray:
        """Return the predictor's c outputs at some features."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return _values(self._kernel(), X - self.shift_, self.X_fit_, self.M_) @ self.alphas_

    def _kernel(self) -> Kernel:
        """Check the parameters and build the kernel.

        Raises:
            ValueError: parameter, rule and value of the first that breaks one.
        """
        values = {name: _checked(name, getattr(self, name)) for name in RULES}
        settings = {name: value for name, value in values.items() if name not in ("iterations", "diagonal")}
        try:
            return kernel_of(RFMSettings(**settings))
        except ValidationError as error:
            first = error.errors()[0]
            rule = first["msg"].removeprefix("Input should be ")
            raise ValueError(f"{first['loc'][0]}: must be {rule}, got {first['input']!r}") from None


def _checked(name: str, value: Any) -> Any:
    """Return a parameter as a plain value of its type.

    Raises:
        ValueError: parameter, rule and value.
    """
    kinds, holds, rule = RULES[name]
    plain = value.item() if isinstance(value, np.generic) else value
    truth = isinstance(plain, bool) != (kinds is bool)
    if truth or not isinstance(plain, kinds) or not holds(plain):
        raise ValueError(f"{name}: must be {rule}, got {value!r}")
    return plain


class RFMRegressor(RegressorMixin, _RFM):
    """Kernel ridge regression whose feature matrix M is its own average gradient outer product.

        alpha = (K_M + ridge I)^-1 (y - mean y),   M <- AGOP^s,   over and over

    Parameters
    ----------
    kernel : {"quadratic", "general-quadratic", "gaussian", "laplace", "ntk"}, default="laplace"
    bandwidth : float, default=2.5
        L of the Gaussian and Laplace kernels, above 0. Features are taken as they are: scale them.
    convention : {"released", "paper"}, default="released"
        Gaussian exponent |x-z|^2/(2L^2) or |x-z|^2/L.
    depth : int, default=2
        Hidden layers of the ntk kernel.
    ridge : float, default=1e-3
        Number added to the kernel matrix's diagonal, at least 0.
    agop_power : float, default=0.5
        Power s of the update, above 0. The first RFM paper has 1, the one on modular arithmetic 1/2.
    centred : bool, default=False
        Whether each output's mean gradient is taken out, as the modular arithmetic experiments do. It
        hides features in which the targets are linear, so it is off here.
    iterations : int, default=5
        Updates of M; 0 is kernel ridge regression.
    diagonal : bool, default=False
        Keep only the diagonal of the AGOP: one scale a feature.

    Attributes
    ----------
    M_ : ndarray of shape (d, d)
        The feature matrix M of the predictor.
    M_history_ : ndarray of shape (iterations + 1, d, d)
        M before each solve, the identity first.
    agop_per_class_ : ndarray of shape (c, d, d)
        AGOP of each output that gave M_; zeros when iterations is 0.
    alphas_ : ndarray of shape (n, c)
        Dual coefficients.
    shift_ : ndarray of shape (d,)
        Taken from the features first: their mean under radial kernels, whose distances it does not change
        and whose rounding it keeps small; 0 under the others.
    X_fit_ : ndarray of shape (n, d)
        Training features, shifted.
    n_features_in_, n_iter_ : int

    Source: Radhakrishnan et al. 2022 (arXiv 2212.13881); Mallinar et al. 2024.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(60, 3))
        >>> model = RFMRegressor().fit(X, X[:, 0] ** 2)
        >>> bool(model.M_[0, 0] > 10 * model.M_[1, 1])
        True
    """

    def fit(self, X: Any, y: Any) -> RFMRegressor:
        """Fit to features (n, d) and targets (n,) or (n, c)."""
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        targets = y.astype(np.float64).reshape(len(y), -1)
        self._flat = y.ndim == 1
        self.offset_ = targets.mean(0)
        self._fit_targets(X, targets - self.offset_)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return predictions of shape (m,), or (m, c) when fitted to several targets."""
        outputs = self._outputs(X) + self.offset_
        return outputs[:, 0] if self._flat else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class RFMClassifier(ClassifierMixin, _RFM):
    """Classification by `RFMRegressor`'s iteration on one-hot targets.

    Parameters and attributes as there, and:

    Attributes
    ----------
    classes_ : ndarray of shape (c,)

    Notes
    -----
    Two classes have one output, -1 or 1; more have one each, 0 or 1. `predict_proba` clips the outputs,
    read as least-squares estimates of the class probabilities, to [0, 1] and normalises them. They are not
    calibrated.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(60, 3))
        >>> RFMClassifier().fit(X, X[:, 0] > 0).score(X, X[:, 0] > 0)
        1.0
    """

    def fit(self, X: Any, y: Any) -> RFMClassifier:
        """Fit to features (n, d) and labels (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"y: must hold at least two classes, got one class, {self.classes_[0]!r}")
        binary = LabelBinarizer(neg_label=-1 if len(self.classes_) == 2 else 0)
        self._fit_targets(X, binary.fit_transform(y).astype(np.float64))
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the outputs: (m,) for two classes, positive for the second; (m, c) for more."""
        outputs = self._outputs(X)
        return outputs[:, 0] if len(self.classes_) == 2 else outputs

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of the greatest output, shape (m,)."""
        scores = self.decision_function(X)
        chosen = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(1)
        return self.classes_[chosen]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities (m, c), rows summing to 1; uniform where no output is positive."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            second = np.clip((scores + 1) / 2, 0, 1)
            return np.stack([1 - second, second], axis=1)
        probabilities = np.clip(scores, 0, 1)
        total = probabilities.sum(1, keepdims=True)
        return np.where(total > 0, probabilities / np.where(total > 0, total, 1), 1 / probabilities.shape[1])


def _values(kernel: Kernel, X: np.ndarray, Z: np.ndarray, feature_matrix: np.ndarray) -> np.ndarray:
    u, q, r = _products(X, Z, feature_matrix)
    return np.asarray(kernel.value(u, q, r))


def _products(
    X: np.ndarray, Z: np.ndarray, feature_matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return u, q and r of all pairs."""
    left, right = X @ feature_matrix, Z @ feature_matrix
    return left @ Z.T, (left * X).sum(1)[:, None], (right * Z).sum(1)[None, :]


def _solve(matrix: np.ndarray, targets: np.ndarray, ridge: float) -> np.ndarray:
    """Solve (K + ridge I) alpha = Y as `learners.rfm.solve`: by Cholesky, else by eigenvalues.

    Warns when the matrix is singular to working precision.
    """
    shifted = matrix + ridge * np.eye(len(matrix))
    unit = np.finfo(float).eps
    try:
        factor = scipy.linalg.cho_factor(shifted, lower=True, check_finite=False)
        pivots = np.diag(factor[0])
        if (pivots.max() / pivots.min()) ** 2 < 1 / (len(matrix) * unit):
            return np.asarray(scipy.linalg.cho_solve(factor, targets, check_finite=False))
    except scipy.linalg.LinAlgError:
        pass
    values, vectors = np.linalg.eigh(shifted)
    nonzero = np.abs(values) > len(values) * unit * np.abs(values).max()
    if not nonzero.all():
        warnings.warn(
            "the kernel matrix is singular to working precision: least-norm coefficients are used; "
            "a ridge above 0 makes it regular",
            ConvergenceWarning,
            stacklevel=4,
        )
    inverse = np.where(nonzero, 1 / np.where(nonzero, values, 1), 0)
    return np.asarray(vectors @ (inverse[:, None] * (vectors.T @ targets)))


def _agop_per_class(
    kernel: Kernel, X: np.ndarray, feature_matrix: np.ndarray, alphas: np.ndarray, centred: bool
) -> np.ndarray:
    """Return the AGOP of each output, (c, d, d): M (E[D D^T] - E[D] E[D]^T) M, a batch at a time."""
    (n, d), c = X.shape, alphas.shape[1]
    weighed = (alphas[:, :, None] * X[:, None, :]).reshape(n, c * d)
    second, first = np.zeros((c, d, d)), np.zeros((c, d))
    batch = max(1, BATCH_BYTES // (8 * max(c * d, n)))
    for start in range(0, n, batch):
        some = X[start : start + batch]
        k_u, k_q = kernel.slopes(*_products(some, X, feature_matrix))
        own = 2 * (k_q @ alphas)
        rows = (k_u @ weighed).reshape(len(some), c, d) + own[:, :, None] * some[:, None, :]
        second += np.matmul(rows.transpose(1, 2, 0), rows.transpose(1, 0, 2))
        first += rows.sum(0)
    mean = first / n
    inner = second / n - (mean[:, :, None] * mean[:, None, :] if centred else 0)
    return feature_matrix @ inner @ feature_matrix


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Raise the positive part of a symmetric matrix to a power."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    positive = values > len(values) * np.finfo(float).eps * np.abs(values).max()
    powers = np.where(positive, np.where(positive, values, 1) ** exponent, 0)
    return (vectors * powers) @ vectors.T
