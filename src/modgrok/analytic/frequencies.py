"""Frequencies: which ones an exact network should carry, so that the smallest margin is as large as can be.

With exact phases the logit of class q at argument t is L[t, q] = sum_{t': R[q, t'] = 1} K(t - t'), where
K(d) = sum_f w_f cos(2 pi f d/m) and sum w_f = 1. The margin is min_t (L[t, h(t)] - max_{q != h(t)} L[t, q]).

Owns: that margin, exact in float64, and the choice of frequencies. How weights fall to frequencies is
`waves.frequency_weights`; what float32 leaves of the margin is `precision`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb, gcd

import numpy as np

from .characters import Factors, angles, representatives
from .subsets import fewest, highest
from .waves import block, raw_weight

EXHAUSTIVE = 200_000
"""Up to this many sets (after symmetry) every set of frequencies is tried."""

GAPS = 4_000_000
"""How many numbers the search on a product of groups keeps in memory."""


@dataclass(frozen=True, eq=False)
class Separation:
    """What the logits must tell apart.

    Attributes:
        order: m, the order of the group.
        label: int64 (m,), class of each argument.
        reach: bool (m,), the arguments that occur.
        preimages: float64 (c, m), the readout R (`readout.preimages`).
        factors: orders of the cyclic factors, () for Z_m.
    """

    order: int
    label: np.ndarray
    reach: np.ndarray
    preimages: np.ndarray
    factors: Factors = ()

    @property
    def plain(self) -> bool:
        """Whether every class reads at most one argument: then only differences of arguments matter."""
        return bool((self.preimages.sum(axis=1) <= 1).all())

    @property
    def candidates(self) -> tuple[int, ...]:
        """The frequencies worth carrying: one of each pair f, -f.

        0 only where class sizes differ or nothing else is left.
        """
        every = representatives(self.order, self.factors)
        return every if not self.plain or self.order == 1 else every[1:]

    @property
    def countable(self) -> bool:
        """Whether sets can be compared by differences in Z_m alone."""
        return self.plain and not self.factors


@dataclass(frozen=True)
class Choice:
    """Frequencies, the margin they give at unit peak, and whether every set of that size was tried."""

    frequencies: tuple[int, ...]
    margin: float
    exhaustive: bool


def margin(problem: Separation, frequencies: Sequence[int]) -> float:
    """Return the smallest margin of the exact network on nonzero inputs, in float64, at unit peak.

    Example:
        >>> n, all_ = np.arange(5), np.ones(5, bool)
        >>> round(margin(Separation(5, n, all_, np.eye(5)), (1,)), 6)  # 1 - cos(2 pi/5)
        0.690983

    Source: docs/exact-networks.md.
    """
    total = sum((_raw_logits(problem, f) for f in frequencies), start=np.zeros(()))
    return _relative(problem, total, frequencies)


def choose(problem: Separation, count: int) -> Choice:
    """Choose `count` frequencies with the largest smallest margin.

    All sets are compared where at most `EXHAUSTIVE` remain; multiplication by a unit of Z_m permutes the
    arguments and leaves margins unchanged when every argument occurs and is its own class, so there one
    frequency may be taken to divide m. Beyond that: greedy growth, then swaps of one frequency until none
    helps; on a product of groups swaps from random starts.

    Arguments:
        problem: what to separate.
        count: how many frequencies, 1..number of candidates.

    Raises:
        ValueError: count out of range.

    Example:
        >>> problem = Separation(7, np.arange(7), np.ones(7, bool), np.eye(7))
        >>> choose(problem, 3)  # doctest: +ELLIPSIS
        Choice(frequencies=(1, 2, 3), margin=1.16666..., exhaustive=True)
    """
    pool = problem.candidates
    if not 1 <= count <= len(pool):
        raise ValueError(
            f"frequencies: their number must be 1 to {len(pool)} at order {problem.order}, got {count}"
        )
    if count == len(pool):
        return Choice(pool, margin(problem, pool), True)
    if problem.factors:
        sample, gaps, weights = _gaps(problem, count)
        chosen = tuple(sample[i] for i in highest(gaps, weights, count))
        return Choice(chosen, margin(problem, chosen), False)
    if problem.countable and comb(len(pool), count) // _symmetry(problem) <= EXHAUSTIVE:
        best = _best_of_all(problem, count)
        return Choice(best, margin(problem, best), True)
    best = _swapped(problem, next(islice(greedy(problem), count - 1, None)))
    return Choice(best, margin(problem, best), False)


def smallest(problem: Separation, floor: float) -> Choice:
    """Find few frequencies whose margin exceeds a floor.

    The first count at which `choose` succeeds; or, where classes read several arguments, the first greedy set
    that succeeds, made smaller as long as swaps or some random starts (seeded) find a set that still does.
    On a product of groups: random starts with swaps at every size that bisection visits (`subsets`). Not
    proved to be the fewest in these cases.

    Raises:
        ValueError: not even all frequencies reach the floor (a floor of 1 or more).
    """
    pool = problem.candidates
    choice: Choice | None
    if problem.factors:
        choice = _fewest_of_sample(problem, floor)
    elif problem.countable:
        choices = (choose(problem, count) for count in range(1, len(pool) + 1))
        choice = next((c for c in choices if c.margin > floor), None)
    else:
        sets = next((s for s in greedy(problem) if margin(problem, s) > floor), None)
        choice = None if sets is None else _thinned(problem, sets, floor)
    if choice is None:
        raise ValueError(f"floor: must be below the margin of all frequencies, got {floor}")
    return choice


def greedy(problem: Separation) -> Iterator[tuple[int, ...]]:
    """Yield nested sets, each the last one plus the frequency that raises the smallest margin most.

    Above order 256 that choice is among 32 drawn frequencies, to bound time and memory; the others follow.
    """
    waves = {f: _raw_logits(problem, f) for f in _pool(problem)}
    chosen: tuple[int, ...] = ()
    total = np.zeros(next(iter(waves.values())).shape)
    while len(chosen) < len(waves):
        rest = [f for f in waves if f not in chosen]
        f = max(rest, key=lambda f: _relative(problem, total + waves[f], (*chosen, f)))
        chosen, total = (*chosen, f), total + waves[f]
        yield tuple(sorted(chosen))
    for f in problem.candidates:
        if f not in chosen:
            chosen = (*chosen, f)
            yield tuple(sorted(chosen))


def _pool(problem: Separation) -> tuple[int, ...]:
    """Return the candidates whose logits are kept in memory: all, or 32 drawn ones at large orders."""
    every = problem.candidates
    if problem.order <= 256:
        return every
    sample = np.random.default_rng(0).choice(every[1:], 31, replace=False)
    return (every[0], *sorted(int(f) for f in sample))


def _raw_logits(problem: Separation, f: int) -> np.ndarray:
    """Return one frequency's share of L over the arguments that occur, before division by all weights."""
    m = problem.order
    angle = angles(m, problem.factors, f, np.arange(m))
    c, s = np.cos(angle), np.sin(angle)
    t = problem.reach
    wave = np.outer(c[t], problem.preimages @ c) + np.outer(s[t], problem.preimages @ s)
    return raw_weight(m, f, problem.factors) * wave


