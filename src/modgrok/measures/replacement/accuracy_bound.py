"""A lower bound on the accuracy of a quadratic two-layer network, without asking it for every input.

With z = a (u1[x] + u2[y]) a quadratic network has the logits, up to what all classes share,

    f(x, y)_q = S1[x, q] + S2[y, q] + 2 T[x, y, q],    T = sum_j v1[x, j] v2[y, j] w[q, j]

with vectors v1, v2, w of mean 0. S1 and S2 are two products of matrices. Of T the waves are known as four
functions of one number each: if v1, v2 and w of neuron j were waves of its frequency k_j, then

    T = A(s - q) + B(s + q) + C(t + q) + D(t - q),    s = g1(x) + g2(y),   t = g1(x) - g2(y)

whose coefficients are sums over the neurons of a frequency. What is not a wave is bounded by norms (Cauchy
and Schwarz). An input counts if the margin of the known part exceeds the bounds of the rest for every other
class. Owns: the bound, and how many multiplications it takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models import MLP
from ...tasks import InputError, Task
from ..fourier.lens import make_fourier_frames, spectra
from ..fourier.task_basis import basis_of_task
from .projections import operand_waves

ROUNDING = 1e-5
"""Share of the largest logit below which margins do not count, since networks compute in float32."""


@dataclass(frozen=True, eq=False)
class AccuracyBound:
    """A lower bound on the accuracy over all inputs.

    Arguments:
        accuracy: the bound; never above the true accuracy.
        certified: bool, shape (p, p): the inputs that are known to be answered correctly.
        wave_share: share of the energy of v1, v2 and w in the waves of each neuron's frequency.
        operations: multiplications that the bound took, to leading order.
        exhaustive: those of the logits of all inputs.
    """

    accuracy: float
    certified: np.ndarray
    wave_share: float
    operations: int
    exhaustive: int


def accuracy_bound(network: MLP, task: Task) -> AccuracyBound:
    """Bound the accuracy of a quadratic network on a task of Z_p from below.

    Arguments:
        network: two operands, activation `power2`.
        task: h(g1(x) + g2(y)) with g1, g2 and h one to one, such as x + y or 2x - y + 1; p classes.

    Raises:
        InputError: another network or task.

    Example:
        >>> from modgrok.analytic import construct
        >>> from modgrok.decide import decide_table
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 7)
        >>> network = construct(task.table, 7, decide_table(task.table, 7).witness).network
        >>> accuracy_bound(network, task).accuracy
        1.0
    """
    if network.activation != "power2" or network.operands != 2:
        raise InputError(
            "network: must have activation power2 and 2 operands, "
            f"got {network.activation} and {network.operands}"
        )
    p = task.p
    basis = basis_of_task(task) if task.k == 2 and task.is_plain else None
    labels = () if basis is None else (*basis.operands, basis.outputs)
    if basis is None or any(not np.array_equal(np.sort(g), np.arange(p)) for g in labels):
        raise InputError(f"task: must be a sum of one-to-one terms over Z_{p}, got {task.name}")
    if (network.modulus, network.classes) != (p, p):
        raise InputError(
            f"network: must have {p} values and classes, got {network.modulus} and {network.classes}"
        )
    dominant = np.asarray(spectra(network, make_fourier_frames(basis)).dominant)
    first, second = np.asarray(network.embedding, np.float64)
    readout = np.asarray(network.readout, np.float64) * network.output_scale * network.input_scale**2
    w = readout - readout.mean(axis=0)
    means = first.mean(axis=0), second.mean(axis=0)
    v1, v2 = first - means[0], second - means[1]
    s1 = (first**2 + 2 * v1 * means[1]) @ w.T
    s2 = (second**2 + 2 * means[0] * second) @ w.T
    classes = np.argsort(basis.outputs)  # class -> group element
    parts = [
        _waves(vectors, g, dominant, p)
        for vectors, g in zip((v1, v2, w), (*basis.operands, classes), strict=True)
    ]
    rests = [vectors - waves for vectors, (waves, _) in zip((v1, v2, w), parts, strict=True)]
    (h1, a1), (h2, a2), (_, aw) = parts
    functions = _functions(a1, a2, aw, dominant, p)
    bounds = _Bounds(
        np.linalg.norm(rests[0], axis=1),
        np.sqrt(v2**2 @ (w**2).T),
        np.linalg.norm(rests[1], axis=1),
        np.sqrt(h1**2 @ (w**2).T),
        np.sqrt(h1**2 @ (h2**2).T),
        np.linalg.norm(rests[2], axis=1),
    )
    certified = _certified(task.table, basis.operands, classes, s1, s2, functions, bounds)
    energy = sum(float((vectors**2).sum()) for vectors in (v1, v2, w))
    rest = sum(float((vectors**2).sum()) for vectors in rests)
    width = network.width
    return AccuracyBound(
        float(certified.mean()),
        certified,
        wave_share=1 - rest / energy if energy > 0 else 0.0,
        operations=5 * p * p * width + 6 * p**3,
        exhaustive=p**3 * width,
    )


@dataclass(frozen=True, eq=False)
class _Bounds:
    """Norms that bound T less its waves: d1[x] n2[y, q] + d2[y] n1[x, q] + pairs[x, y] dw[q]."""

    d1: np.ndarray
    n2: np.ndarray
    d2: np.ndarray
    n1: np.ndarray
    pairs: np.ndarray
    dw: np.ndarray


def _waves(
    vectors: np.ndarray, labels: np.ndarray, dominant: np.ndarray, order: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each neuron's wave of its frequency, shape (p, h), and z with wave = Re(z exp(2 pi i k g/n))."""
    waves, amplitudes = np.zeros_like(vectors), np.zeros(vectors.shape[1], dtype=complex)
    for k in np.unique(dominant):
        neurons = dominant == k
        cosine, sine = operand_waves(labels, order, [int(k)])[:, 1:].T
        scale = 1 / order if 2 * k == order else 2 / order
        a, b = scale * cosine @ vectors[:, neurons], scale * sine @ vectors[:, neurons]
        if 2 * k == order:
            b = np.zeros_like(a)
        amplitudes[neurons] = a - 1j * b
        waves[:, neurons] = np.outer(cosine, a) + np.outer(sine, b)
    return waves, amplitudes


