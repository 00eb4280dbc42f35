"""Waves: neurons given by frequency, phases and weight, and the two weight matrices they spell out.

Owns: amplitudes and the sampling of cosines on Z_m. Which arguments the operands have, and which class reads
which argument, is said by `additive` and `multiplicative`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np

from .characters import Factors, angles, real
from .phases import exact_phases, flips, random_phases, wave_gain


@dataclass(frozen=True, eq=False)
class Waves:
    """N periodic neurons on Z_m, or on a product of cyclic groups, for k operands.

    Attributes:
        order: m, the order of the group.
        frequency: int64 (N,), taken mod m; numbers of characters if there are factors.
        phase: float64 (k, N), radians.
        weight: float64 (N,), positive, the height of the neuron's wave in the logits; the sum is 1, the peak.
        gain: float64 (N,), height of that wave at unit amplitude: k!/2^k, k^k for the constant neuron, k! for
            a sign that uses that it is one.
        factors: orders of the cyclic factors; () for Z_m itself.
    """

    order: int
    frequency: np.ndarray
    phase: np.ndarray
    weight: np.ndarray
    gain: np.ndarray
    factors: Factors = ()

    @property
    def operands(self) -> int:
        """k, the number of operands."""
        return len(self.phase)

    @property
    def width(self) -> int:
        """N, the number of neurons."""
        return len(self.frequency)

    @property
    def amplitude(self) -> np.ndarray:
        """(weight/gain)^(1/(k+1)), the factor on both layers; Doshi et al., Eq. 2: (2^k/(N k!))^(1/(k+1))."""
        return (self.weight / self.gain) ** (1 / (self.operands + 1))


def random_waves(
    m: int,
    k: int,
    width: int,
    rng: np.random.Generator,
    frequencies: Sequence[int] | None = None,
    factors: Factors = (),
) -> Waves:
    """Build the papers' neurons: frequencies 1..N, phases uniform, every weight 1/N.

    Arguments:
        m: order of the group, at least 1.
        k: number of operands, at least 1.
        width: N, at least 1.
        rng: source of the phases. The papers' permutation of the frequencies changes nothing in
            distribution, since phases are independent, and is left out; so the first N of any wider set
            differ from a set of N only in their weight.
        frequencies: carried in turn instead of 1..N.
        factors: of the group, () for Z_m.

    Raises:
        ValueError: width < 1.

    Source: Doshi et al. 2024, Eq. 2; Gromov 2023, Eq. 6-7.
    """
    if width < 1:
        raise ValueError(f"width: must leave at least 1 periodic neuron, got {width}")
    turns = np.arange(1, width + 1) if frequencies is None else np.resize(frequencies, width)
    frequency = turns.astype(np.int64) % m
    uniform = np.full(width, 1 / width)
    return Waves(m, frequency, random_phases(k, width, rng), uniform, np.full(width, wave_gain(k)), factors)


def exact_waves(m: int, k: int, frequencies: Sequence[int], factors: Factors = ()) -> Waves:
    """Build neurons whose leftover waves vanish: the logit is sum_f w_f cos(2 pi f d / m) exactly.

    Every frequency takes (k+1) 2^(k-1) neurons, frequency 0 a single constant one; on a product of groups, a
    real character other than 0 takes the 2^(k-1) flips alone (`block`). w_f is proportional to
    `frequency_weights`, so that all frequencies 0..m/2 together give the indicator of d = 0.

    Arguments:
        m: order of the group, at least 1.
        k: number of operands, 1..12.
        frequencies: distinct integers in 0..m//2, or among the `representatives` of the group.
        factors: of the group, () for Z_m.

    Source: docs/exact-networks.md.
    """
    weights = frequency_weights(m, frequencies, factors)
    blocks_of_waves = [block(m, k, f, factors) for f in frequencies]
    blocks = [phases for phases, _ in blocks_of_waves]
    size = [block.shape[1] for block in blocks]
    share = np.concatenate([np.full(n, w / n) for n, w in zip(size, weights, strict=True)])
    gain = np.repeat([gain for _, gain in blocks_of_waves], size)
    frequency = np.repeat(np.asarray(frequencies, dtype=np.int64), size)
    return Waves(m, frequency, np.concatenate(blocks, axis=1), share, gain, factors)


def block(m: int, k: int, f: int, factors: Factors = ()) -> tuple[np.ndarray, float]:
    """Return the exact phases (k, n) of one frequency, and the gain of each of its neurons.

    Example:
        >>> [block(12, 2, f, (3, 2, 2))[0].shape[1] for f in (0, 1, 4)]  # constant, sign, complex
        [1, 2, 6]
    """
    if f == 0:
        return np.zeros((k, 1)), float(k**k)
    if factors and real(m, factors, f):
        return flips(k), float(factorial(k))
    return exact_phases(k), wave_gain(k)


def frequency_weights(m: int, frequencies: Sequence[int], factors: Factors = ()) -> np.ndarray:
    """Weigh frequencies so that they add up to 1: w_f = 1 if f = -f, else 2, over their sum.

    Example:
        >>> frequency_weights(4, (0, 1, 2)).tolist()
        [0.25, 0.5, 0.25]
    """
    raw = np.array([raw_weight(m, f, factors) for f in frequencies])
    return raw / raw.sum()


def raw_weight(m: int, f: int, factors: Factors = ()) -> float:
    """Return how many characters of the group a cosine of frequency f stands for: 1 if f = -f, else 2."""
    return 1.0 if real(m, factors, f) else 2.0


def embed(waves: Waves, arguments: np.ndarray, live: np.ndarray) -> np.ndarray:
    """Return U[s, i, n] = a_n cos(2 pi f_n u_s(i)/m + phi_s,n), zero where an operand's value is not live.

    Arguments:
        waves: N neurons on Z_m.
        arguments: u, int64 (k, p), values in 0..m-1 where live.
        live: bool (k, p).

    Returns:
        float64 (k, p, N).

    Source: Gromov 2023, Eq. 6; Doshi et al. 2024, Eq. 2 and 4.
    """
    angle = angles(waves.order, waves.factors, waves.frequency, arguments[:, :, None])
    angle = angle + waves.phase[:, None, :]
    return live[:, :, None] * waves.amplitude * np.cos(angle)


def read(waves: Waves, preimages: np.ndarray) -> np.ndarray:
    """Return W[q, n] = a_n sum_t R[q, t] cos(2 pi f_n t/m + sum_s phi_s,n).

    Arguments:
        waves: N neurons on Z_m.
        preimages: R, float64 (c, m), how much class q reads from argument t.

    Returns:
        float64 (c, N).

    Source: Gromov 2023, Eq. 7 and Claim II; the sum over preimages is this project's forward readout.
    """
    angle = angles(waves.order, waves.factors, waves.frequency, np.arange(waves.order)[:, None])
    angle = angle + waves.phase.sum(axis=0)
    return waves.amplitude * (preimages @ np.cos(angle))
