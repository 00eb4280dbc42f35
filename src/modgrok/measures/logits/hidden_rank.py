"""The effective rank of a hidden layer: how many directions its values vary in.

    (sum v)^2 / sum v^2 = (tr C)^2 / |C|_F^2   over the eigenvalues v of the covariance C

Owns: the rank of any values, and of squares of sums from the summands alone.
"""

from __future__ import annotations

import numpy as np


def effective_rank(values: np.ndarray) -> float:
    """Return the effective rank of values of shape (n, h); 0 if nothing varies."""
    centred = values - values.mean(axis=0)
    return _rank(centred.T @ centred)


def rank_of_squares(first: np.ndarray, second: np.ndarray) -> float:
    """Return `effective_rank` of (u(x) + v(y))^2 over all pairs, from u and v.

    With u = m + u', v = l + v' and means m, l, the variation is a(x) + b(y) + 2 u'(x) v'(y), where a is
    u^2 + 2 u' l less its mean and b is v^2 + 2 m v' less its mean. The three parts are orthogonal over all
    pairs, so that for r and s values

        C = s a^T a + r b^T b + 4 (u'^T u') * (v'^T v')

    Arguments:
        first: u, shape (r, h).
        second: v, shape (s, h).

    Example:
        >>> u, v = np.array([[1.0, 0.0], [2.0, 5.0]]), np.array([[0.0, 1.0], [1.0, 3.0]])
        >>> direct = effective_rank(((u[:, None] + v) ** 2).reshape(-1, 2))
        >>> abs(rank_of_squares(u, v) - direct) < 1e-12
        True
    """
    means = first.mean(axis=0), second.mean(axis=0)
    u, v = first - means[0], second - means[1]
    a, b = first**2 + 2 * u * means[1], second**2 + 2 * v * means[0]
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    products = 4 * (u.T @ u) * (v.T @ v)
    return _rank(len(second) * (a.T @ a) + len(first) * (b.T @ b) + products)


def _rank(covariance: np.ndarray) -> float:
    total = float(np.sum(covariance**2))  # of the squares of its eigenvalues
    return float(np.trace(covariance)) ** 2 / total if total > 0 else 0.0
