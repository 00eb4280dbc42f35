r"""How the critical fraction scales with the modulus, fitted to the seeds that grok rather than to estimates.

Owns: the joint likelihood of all moduli, in which a modulus whose seeds all fail at one fraction and all grok
at the next says no more than that its critical fraction is between the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .estimate import Probe
from .regression import WIDTHS
from .scaling import PowerLaw, t_quantile

ITERATIONS = 200
TOLERANCE = 1e-9
"""Of the log-likelihood."""
REACH = 64.0
"""How far from its estimate the ends of an exponent's interval are looked for; an end beyond is infinite."""


@dataclass(frozen=True)
class ProbeScaling(PowerLaw):
    """A form of critical fractions, fitted to the seeds that grok; see `PowerLaw`.

    Arguments:
        width: s of the curve in ln f, the same at all moduli.
        log_likelihood: of the seeds that grok.
        misfit: twice what the log-likelihood gains where each modulus has a critical fraction of its own.
        freedom: number of moduli less 2; the misfit of a form that holds is about as large.
    """

    width: float
    log_likelihood: float
    misfit: float
    freedom: int


def fit_probe_scaling(probes: Mapping[int, Sequence[Probe]], log_power: float = 0.0) -> ProbeScaling:
    r"""Fit $f_c = a\,p^{-b}\,(\ln p)^c$ to how many seeds grok at each modulus and fraction.

    A seed groks with probability $\sigma((\ln f - \ln f_c(p))/s)$ with one s for all moduli; a, b and s
    maximise the likelihood. The interval of b holds every b whose profile log-likelihood is within
    $t^2\phi/2$ of the maximum, where t is the quantile of Student's t with the degrees of freedom, and
    $\phi$ the misfit over these, at least 1: where the form does not fit, the interval is wider. An end that
    is not within 64 of the estimate is infinite.

    Arguments:
        probes: modulus, at least 3 -> its fractions; at least three moduli.
        log_power: c.

    Raises:
        ValueError: too few moduli.

    Example:
        >>> shares = {0.9: 0, 0.97: 3, 1.03: 5, 1.1: 8}
        >>> law = {p: [Probe(3 / p * x, k, 8) for x, k in shares.items()] for p in (11, 23, 47, 97)}
        >>> known = fit_probe_scaling(law)
        >>> round(known.factor, 2), round(known.exponent, 2), known.excludes(0.9), round(known.misfit, 6)
        (3.0, 1.0, True, 0.0)

    Source: logistic regression; profile likelihood as in Venzon and Moolgavkar 1988, its threshold scaled as
    in quasi-likelihood (McCullagh and Nelder 1989, Sec. 4.5).
    """
    moduli = sorted(probes)
    freedom = len(moduli) - 2
    if freedom < 1:
        raise ValueError(f"probes: must be of at least 3 moduli, got {len(moduli)}")
    rows = [(p, probe) for p in moduli for probe in probes[p]]
    logs = np.log([p for p, _ in rows])
    fractions = np.log([probe.fraction for _, probe in rows])
    grokked = np.array([probe.grokked for _, probe in rows], dtype=np.float64)
    of = np.array([probe.of for _, probe in rows], dtype=np.float64)
    excess = fractions - log_power * np.log(logs)  # of ln f over the form's part that is given
    centred = logs - logs.mean()
    both = np.stack([excess, np.ones_like(logs), centred], axis=1)
    (slope, constant, trend), best = _maximise(both, grokked, of)
    exponent = trend / slope
    each = np.array([[p == own for own in moduli] for p, _ in rows], dtype=np.float64)
    _, free = _maximise(np.column_stack([fractions, each]), grokked, of)
    misfit = max(2 * (free - best), 0.0)
    allowed = t_quantile(freedom) ** 2 * max(1.0, misfit / freedom) / 2

    def within(candidate: float) -> bool:
        fixed = np.stack([excess + candidate * centred, np.ones_like(logs)], axis=1)
        return _maximise(fixed, grokked, of)[1] >= best - allowed

    interval = tuple(_end(within, exponent, side) for side in (-1, 1))
    return ProbeScaling(
        factor=math.exp(-constant / slope + exponent * logs.mean()),
        exponent=float(exponent),
        interval=(interval[0], interval[1]),
        log_power=log_power,
        width=1 / float(slope),
        log_likelihood=best,
        misfit=misfit,
        freedom=freedom,
    )


def _maximise(design: np.ndarray, grokked: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, float]:
    """Maximise the binomial likelihood of a logistic model by Newton's method with halved steps.

    The first column is ln f. Where its coefficient would go beyond the least width it stays there: seeds that
    one curve separates determine no slope.

    Returns:
        (coefficients, log-likelihood).
    """
    most = 1 / WIDTHS[0]
    known = np.zeros(design.shape[1])
    known[0] = 1.0
    reached = _likelihood(design @ known, grokked, of)
    for _ in range(ITERATIONS):
        shares = 0.5 * (1 + np.tanh(design @ known / 2))
        gradient = design.T @ (grokked - of * shares)
        curvature = (design * (of * shares * (1 - shares))[:, None]).T @ design
        step = np.linalg.lstsq(curvature + 1e-9 * np.eye(len(known)), gradient, rcond=None)[0]
        if known[0] + step[0] > most:
            step *= (most - known[0]) / step[0]
        gain = 0.0
        for _ in range(40):
            gain = _likelihood(design @ (known + step), grokked, of) - reached
            if gain > 0:
                break
            step /= 2
        if gain <= TOLERANCE:
            break
        known, reached = known + step, reached + gain
    return known, float(reached)


def _likelihood(z: np.ndarray, grokked: np.ndarray, of: np.ndarray) -> float:
    return float(-grokked @ np.logaddexp(0, -z) - (of - grokked) @ np.logaddexp(0, z))


def _end(within: Callable[[float], bool], inside: float, side: int) -> float:
    """Return the end of an interval on one side of a number in it, by doubling and bisection."""
    low, high = 0.0, 1.0
    while within(inside + side * high):
        low, high = high, 2 * high
        if low >= REACH:
            return side * math.inf
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if within(inside + side * middle) else (low, middle)
    return inside + side * low