def _functions(
    a1: np.ndarray, a2: np.ndarray, aw: np.ndarray, dominant: np.ndarray, order: int
) -> np.ndarray:
    """Return A, B, C and D, shape (4, n): of s - q, s + q, t + q and t - q."""
    products = (a1 * a2 * aw.conj(), a1 * a2 * aw, a1 * a2.conj() * aw, a1 * a2.conj() * aw.conj())
    values = np.zeros((4, order))
    angles = 2j * np.pi * np.outer(np.arange(order), np.arange(order // 2 + 1)) / order
    for row, product in enumerate(products):
        sums = np.zeros(order // 2 + 1, dtype=complex)
        np.add.at(sums, dominant, product / 4)
        values[row] = (np.exp(angles) @ sums).real
    return values


def _certified(
    table: np.ndarray,
    operands: tuple[np.ndarray, ...],
    classes: np.ndarray,
    s1: np.ndarray,
    s2: np.ndarray,
    functions: np.ndarray,
    bounds: _Bounds,
) -> np.ndarray:
    p = len(table)
    scale = float(np.abs(s1).max() + np.abs(s2).max() + 2 * np.abs(functions).sum(axis=0).max())
    certified = np.zeros((p, p), dtype=bool)
    rows = np.arange(p)
    for x in range(p):
        s = (operands[0][x] + operands[1])[:, None]
        t = (operands[0][x] - operands[1])[:, None]
        places = ((s - classes) % p, (s + classes) % p, (t + classes) % p, (t - classes) % p)
        known = s1[x] + s2 + 2 * sum(values[at] for values, at in zip(functions, places, strict=True))
        rest = 2 * (
            bounds.d1[x] * bounds.n2
            + bounds.d2[:, None] * bounds.n1[x]
            + bounds.pairs[x][:, None] * bounds.dw
        )
        right = table[x]
        slack = (known[rows, right] - rest[rows, right])[:, None] - known - rest
        slack[rows, right] = np.inf
        certified[x] = slack.min(axis=1) > ROUNDING * scale
    return certified
