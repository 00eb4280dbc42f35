"""Feature matrices of trained models, and the numbers that `modgrok measure` reads off them.

Owns: the NFM and the AGOP of a network over a whole domain, the AGOPs of single classes, and their values.
All of it in float64: call it inside `jax.enable_x64(True)`.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...models import MLP
from ...models.agop import network_agop, nfm
from ...models.circulant import CirculantStructure, matrix_power, orientations
from ...models.kernel_machine import KernelMachine
from ...models.kernels import Layout, agop, features, make_layout
from ...models.on_device import on_device
from ..accuracy import CHUNK
from .alignment import feature_correlation
from .circulant import least_deviation
from .matrix_measures import MATRIX_MEASURES

Values = dict[str, float | str]


class ClassValues(NamedTuple):
    """Measures of the AGOP of every class.

    Arguments:
        numbers: name -> one number for each class; those of `MATRIX_MEASURES` and `least_deviation`.
        orientation: of each class's least deviation.
    """

    numbers: dict[str, list[float]]
    orientation: list[str]


def network_values(net: MLP, inputs: np.ndarray, structure: CirculantStructure) -> Values:
    """Measure a network's features.

    Arguments:
        net: the network.
        inputs: the domain over which the AGOP is averaged, not centred; shape (n, k).
        structure: of the task.

    Returns:
        `nfm_agop_correlation`: Pearson's, of the NFM and the square root of the AGOP. For two operands also
        `nfm_deviation` and `agop_deviation`, the least circulant deviation over both orientations, and
        `nfm_orientation` and `agop_orientation`, which one that is.

    Source: Mallinar et al. 2024, Sec. 5 and App. Fig. 6-7.
    """
    agop_matrix = np.asarray(domain_agop(net, inputs))
    names, structures = zip(*orientations(structure), strict=True)
    correlation, deviations = jax.device_get(
        _network_numbers(net, agop_matrix, matrix_power(agop_matrix, 0.5), structures)
    )
    values: Values = {"nfm_agop_correlation": float(correlation)}
    for name, (least, which) in deviations.items():
        values |= {f"{name}_deviation": float(least), f"{name}_orientation": names[int(which)]}
    return values


@eqx.filter_jit
def _network_numbers(
    net: MLP,
    agop_matrix: Float[Array | np.ndarray, "d d"],
    root: Float[Array | np.ndarray, "d d"],
    structures: tuple[CirculantStructure, ...],
) -> tuple[Array, dict[str, tuple[Array, Array]]]:
    matrices = {"nfm": nfm(_double(net)), "agop": jnp.asarray(agop_matrix)}
    deviations = {name: least_deviation(matrix, structures) for name, matrix in matrices.items()}
    return feature_correlation(matrices["nfm"], jnp.asarray(root)), deviations if net.operands == 2 else {}


def domain_agop(net: MLP, inputs: np.ndarray, *, by_class: bool = False) -> Float[Array, "*c d d"]:
    """Average a network's AGOP over a whole domain, in chunks: exact, since it is not centred.

    Example:
        >>> with jax.enable_x64(True):
        ...     float(domain_agop(MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3))), np.array([[0, 4]]))[0, 0])
        720.0
    """
    if net.activation == "power2" and not by_class:
        return on_device(_quadratic_agop(net, inputs))
    parts = [inputs[start : start + CHUNK] for start in range(0, len(inputs), CHUNK)]
    shares = [len(part) / len(inputs) for part in parts]
    agops = [_chunk_agop(_double(net), jnp.asarray(part), by_class) for part in parts]
    return sum((s * g for s, g in zip(shares[1:], agops[1:], strict=True)), start=shares[0] * agops[0])


def _quadratic_agop(net: MLP, inputs: np.ndarray) -> Float[np.ndarray, "d d"]:
    """Return `network_agop` of a quadratic network, from how often two values occur together."""
    k, p = net.operands, net.modulus
    at = inputs + p * np.arange(k)
    pairs = (at[:, :, None] * (k * p) + at[:, None, :]).ravel()
    second_moment = np.bincount(pairs, minlength=(k * p) ** 2).reshape(k * p, k * p) / len(inputs)
    embedding = np.asarray(net.embedding, dtype=np.float64).reshape(k * p, net.width)
    first = net.input_scale * embedding.T
    second = net.output_scale * np.asarray(net.readout, dtype=np.float64)
    return np.asarray(first.T @ ((second.T @ second) * (4 * (first @ second_moment @ first.T))) @ first)


def class_values(
    net: MLP | KernelMachine, inputs: np.ndarray, structure: CirculantStructure, *, centred: bool
) -> ClassValues:
    """Measure the AGOP of every class.

    Arguments:
        net: a network, whose AGOPs are averaged over `inputs` and not centred, or a kernel machine, whose
            AGOPs are those of its next iteration: over its training inputs.
        inputs: see above.
        structure: of the task.
        centred: whether a kernel machine's mean gradients are taken out.
    """
    if isinstance(net, MLP):
        each = domain_agop(net, inputs, by_class=True)
    else:
        layout = make_layout(np.asarray(net.inputs), net.sizes)
        each = _class_agops(net, layout, centred)
    names, structures = zip(*orientations(structure), strict=True)
    numbers, which = _measured(each, structure, structures)
    return ClassValues(
        {name: np.asarray(value).tolist() for name, value in numbers.items()},
        [names[int(index)] for index in which],
    )


def _double(net: MLP) -> MLP:
    return jax.tree.map(lambda array: jnp.asarray(array, jnp.float64), net)


@eqx.filter_jit
def _chunk_agop(net: MLP, inputs: Int[Array, "n k"], by_class: bool) -> Float[Array, "*c d d"]:
    return network_agop(net, inputs, by_class=by_class)


@eqx.filter_jit
def _class_agops(net: KernelMachine, layout: Layout, centred: bool) -> Float[Array, "c d d"]:
    hot = features(net.inputs, net.sizes)
    return agop(net.kernel, net.feature_matrix, net.alphas, hot, layout, centred=centred, by_class=True)


@eqx.filter_jit
def _measured(
    matrices: Float[Array, "c d d"], structure: CirculantStructure, structures: tuple[CirculantStructure, ...]
) -> tuple[dict[str, Array], Array]:
    def of_one(matrix: Array) -> tuple[dict[str, Array], Array]:
        numbers = {measure.name: measure.function(matrix, structure) for measure in MATRIX_MEASURES}
        least, which = least_deviation(matrix, structures)
        return {**numbers, "least_deviation": least}, which

    measured: tuple[dict[str, Array], Array] = jax.lax.map(of_one, matrices)
    return measured