def _right_minus_rest(problem: Separation, logits: np.ndarray) -> np.ndarray:
    rows, label = np.arange(len(logits)), problem.label[problem.reach]
    right = logits[rows, label]
    rest = logits.copy()
    rest[rows, label] = -np.inf
    return right - rest.max(axis=1)


def _relative(problem: Separation, logits: np.ndarray, frequencies: Sequence[int]) -> float:
    scale = sum(raw_weight(problem.order, f, problem.factors) for f in frequencies)
    return float(_right_minus_rest(problem, logits).min(initial=np.inf)) / scale


def _fewest_of_sample(problem: Separation, floor: float) -> Choice | None:
    """Find few characters of a product of groups, among all or those drawn."""
    sample: tuple[int, ...] = ()
    solution = None
    while solution is None and len(sample) < len(problem.candidates):
        sample, gaps, weights = _gaps(problem, 2 * len(sample))
        k = 2  # the order of costs is the same for every number of operands
        costs = np.array([block(problem.order, k, f, problem.factors)[0].shape[1] for f in sample])
        solution = fewest(gaps, weights, costs, floor)
    if solution is None:
        return None
    chosen = tuple(sample[i] for i in solution)
    return Choice(chosen, margin(problem, chosen), False)


def _gaps(problem: Separation, least: int) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
    """Tabulate what each character adds to every gap: characters, gaps (n, pairs), weights (n,).

    Silent classes count once. Above `GAPS` numbers only some characters are drawn (seeded), `least` or more.
    """
    every, label = problem.candidates, problem.label[problem.reach]
    heard = np.flatnonzero(problem.preimages.any(axis=1))
    silent = np.setdiff1d(np.arange(len(problem.preimages)), heard)[:1]
    classes = np.concatenate([heard, silent])
    wrong = classes != label[:, None]
    size = max(least, 8, GAPS // max(1, int(wrong.sum())))
    if size < len(every):
        others = np.random.default_rng(0).choice(every[1:], size - 1, replace=False)
        every = (every[0], *sorted(int(f) for f in others))
    rows = np.arange(len(label))[:, None]
    gaps = []
    for f in every:
        logits = _raw_logits(problem, f)
        gaps.append((logits[rows, label[:, None]] - logits[:, classes])[wrong])
    weights = np.array([raw_weight(problem.order, f, problem.factors) for f in every])
    return every, np.stack(gaps), weights


def _symmetry(problem: Separation) -> int:
    """Return how many units, up to sign, leave every margin as it is; 1 where classes break the symmetry."""
    if not (problem.plain and problem.reach.all()):
        return 1
    m = problem.order
    return max(1, sum(gcd(a, m) == 1 for a in range(m)) // 2)


def _differences(problem: Separation) -> np.ndarray:
    """List |d|, d = t - t' != 0, for arguments t that occur and t' that a class reads."""
    m = problem.order
    read = problem.preimages.any(axis=0)
    t, other = np.flatnonzero(problem.reach), np.flatnonzero(read)
    d = np.unique((t[:, None] - other[None, :]) % m)
    return np.unique(np.minimum(d, m - d))[np.unique(np.minimum(d, m - d)) > 0]


def _best_of_all(problem: Separation, count: int) -> tuple[int, ...]:
    """Compare every set: the smallest 1 - K(d) over the differences d that occur."""
    m, pool = problem.order, np.array(problem.candidates)
    d = _differences(problem)
    weight = np.array([raw_weight(m, int(f)) for f in pool])
    fall = weight[:, None] * (1 - np.cos(2 * np.pi * (pool[:, None] * d[None, :] % m) / m))
    symmetric = _symmetry(problem) > 1
    best, winner = -np.inf, tuple(range(count))
    for sets in _batches(pool, count, symmetric, m):
        total = fall[sets[:, 0]].copy()
        for column in sets.T[1:]:
            total += fall[column]
        score = total.min(axis=1, initial=np.inf) / weight[sets].sum(axis=1)
        i = int(score.argmax())
        if score[i] > best + 1e-12:
            best, winner = float(score[i]), tuple(int(x) for x in sets[i])
    return tuple(sorted(int(pool[i]) for i in winner))


def _batches(pool: np.ndarray, count: int, symmetric: bool, m: int) -> Iterator[np.ndarray]:
    """Yield index sets in arrays; with symmetry only those whose smallest divisor-frequency is among them."""
    leaders = [i for i, f in enumerate(pool) if m % f == 0] if symmetric else [None]
    for leader in leaders:
        others = [i for i in range(len(pool)) if i != leader]
        size = count if leader is None else count - 1
        head = () if leader is None else (leader,)
        sets = combinations(others, size)
        while block := list(islice(sets, 4096)):
            yield np.array([(*head, *s) for s in block], dtype=np.int64).reshape(len(block), count)


def _swapped(problem: Separation, start: tuple[int, ...]) -> tuple[int, ...]:
    """Exchange one frequency at a time while the margin grows."""
    waves = {f: _raw_logits(problem, f) for f in {*_pool(problem), *start}}
    chosen, best = start, margin(problem, start)
    improved = True
    while improved:
        improved = False
        for old in chosen:
            remaining = tuple(f for f in chosen if f != old)
            base = sum((waves[f] for f in remaining), start=np.zeros_like(waves[old]))
            rest = [f for f in waves if f not in chosen]
            scores = [_relative(problem, base + waves[f], (*remaining, f)) for f in rest]
            if rest and max(scores) > best + 1e-12:
                best, chosen = max(scores), (*remaining, rest[int(np.argmax(scores))])
                improved = True
                break
    return tuple(sorted(chosen))


def _thinned(problem: Separation, start: tuple[int, ...], floor: float) -> Choice:
    """Drop frequencies one by one while swaps, then fresh starts, find a set that stays above the floor."""
    chosen, rng = start, np.random.default_rng(0)
    while len(chosen) > 1:
        size = len(chosen) - 1
        drops = [tuple(f for f in chosen if f != old) for old in chosen]
        best = max(drops, key=lambda s: margin(problem, s))
        fresh = (rng.choice(problem.candidates, size, replace=False) for _ in range(_restarts(problem)))
        tries = (best, *(tuple(sorted(int(f) for f in s)) for s in fresh))
        thinned = next((s for t in tries if margin(problem, s := _improved(problem, t, floor)) > floor), None)
        if thinned is None:
            break
        chosen = thinned
    return Choice(chosen, margin(problem, chosen), False)


def _improved(problem: Separation, start: tuple[int, ...], floor: float) -> tuple[int, ...]:
    return start if margin(problem, start) > floor else _swapped(problem, start)


def _restarts(problem: Separation) -> int:
    """Return how many random starts to afford at each size: about a second in all at order 97."""
    return 40 if problem.order <= 128 else 0
