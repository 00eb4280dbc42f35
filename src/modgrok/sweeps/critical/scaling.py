r"""How a quantity scales with the modulus: forms such as a/p and a ln p/p, fitted with intervals.

Owns: the fit of $y = a\,p^{-b}\,(\ln p)^c$ at given c, and which exponents the data exclude.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .statistics import Z

T_QUANTILES = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
)  # fmt: skip
"""Quantiles of Student's t distribution at 97.5%, by degrees of freedom from 1 on."""


def t_quantile(freedom: int) -> float:
    """Return the quantile of Student's t distribution at 97.5%, for at least one degree of freedom.

    Three decimals are right: beyond the table by the expansion in 1/n to its second order.

    Example:
        >>> t_quantile(2), round(t_quantile(100), 3)
        (4.303, 1.984)

    Source: Abramowitz and Stegun, Eq. 26.7.5.
    """
    if freedom <= len(T_QUANTILES):
        return T_QUANTILES[freedom - 1]
    first, second = (Z**3 + Z) / 4, (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    return Z + first / freedom + second / freedom**2


@dataclass(frozen=True)
class Measured:
    """A quantity at one modulus.

    Arguments:
        p: modulus, at least 3.
        value: above 0.
        low, high: its 95% interval, 0 < low < high.
    """

    p: int
    value: float
    low: float
    high: float

    @property
    def deviation(self) -> float:
        """Standard deviation of ln value, as the interval has it."""
        return math.log(self.high / self.low) / (2 * Z)


@dataclass(frozen=True)
class PowerLaw:
    """A fitted form $a\\,p^{-b}\\,(\\ln p)^c$.

    Arguments:
        factor: a.
        exponent: b.
        interval: 95% interval of b; b itself where it was given.
        log_power: c, given.
    """

    factor: float
    exponent: float
    interval: tuple[float, float]
    log_power: float

    def at(self, p: float) -> float:
        """Return the form's value at a modulus."""
        return float(self.factor * p**-self.exponent * math.log(p) ** self.log_power)

    def excludes(self, exponent: float) -> bool:
        """Say whether an exponent is outside the interval."""
        low, high = self.interval
        return not low <= exponent <= high


@dataclass(frozen=True)
class Scaling(PowerLaw):
    """A form fitted to measured quantities; see `PowerLaw`.

    Arguments:
        chi_square: sum of squared residuals of ln y over their deviations.
        freedom: degrees of freedom of it.
    """

    chi_square: float
    freedom: int


def fit_scaling(points: Sequence[Measured], log_power: float = 0.0, exponent: float | None = None) -> Scaling:
    r"""Fit $y = a\,p^{-b}\,(\ln p)^c$ by weighted least squares on $\ln y$.

    Residuals larger than the points' own intervals widen the interval of b: its standard error is multiplied
    by $\sqrt{\chi^2/\nu}$ where that exceeds 1, and the quantile is that of Student's t with $\nu$ degrees of
    freedom.

    Arguments:
        points: at least three moduli; two if the exponent is given.
        log_power: c.
        exponent: b, if it is given and only a is fitted.

    Raises:
        ValueError: too few points.

    Example:
        >>> points = [Measured(p, 3 / p, 2.9 / p, 3.1 / p) for p in (11, 23, 47, 97)]
        >>> known = fit_scaling(points)
        >>> round(known.factor, 3), round(known.exponent, 3), known.excludes(0.5), known.excludes(1)
        (3.0, 1.0, True, False)
    """
    columns = 1 if exponent is not None else 2
    freedom = len(points) - columns
    if freedom < 1:
        raise ValueError(f"points: must be at least {columns + 1}, got {len(points)}")
    logs = np.log([point.p for point in points])
    targets = np.log([point.value for point in points]) - log_power * np.log(logs)
    if exponent is not None:
        targets = targets + exponent * logs
    weights = 1 / np.array([point.deviation for point in points])
    design = np.stack([np.ones_like(logs), -logs], axis=1)[:, :columns] * weights[:, None]
    solution, *_ = np.linalg.lstsq(design, targets * weights, rcond=None)
    chi_square = float(((targets * weights - design @ solution) ** 2).sum())
    fitted = float(solution[1]) if exponent is None else exponent
    interval = (fitted, fitted)
    if exponent is None:
        error = math.sqrt(np.linalg.inv(design.T @ design)[1, 1] * max(1.0, chi_square / freedom))
        half = error * t_quantile(freedom)
        interval = (fitted - half, fitted + half)
    return Scaling(math.exp(solution[0]), fitted, interval, log_power, chi_square, freedom)
