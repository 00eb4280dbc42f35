"""A lower bound on the accuracy of a quadratic two-layer network, without asking it for every input.

With z = a (u1[x] + u2[y]) a quadratic network has the logits, up to what all classes share,

    f(x, y)_q = S1[x, q] + S2[y, q] + 2 T[x, y, q],  T = sum_j v1[x, j] v2[y, j] w[q, j]

with vectors v1, v2, w of mean 0. S1 and S2 are two products of matrices, and a bias of the logits is part of
S2. In T each vector is the wave h of its neuron's frequency and a rest d. All terms with at most one rest are
known exactly from the waves, since a product of two waves of one frequency depends on two numbers, the sum
and the difference of their arguments:

    d1 h2 hw = A[x, y - q] + B[x, y + q]   and so on, with coefficients that are sums over neurons

What has two or three rests is bounded in two ways. By Hoelder's inequality for each input and class; an
input counts if the known margin exceeds these bounds. And by the sum E of its squares over all inputs and
classes, from Gram matrices of the neurons: a wrong answer against a known margin m takes at least m^2 / 2
of E, so that E bounds the number of wrong answers. Owns: the bound, and how many multiplications it takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models import MLP
from ...tasks import InputError, Task
from ..fourier.task_basis import basis_of_task

ROUNDING = 1e-5
"""Share of the largest logit below which margins do not count, since networks compute in float32."""


@dataclass(frozen=True, eq=False)
class AccuracyBound:
    """A lower bound on the accuracy over all inputs.

    Arguments:
        accuracy: the bound; never above the true accuracy, and never below the share that is certified.
        certified: bool, shape (p, p): the inputs that are known to be answered correctly. Of others it may be
            known how many are, but not which.
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
    first, second = np.asarray(network.embedding, np.float64)
    readout = np.asarray(network.readout, np.float64) * network.output_scale * network.input_scale**2
    # From here on rows are numbered by group elements: the label of (x, y) is x + y.
    orders = (*(np.argsort(g) for g in basis.operands), basis.outputs)
    first, second, readout = (
        rows[order] for rows, order in zip((first, second, readout), orders, strict=True)
    )
    w = readout - readout.mean(axis=0)
    means = first.mean(axis=0), second.mean(axis=0)
    vectors = first - means[0], second - means[1], w
    s1 = (first**2 + 2 * vectors[0] * means[1]) @ w.T
    s2 = (second**2 + 2 * means[0] * second) @ w.T
    if network.readout_bias is not None:
        s2 += np.asarray(network.readout_bias, np.float64)[basis.outputs]
    split = WaveSplit.of(vectors)
    blocks = _blocks(p, network.width)
    certified, margins = _margins(s1, s2, split)
    at_most = _most_wrong(margins[~certified], 4 * rest_energy(split, blocks))
    rest = sum(float((d**2).sum()) for d in split.rests)
    energy = sum(float((v**2).sum()) for v in vectors)
    return AccuracyBound(
        (p**2 - at_most) / p**2,
        certified[np.ix_(*basis.operands)],
        wave_share=1 - rest / energy if energy > 0 else 0.0,
        operations=_operations(p, network.width, blocks),
        exhaustive=p**3 * network.width,
    )


@dataclass(frozen=True, eq=False)
class WaveSplit:
    """Vectors over Z_n as waves and rests.

    Arguments:
        coefficients: three, shape (n//2 + 1, h): a vector is the real part of sum_k z_k exp(2 pi i k g/n).
        dominant: frequency of each neuron, shape (h,).
        waves: three, shape (n, h): of the neuron's frequency.
        rests: three, shape (n, h).
    """

    coefficients: tuple[np.ndarray, ...]
    dominant: np.ndarray
    waves: tuple[np.ndarray, ...]
    rests: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, vectors: tuple[np.ndarray, ...]) -> WaveSplit:
        coefficients = tuple(_coefficients(rows) for rows in vectors)
        order, width = vectors[0].shape
        powers = sum(np.abs(z) ** 2 for z in coefficients)
        dominant = 1 + np.argmax(powers[1:], axis=0)
        phases = np.exp(2j * np.pi * (np.outer(np.arange(order), dominant) % order) / order)
        waves = tuple((phases * z[dominant, np.arange(width)]).real for z in coefficients)
        rests = tuple(rows - wave for rows, wave in zip(vectors, waves, strict=True))
        return cls(coefficients, dominant, waves, rests)

    @property
    def vectors(self) -> tuple[np.ndarray, ...]:
        return tuple(wave + rest for wave, rest in zip(self.waves, self.rests, strict=True))

    @property
    def amplitudes(self) -> tuple[np.ndarray, ...]:
        """z of each neuron's wave, three of shape (h,)."""
        return tuple(z[self.dominant, np.arange(len(self.dominant))] for z in self.coefficients)


