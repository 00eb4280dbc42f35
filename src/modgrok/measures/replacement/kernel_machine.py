"""A kernel machine with a block-circulant feature matrix, and a predictor of few frequencies."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ...algebra import Basis
from ...models.circulant import structure_of
from ...models.kernel_machine import KernelMachine
from ..features.structure_share import structured_part
from .projections import class_waves, projected
from .replaced_network import ReplacedNetwork


def circulant_machine(
    net: KernelMachine, basis: Basis, frequencies: Sequence[int], inputs: np.ndarray
) -> list[ReplacedNetwork]:
    """Replace M by its block-circulant part, then the coefficients by waves along the classes as well.

    Rows and columns of M that belong to values outside the group, such as 0 of a product, stay as they are,
    and so do the dual coefficients at the first stage: nothing is solved again.

    Arguments:
        net: the kernel machine; call this inside its precision.
        basis: of its task.
        frequencies: of the predictor, in 1..n//2.
        inputs: not read.

    Returns:
        Two stages, each with `fitted_share`, the share of the energy of what is replaced that is kept.
    """
    structure = structure_of(basis)
    feature_matrix = np.asarray(net.feature_matrix, np.float64)
    in_domain = np.concatenate([np.asarray(structure.taken(s)) for s in range(len(basis.operands))])
    size = len(in_domain)
    part = np.asarray(structured_part(net.feature_matrix, structure), np.float64)[:size, :size]
    inside = np.outer(in_domain, in_domain)
    new = feature_matrix.copy()
    new[:size, :size] = np.where(inside, part, feature_matrix[:size, :size])
    first = dataclasses.replace(net, feature_matrix=jnp.asarray(new, net.feature_matrix.dtype))
    alphas = np.asarray(net.alphas, np.float64)
    columns = projected(alphas.T, class_waves(basis, net.classes, frequencies)).T
    second = dataclasses.replace(first, alphas=jnp.asarray(columns, net.alphas.dtype))
    energies = (feature_matrix[:size, :size][inside] ** 2).sum(), (alphas**2).sum()
    return [
        ReplacedNetwork(
            "feature_matrix", first, {"fitted_share": float((part[inside] ** 2).sum() / energies[0])}
        ),
        ReplacedNetwork("coefficients", second, {"fitted_share": float((columns**2).sum() / energies[1])}),
    ]
