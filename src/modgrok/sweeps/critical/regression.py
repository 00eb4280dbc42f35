"""The critical fraction by regression: a curve through the shares of seeds that grok, with an interval.

Owns: which runs count at a budget, the likelihood, its profile. `estimate` brackets the fraction without a
curve; this needs fewer seeds for an interval, and takes the curve's form on trust.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .estimate import Place, Probe

DEVIANCE = 5.0
"""Twice the difference of log-likelihoods within which 95% intervals lie. The limit for many seeds is 3.84;
with 3 to 8 seeds at 8 fractions, as in the survey, that covers as few as 89% of planted fractions, 5 covers
94% and more."""
WIDTHS = (0.003, 1.0)
"""Least and greatest width s of the curve, in units of ln f."""
GRID_WIDTHS, GRID_FRACTIONS = 25, 201
"""Points of the grid on which the likelihood is profiled; ends of intervals are interpolated."""
MARGIN = 0.5
"""How far the grid goes beyond the fractions tried, in units of ln f; never beyond f = 1."""


@dataclass(frozen=True)
class RunOutcome:
    """What is known of one run when its critical fraction is estimated.

    Arguments:
        fraction: share of the table that trains, in (0, 1).
        grokked_at: step of grokking; None if it has not grokked.
        step: number of updates made, at least 0.
        ended: whether it would not grok later: it diverged.
    """

    fraction: float
    grokked_at: int | None
    step: int
    ended: bool = False

    def grokked_within(self, budget: int) -> bool | None:
        """Say whether the run grokked within a budget; None if it was not followed for so long.

        Example:
            >>> run = RunOutcome(0.4, None, 1000)
            >>> run.grokked_within(1000), run.grokked_within(2000)
            (False, None)
        """
        if self.grokked_at is not None:
            return self.grokked_at <= budget
        return False if self.step >= budget or self.ended else None


@dataclass(frozen=True)
class CriticalEstimate:
    """The fraction at which half of the seeds grok within a budget.

    Arguments:
        place: `inside` the fractions tried, or `below` or `above` them.
        fraction: the estimate; None if it is not inside.
        low, high: 95% interval; None where it has no end within the grid.
        width: of the curve in ln f, at the estimate; 0 if no fraction has seeds of both kinds.
        seeds: runs that were counted.
    """

    place: Place
    fraction: float | None
    low: float | None
    high: float | None
    width: float
    seeds: int


def probes_within(runs: Iterable[RunOutcome], budget: int) -> list[Probe]:
    """Count the seeds that grok within a budget, by ascending fraction.

    Runs that were not followed for so long are left out: all of them where the budget ends earlier count.

    Example:
        >>> probes_within([RunOutcome(0.4, 900, 1350), RunOutcome(0.4, None, 2000)], 1000)
        [Probe(fraction=0.4, grokked=1, of=2)]
    """
    outcomes: dict[float, list[bool]] = {}
    for run in runs:
        grokked = run.grokked_within(budget)
        if grokked is not None:
            outcomes.setdefault(run.fraction, []).append(grokked)
    return [Probe(fraction, sum(seeds), len(seeds)) for fraction, seeds in sorted(outcomes.items())]


def fit_critical(probes: Sequence[Probe]) -> CriticalEstimate:
    r"""Estimate a critical fraction by logistic regression on the logarithm of the fraction.

    A seed groks with probability $\sigma((\ln f - \ln f_c)/s)$, where $\sigma$ is the logistic function. The
    estimate maximises the likelihood over $f_c$ and the width s in `WIDTHS`. The interval holds every $f_c$
    whose profile log-likelihood, maximised over s alone, is within `DEVIANCE`/2 of the maximum. Where no
    fraction has seeds of both kinds, all $f_c$ between two fractions are equally likely: the estimate is the
    geometric mean of these, and the interval goes from one to the other, or beyond if seeds are few.

    Arguments:
        probes: at different fractions, at least one; seeds count as independent.

    Returns:
        The estimate. If it is not `inside`, the interval has one end at most.

    Example:
        >>> known = fit_critical([Probe(0.2, 0, 8), Probe(0.3, 0, 8), Probe(0.4, 8, 8), Probe(0.5, 8, 8)])
        >>> known.place, round(known.fraction, 2), round(known.low, 2), round(known.high, 2)
        ('inside', 0.35, 0.3, 0.4)
        >>> fit_critical([Probe(0.2, 8, 8), Probe(0.3, 8, 8)]).place
        'below'

    Source: profile likelihood as in Venzon and Moolgavkar 1988.
    """
    ordered = sorted(probes, key=lambda probe: probe.fraction)
    logs = np.log([probe.fraction for probe in ordered])
    grokked = np.array([probe.grokked for probe in ordered], dtype=np.float64)
    of = np.array([probe.of for probe in ordered], dtype=np.float64)
    centres = np.linspace(logs[0] - MARGIN, min(logs[-1] + MARGIN, 0.0), GRID_FRACTIONS)
    widths = np.geomspace(*WIDTHS, GRID_WIDTHS)
    likelihood = _log_likelihood(logs, grokked, of, centres, widths)
    profile = likelihood.max(axis=1)
    best = profile >= profile.max() - 1e-6
    within = profile >= profile.max() - DEVIANCE / 2
    (low, high), (first, last) = _ends(within), _ends(best)
    middle = (centres[first] + centres[last]) / 2
    place: Place = "below" if middle < logs[0] else "above" if middle > logs[-1] else "inside"
    width = widths[likelihood[(first + last) // 2].argmax()]
    return CriticalEstimate(
        place,
        math.exp(middle) if place == "inside" else None,
        None if low == 0 or place == "below" else math.exp(_crossing(centres, profile, low, low - 1)),
        None
        if high == len(centres) - 1 or place == "above"
        else math.exp(_crossing(centres, profile, high, high + 1)),
        0.0 if set(grokked / of) <= {0.0, 1.0} else float(width),
        int(of.sum()),
    )


def _log_likelihood(
    logs: np.ndarray, grokked: np.ndarray, of: np.ndarray, centres: np.ndarray, widths: np.ndarray
) -> np.ndarray:
    """Return the log-likelihood, shape (centres, widths)."""
    z = (logs - centres[:, None, None]) / widths[:, None]
    log_shares, log_rests = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    return np.asarray(log_shares @ grokked + log_rests @ (of - grokked))


def _ends(holds: np.ndarray) -> tuple[int, int]:
    places = np.flatnonzero(holds)
    return int(places[0]), int(places[-1])


def _crossing(centres: np.ndarray, profile: np.ndarray, inner: int, outer: int) -> float:
    """Return where the profile comes by the threshold between two neighbours of the grid."""
    threshold = profile.max() - DEVIANCE / 2
    share = (profile[inner] - threshold) / (profile[inner] - profile[outer])
    return float(centres[inner] + share * (centres[outer] - centres[inner]))