def _coefficients(rows: np.ndarray) -> np.ndarray:
    """Return z of every frequency, by products with cosines and sines over half of the group."""
    order = len(rows)
    half = np.arange(1, (order + 1) // 2)
    angles = 2 * np.pi * (np.outer(np.arange(order // 2 + 1), half) % order) / order
    real = np.cos(angles) @ (rows[half] + rows[order - half]) + rows[0]
    imaginary = np.sin(angles) @ (rows[half] - rows[order - half])
    scale = np.full((order // 2 + 1, 1), 2 / order)
    scale[0] /= 2
    if order % 2 == 0:
        real += np.where(np.arange(order // 2 + 1) % 2, -1, 1)[:, None] * rows[order // 2]
        scale[-1] /= 2
    return scale * (real - 1j * imaginary)


def _series(coefficients: np.ndarray, order: int) -> np.ndarray:
    """Return the real part of sum_k z_k exp(2 pi i k t/n) at t = 0..n-1, over the last axis."""
    half = np.arange(order // 2 + 1)
    angles = 2 * np.pi * (np.outer(half, half) % order) / order
    even, odd = coefficients.real @ np.cos(angles), coefficients.imag @ np.sin(angles)
    later = np.arange(1, (order + 1) // 2)[::-1]
    return np.concatenate([even - odd, (even + odd)[..., later]], axis=-1)


def _products(vectors: np.ndarray, z: np.ndarray, other: np.ndarray, split: WaveSplit) -> np.ndarray:
    """Return functions of the difference and of the sum, shape (2, r, n), that sum vector * wave * wave.

    sum_j v[x, j] Re(z_j e^{i k_j a}) Re(y_j e^{i k_j b}) = A[x, a - b] + B[x, a + b]
    """
    order = len(split.rests[0])
    functions = []
    for product in (z * other.conj() / 2, z * other / 2):
        sums = np.zeros((len(vectors), order // 2 + 1), dtype=complex)
        for k in np.unique(split.dominant):
            neurons = split.dominant == k
            sums[:, k] = vectors[:, neurons] @ product[neurons]
        functions.append(_series(sums, order))
    return np.stack(functions)


def _margins(s1: np.ndarray, s2: np.ndarray, split: WaveSplit) -> tuple[np.ndarray, np.ndarray]:
    """Return which inputs are known to be right, and the margins of the known part, both of shape (n, n)."""
    order = len(s1)
    z1, z2, zw = split.amplitudes
    v1, v2, w = split.vectors
    # The product of the three waves is part of all three terms, and is counted once.
    of_first = _products(v1 - 2 * split.waves[0], z2, zw, split)
    of_second, of_class = _products(v2, z1, zw, split), _products(w, z1, z2, split)
    d1, d2, dw = (np.cbrt((np.abs(d) ** 3).sum(axis=1)) for d in split.rests)
    h1, h2 = (np.cbrt((np.abs(h) ** 3).sum(axis=1)) for h in split.waves[:2])
    whole = np.cbrt((np.abs(w) ** 3).sum(axis=1))
    largest = [float(np.cbrt((np.abs(v) ** 3).sum(axis=1)).max()) for v in (v1, v2, w)]
    slack = ROUNDING * (float(np.abs(s1).max() + np.abs(s2).max()) + 2 * float(np.prod(largest)))
    element = np.arange(order)
    y, q = element[:, None], element[None, :]
    certified, margins = np.zeros((order, order), dtype=bool), np.zeros((order, order))
    for x in element:
        differences, sums = (x - element) % order, (x + element) % order
        known = of_first[0][x][(y - q) % order] + of_first[1][x][(y + q) % order]
        known += of_second[0][:, differences] + of_second[1][:, sums]
        known += of_class[0][:, differences].T + of_class[1][:, sums].T
        known = s1[x] + s2 + 2 * known
        rest = 2 * (np.outer(d1[x] * d2, whole) + np.outer(d1[x] * h2 + h1[x] * d2, dw))
        right = known[element, sums]
        gaps = right[:, None] - known
        gaps[element, sums] = np.inf
        margins[x] = gaps.min(axis=1) - slack
        gaps -= rest + rest[element, sums][:, None]
        certified[x] = gaps.min(axis=1) > slack
    return certified, margins


def rest_energy(split: WaveSplit, blocks: int) -> float:
    """Bound the sum over inputs and classes of the squares of what is not known of T.

    The norm of a sum is at most the sum of the norms of blocks of neurons, and that of a block follows from
    the inner products of its neurons:  d1 d2 w + d1 h2 dw + h1 d2 dw  of each.
    """
    d1, d2, dw = split.rests
    sizes = [[(rows**2).sum(axis=0) for rows in rows_of] for rows_of in (split.rests, split.waves)]
    (a1, a2, aw), (b1, b2, bw) = sizes
    ranked = np.argsort(-(a1 * a2 * (aw + bw) + a1 * b2 * aw + b1 * a2 * aw))
    norms = 0.0
    for at in np.array_split(ranked, blocks):
        dd1, dd2, ddw = (d[:, at].T @ d[:, at] for d in (d1, d2, dw))
        hh1, hh2, hhw = (_with_waves(split, i, at, waves=True) for i in range(3))
        dh1, dh2, dhw = (_with_waves(split, i, at, waves=False) for i in range(3))
        whole, half = ddw + dhw + dhw.T + hhw, ddw + dhw.T  # w with w, and w with dw
        squares = dd1 * dd2 * whole + dd1 * hh2 * ddw + hh1 * dd2 * ddw
        crossed = dd1 * dh2 * half + dh1 * dd2 * half + dh1 * dh2.T * ddw
        norms += float(np.sqrt(max(0.0, (squares + 2 * crossed).sum())))
    return norms**2


def _with_waves(split: WaveSplit, i: int, at: np.ndarray, *, waves: bool) -> np.ndarray:
    """Return inner products of the rests, or the waves, of neurons with the waves of others, [j, l].

    The wave of neuron l has one frequency, so that only the coefficient of neuron j at this frequency counts.
    """
    order, z = len(split.rests[i]), split.coefficients[i]
    k = split.dominant[at]
    own = k[:, None] == k[None, :]
    products = (z[k[None, :], at[:, None]].conj() * z[k, at][None, :]).real
    scale = np.where(2 * k == order, order, order / 2)[None, :]
    return np.where(own == waves, scale * products, 0.0)


def _most_wrong(margins: np.ndarray, energy: float) -> int:
    """Return how many inputs can be wrong if each takes half the square of its margin of an energy."""
    costs = np.cumsum(np.sort(np.maximum(margins, 0)) ** 2 / 2)
    return int(np.searchsorted(costs, energy, side="right"))


def _operations(p: int, width: int, blocks: int) -> int:
    """Count multiplications: S1, S2, coefficients, sums over neurons, series, inequalities, Gram matrices."""
    gram = 3 * p * width**2 // 2 + 20 * width**2
    return 2 * p * p * width + 3 * p * p * width // 2 + 32 * p * width + 5 * p**3 + gram // blocks


def _blocks(p: int, width: int) -> int:
    """Return the least number of blocks with which the bound takes a tenth of all logits; 1 if none does."""
    most = p**3 * width // 10
    fitting = [blocks for blocks in range(1, width + 1) if _operations(p, width, blocks) < most]
    return fitting[0] if fitting else 1
