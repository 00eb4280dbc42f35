"""Real Fourier analysis of functions on Z_p, in the order that a task gives to its values.

Owns: frames of waves cos(2 pi f g(x)/n), sin(2 pi f g(x)/n) for a labelling g of the values, and the
amplitudes and phases they measure. The labelling is the identity for x + y, the discrete logarithm for
x*y, squares for x^2 + y^2 (`basis`). Also the orthonormal basis of all waves on Z_n itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class WaveFrames:
    """For each frequency f = 0..n//2 an orthonormal frame of its waves, as seen through a labelling.

    Arguments:
        frames: float64, shape (f, 2, p): rows span cos and sin of 2 pi f g(x)/n over the labelled x.
        solve: float64, shape (f, 2, 2): frame coordinates -> coefficients of (cos, sin).
        doubled: float64, shape (f,): 1 where a wave has two real dimensions, 2 where it has one
            (f = 0 and f = n/2), so that energies weigh as squared magnitudes of the real DFT do.
        orthogonal: whether frames of different frequencies are orthogonal; true when g is one to one.
    """

    frames: np.ndarray
    solve: np.ndarray
    doubled: np.ndarray
    orthogonal: bool


def wave_frames(labels: np.ndarray, order: int) -> WaveFrames:
    """Build the frames of all frequencies of Z_n through a labelling of the values.

    Arguments:
        labels: g, int64, shape (p,), entries in 0..n-1, or -1 where a value takes no part.
        order: n, the order of the cyclic group.

    Example:
        >>> frames = wave_frames(np.arange(5), 5)
        >>> frames.frames.shape, frames.orthogonal
        ((3, 2, 5), True)
    """
    frequencies = np.arange(order // 2 + 1)
    in_domain = labels >= 0
    angles = 2 * np.pi * ((frequencies[:, None] * labels[None, :]) % order) / order
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=1) * in_domain
    waves[np.abs(waves) < 1e-12] = 0.0
    frames, solve = np.zeros_like(waves), np.zeros((len(frequencies), 2, 2))
    for f, pair in enumerate(waves):
        left, size, right = np.linalg.svd(pair, full_matrices=False)
        nonzero = size > 1e-9 * max(size[0], 1e-300)
        frames[f] = right * nonzero[:, None]
        solve[f] = left @ np.diag(np.where(nonzero, 1 / np.where(nonzero, size, 1), 0))
    doubled = np.where((frequencies == 0) | (2 * frequencies == order), 2.0, 1.0)
    values, counts = np.unique(labels[in_domain], return_counts=True)
    return WaveFrames(frames, solve, doubled, bool(len(values) == order and (counts == 1).all()))


def real_basis(n: int) -> np.ndarray:
    """Return the orthonormal basis of waves on Z_n: 1, cos 1, sin 1, cos 2, sin 2, ...

        row 2f - 1: cos(2 pi f x/n),   row 2f: sin(2 pi f x/n),   x = 0..n-1,   each of norm 1

    Arguments:
        n: the order, at least 1.

    Returns:
        float64, shape (n, n), an orthogonal matrix. For even n the last row is cos(pi x), which has no sine.

    Example:
        >>> basis = real_basis(5)
        >>> bool(np.allclose(basis @ basis.T, np.eye(5))), bool(basis[1, 0] > 0), bool(basis[2, 0] == 0)
        (True, True, True)

    Source: Nanda et al. 2023, App. A; Furuta et al. 2024, App. B, whose code calls the cosines
    sines and the sines cosines.
    """
    frequencies = np.arange(n // 2 + 1)
    angles = 2 * np.pi * ((frequencies[:, None] * np.arange(n)) % n) / n
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=1).reshape(-1, n)
    waves = np.delete(waves, 1, axis=0)[:n]  # no sine at 0, nor at n/2
    return waves / np.linalg.norm(waves, axis=1, keepdims=True)
