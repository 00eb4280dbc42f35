"""Projections of weights on waves of a task's basis, along the values of an operand or along the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...algebra import Basis


def operand_waves(labels: np.ndarray, order: int, frequencies: Sequence[int]) -> np.ndarray:
    """Return the constant and the waves of some frequencies, as functions of an operand's values.

    Arguments:
        labels: of the basis, shape (p,); -1 where a value takes no part.
        order: n, of the group.
        frequencies: in 1..n//2.

    Returns:
        Shape (p, 1 + 2 f), columns 1, cos, sin, ...; 0 at values that take no part.
    """
    angles = 2 * np.pi * (np.outer(labels, list(frequencies)) % order) / order
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(len(labels), -1)
    return np.concatenate([np.ones((len(labels), 1)), waves], axis=1) * (labels >= 0)[:, None]


def class_waves(basis: Basis, classes: int, frequencies: Sequence[int]) -> np.ndarray:
    """Return the same as functions of the class: the sum over the group elements that have it.

    Arguments:
        basis: of the task.
        classes: number of classes.
        frequencies: in 1..n//2.

    Returns:
        Shape (classes, 1 + 2 f); 0 at classes that no element of the group has.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> class_waves(natural_basis(5, 2), 5, [1])[:2].round(3).tolist()
        [[1.0, 1.0, 0.0], [1.0, 0.309, 0.951]]
    """
    waves = operand_waves(np.arange(basis.order), basis.order, frequencies)
    summed = np.zeros((classes, waves.shape[1]))
    np.add.at(summed, basis.outputs, waves)
    summed[:, 0] = summed[:, 0] > 0
    return summed


def pair_waves(basis: Basis, inputs: np.ndarray, frequencies: Sequence[int]) -> np.ndarray:
    """Return an orthonormal basis of the products of an operand's waves with another's of equal frequency.

        1,  cos and sin of w_k g_s(x_s) for each operand s,  their products over operands, w_k = 2 pi k / n

    Arguments:
        basis: of the task.
        inputs: shape (n, k).
        frequencies: in 1..n//2.

    Returns:
        Shape (n, m), m at most 1 + f (3^k - 1); 0 at inputs with a value that takes no part.

    Source: the functions that attention patterns and neurons are fitted by in Nanda et al. 2023, Sec. 4.2.
    """
    columns = [np.ones((len(inputs), 1))]
    for k in frequencies:
        products = np.ones((len(inputs), 1))
        for s, labels in enumerate(basis.operands):
            waves = operand_waves(labels, basis.order, [k])[inputs[:, s]]
            products = (products[:, :, None] * waves[:, None, :]).reshape(len(inputs), -1)
        columns.append(products[:, 1:])
    takes_part = np.all([labels[inputs[:, s]] >= 0 for s, labels in enumerate(basis.operands)], axis=0)
    waves = np.concatenate(columns, axis=1) * takes_part[:, None]
    energies, directions = np.linalg.eigh(waves.T @ waves)
    large = energies > 1e-9 * energies[-1]
    return waves @ (directions[:, large] / np.sqrt(energies[large]))


def projected(rows: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Project every column on the span of waves; rows at which all waves are 0 are kept as they are.

    Arguments:
        rows: shape (v, ...), along the values.
        waves: shape (v, m).
    """
    flat = rows.reshape(len(rows), -1).astype(np.float64)
    nonzero = np.abs(waves).sum(axis=1) > 0
    left, size, _ = np.linalg.svd(waves[nonzero], full_matrices=False)
    span = left[:, size > 1e-9 * size[0]]
    flat[nonzero] = span @ (span.T @ flat[nonzero])
    return flat.reshape(rows.shape)
