"""Compare the scikit-learn estimators with kernel ridge and with the package `xrfm`, at equal bandwidth.

    python benchmarks/bench_estimators.py

Two of scikit-learn's data sets, 30% held out, features standardised, the Laplace kernel exp(-|x-z|/L), power
1/2, three updates of M; all three solve (K + ridge I) alpha = Y in float64. Five splits: scores are means
over them, times medians, the contestants taking turns. One core, processor time.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial.distance import cdist
from sklearn.datasets import load_diabetes, load_digits
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from xrfm import RFM

from modgrok.sklearn import RFMClassifier, RFMRegressor

ITERATIONS, SPLITS = 3, 5
ONE_CORE = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Split(NamedTuple):
    """Standardised features and targets, (n,) or one-hot (n, c); classes when these are labels."""

    train: np.ndarray
    test: np.ndarray
    targets: np.ndarray
    truth: np.ndarray
    classifies: bool

    def score(self, outputs: np.ndarray) -> float:
        """Return the accuracy of the greatest output, or R^2."""
        if self.classifies:
            return float((outputs.argmax(1) == self.truth.argmax(1)).mean())
        return float(r2_score(self.truth, outputs.reshape(self.truth.shape)))


def split_of(name: str, seed: int) -> Split:
    """Split a data set; regression targets are centred by their training mean."""
    load = load_digits if name == "digits" else load_diabetes
    X, y = load(return_X_y=True)
    classifies = name == "digits"
    targets = np.eye(10)[y] if classifies else y[:, None].astype(float)
    train, test, known, truth = train_test_split(X, targets, test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(train)
    mean = 0 if classifies else known.mean()
    return Split(scaler.transform(train), scaler.transform(test), known - mean, truth - mean, classifies)


def kernel_ridge(data: Split, bandwidth: float, ridge: float) -> np.ndarray:
    """Scikit-learn's kernel ridge regression: no features are learned."""
    model = KernelRidge(alpha=ridge, kernel="precomputed")
    model.fit(np.exp(-cdist(data.train, data.train) / bandwidth), data.targets)
    result: np.ndarray = model.predict(np.exp(-cdist(data.test, data.train) / bandwidth))
    return result


def here(data: Split, bandwidth: float, ridge: float) -> np.ndarray:
    """This package."""
    shape = {"kernel": "laplace", "bandwidth": bandwidth, "ridge": ridge, "iterations": ITERATIONS}
    if data.classifies:
        labels = data.targets.argmax(1)
        return RFMClassifier(**shape).fit(data.train, labels).decision_function(data.test)
    return RFMRegressor(**shape).fit(data.train, data.targets).predict(data.test)


def published(data: Split, bandwidth: float, ridge: float) -> np.ndarray:
    """The package xrfm: its single machine, with neither early stopping nor choice of an iteration."""
    model = RFM("laplace", iters=ITERATIONS, bandwidth=bandwidth, agop_power=0.5, device="cpu", verbose=False)
    x, y, at = (torch.from_numpy(a) for a in (data.train, data.targets, data.test))
    model.fit((x, y), (x, y), reg=ridge, early_stop_rfm=False, return_best_params=False)
    return np.asarray(model.predict(at))


CONTESTANTS: tuple[tuple[str, Callable[[Split, float, float], np.ndarray]], ...] = (
    ("kernel ridge", kernel_ridge),
    ("modgrok", here),
    ("xrfm", published),
)


def compare(name: str, bandwidth: float, ridge: float) -> None:
    """Print a row."""
    scores: dict[str, list[float]] = {contestant: [] for contestant, _ in CONTESTANTS}
    times: dict[str, list[float]] = {contestant: [] for contestant, _ in CONTESTANTS}
    for seed in range(SPLITS):
        data = split_of(name, seed)
        for contestant, outputs in CONTESTANTS:
            started = time.process_time()
            result = outputs(data, bandwidth, ridge)
            times[contestant].append(time.process_time() - started)
            scores[contestant].append(data.score(result))
    row = f"{name:9} L={bandwidth:<4g} ridge={ridge:<6g}"
    for contestant in scores:
        mean, spread = statistics.mean(scores[contestant]), statistics.stdev(scores[contestant])
        row += f"  {contestant} {mean:.3f} +- {spread:.3f}, {statistics.median(times[contestant]):.3f} s"
    print(row, flush=True)


if __name__ == "__main__":
    if not ONE_CORE.items() <= os.environ.items():  # libraries read it when they are imported
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_CORE)
    torch.set_num_threads(1)
    for bandwidth, ridge in ((10.0, 0.1), (10.0, 1.0), (5.0, 0.1)):
        compare("diabetes", bandwidth, ridge)
    for bandwidth, ridge in ((10.0, 1e-3), (5.0, 1e-3)):
        compare("digits", bandwidth, ridge)
