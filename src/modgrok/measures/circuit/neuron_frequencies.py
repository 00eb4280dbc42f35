"""How much of each neuron one frequency explains."""

from __future__ import annotations

import numpy as np

from .pair_grid import PairGrid

EXPLAINED = 0.85
"""Share of its variance from which a neuron is one of a single frequency; Nanda et al. 2023, Sec. 4.2."""


def frequency_shares(neurons: np.ndarray, grid: PairGrid) -> np.ndarray:
    """Return the share of each neuron's variance over all pairs that each frequency explains.

        share_k(u) = |P_k (u - mean u)|^2 / |u - mean u|^2

    with P_k the projection on span{1, cos k, sin k} of g_1(x) times the same of g_2(y), waves of
    2 pi k g/n: the constant, four linear and four quadratic terms.

    Arguments:
        neurons: activations, shape (r s, m), in the order of the grid.
        grid: the pairs and their labels.

    Returns:
        Shape (m, n//2), values in [0, 1]; 0 for a neuron that does not vary. Rows sum to at most 1 for linear
        terms alone; products of two frequencies belong to none.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.circuit.pair_grid import pair_grid
        >>> n = np.arange(7)
        >>> grid = pair_grid(natural_basis(7, 2), (n[:, None] + n) % 7)
        >>> wave = np.cos(2 * np.pi * 2 * n / 7)
        >>> frequency_shares((wave[:, None] * wave + wave).reshape(-1, 1), grid).round(3).tolist()
        [[0.0, 1.0, 0.0]]

    Source: Nanda et al. 2023, Sec. 4.2 and App. C (degree-2 polynomials of one frequency).
    """
    centred = neurons.astype(np.float64) - neurons.mean(axis=0, dtype=np.float64)
    cube = centred.reshape(*grid.shape, -1)
    total = np.einsum("xym,xym->m", cube, cube)
    whole_group = all(np.array_equal(np.sort(labels), np.arange(grid.order)) for labels in grid.labels)
    energies = _transformed(cube, grid) if whole_group else _projected(cube, grid)
    varies = total > 1e-12 * (np.sum(neurons.astype(np.float64) ** 2, axis=0) + 1e-30)
    return np.where(varies[:, None], energies / np.where(varies, total, 1)[:, None], 0)


def shares_of_sums(first: np.ndarray, second: np.ndarray, grid: PairGrid) -> np.ndarray:
    """Return `frequency_shares` of neurons u(x) + v(y), from the two functions alone.

        share_k = (s |P_k (u - mean u)|^2 + r |P_k (v - mean v)|^2) / (s |u - mean u|^2 + r |v - mean v|^2)

    with P_k the projection on span{1, cos k, sin k} over the values of one operand.

    Arguments:
        first: u at the r values of the first operand, in the order of the grid, shape (r, m).
        second: v at the s values of the second, shape (s, m).
        grid: the pairs and their labels.

    Returns:
        Shape (m, n//2), values in [0, 1]; 0 for a neuron that does not vary.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.circuit.pair_grid import pair_grid
        >>> n = np.arange(7)
        >>> grid = pair_grid(natural_basis(7, 2), (n[:, None] + n) % 7)
        >>> wave = np.cos(2 * np.pi * 2 * n / 7)[:, None]
        >>> shares_of_sums(wave, 3 * wave, grid).round(3).tolist()
        [[0.0, 1.0, 0.0]]
    """
    tables = [values.astype(np.float64) for values in (first, second)]
    others = (len(tables[1]), len(tables[0]))
    centred = [values - values.mean(axis=0) for values in tables]
    total = sum(n * np.sum(values**2, axis=0) for n, values in zip(others, centred, strict=True))
    square = sum(n * np.sum(values**2, axis=0) for n, values in zip(others, tables, strict=True))
    square = square + 2 * tables[0].sum(axis=0) * tables[1].sum(axis=0)
    energies = np.zeros((first.shape[1], len(grid.frequencies)))
    for n, values, frames in zip(others, centred, grid.frames, strict=True):
        coefficients = frames.reshape(len(values), -1).T @ values
        energies += n * np.sum(coefficients.reshape(*frames.shape[1:], -1) ** 2, axis=1).T
    varies = total > 1e-12 * (square + 1e-30)
    return np.where(varies[:, None], energies / np.where(varies, total, 1)[:, None], 0)


def _transformed(cube: np.ndarray, grid: PairGrid) -> np.ndarray:
    """Return |P_k (u - mean u)|^2 of every neuron, where each operand takes all elements of Z_n.

    The waves of the nine terms are then among those of the discrete Fourier transform at (k, l) with l in
    {0, k, -k} and at (0, l): products with the waves of these alone, in place of the transform at all (k, l).
    """
    n, count = grid.order, cube.shape[2]
    placed = cube[np.ix_(*(np.argsort(labels) for labels in grid.labels))]
    half = np.exp(-2j * np.pi * (np.outer(np.arange(n // 2 + 1), np.arange(n)) % n) / n)
    along_first = half.view(np.float64).reshape(len(half), n, 2).transpose(0, 2, 1).reshape(-1, n)
    rows = (along_first @ placed.reshape(n, -1)).reshape(len(half), 2, n, count)
    energies = np.zeros((count, len(grid.frequencies)))
    for column, k in enumerate(grid.frequencies):
        others = sorted({0, k % n, -k % n})
        paired = 1 if 2 * k == n else 2  # a real function has the same power at -k
        waves = np.exp(-2j * np.pi * (np.outer(others, np.arange(n)) % n) / n)
        for row, weight in ((0, 1), (k, paired)):
            energies[:, column] += weight * _power_of(waves, *rows[row])
    return energies / n**2


def _power_of(waves: np.ndarray, real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    """Return the sum over waves w of |sum_y w(y) z(y)|^2 for z = real + i imaginary, shape (m,)."""
    first, second = waves.real, waves.imag
    parts = first @ real - second @ imaginary, first @ imaginary + second @ real
    return np.asarray(np.sum(parts[0] ** 2 + parts[1] ** 2, axis=0))


def _projected(cube: np.ndarray, grid: PairGrid) -> np.ndarray:
    """Return the same for operands that take only some elements of Z_n."""
    energies = np.zeros((cube.shape[2], len(grid.frequencies)))
    for column in range(len(grid.frequencies)):
        first, second = (frames[:, column] for frames in grid.frames)
        inside = np.tensordot(first, cube, axes=(0, 0))
        coefficients = np.einsum("iym,yj->ijm", inside, second, optimize=True)
        energies[:, column] = np.sum(coefficients**2, axis=(0, 1))
    return energies


def single_frequency_share(shares: np.ndarray, explained: float = EXPLAINED) -> float:
    """Return the share of neurons, idle ones included, of which one frequency explains most.

    Arguments:
        shares: of `frequency_shares`.
        explained: the least share of variance.

    Returns:
        A number in [0, 1]: near 0 on random weights.

    Example:
        >>> single_frequency_share(np.array([[0.9, 0.1], [0.5, 0.2], [0.0, 0.0], [0.0, 0.86]]))
        0.5

    Source: Nanda et al. 2023, Sec. 4.2: 433 of 512 neurons at p = 113.
    """
    return float((shares.max(axis=1) > explained).mean())
