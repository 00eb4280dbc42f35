"""Frequencies: the margin formula against logits, the search against brute force."""

from itertools import combinations

import numpy as np
import pytest

from modgrok.analytic.frequencies import EXHAUSTIVE, Separation, choose, greedy, margin, smallest
from modgrok.analytic.readout import preimages


def problem(m, h=None, reach=None, classes=None):
    h = np.arange(m) if h is None else np.asarray(h)
    reach = np.ones(m, bool) if reach is None else reach
    classes = classes or max(m, int(h.max()) + 1)
    return Separation(m, h, reach, preimages(h, reach, classes, "reachable"))


def slow_margin(problem, frequencies):
    m = problem.order
    weight = {f: 1 if 2 * f % m == 0 else 2 for f in frequencies}
    kernel = [
        sum(w * np.cos(2 * np.pi * f * d / m) for f, w in weight.items()) / sum(weight.values())
        for d in range(m)
    ]
    worst = np.inf
    for t in np.flatnonzero(problem.reach):
        logits = [sum(kernel[(t - u) % m] for u in np.flatnonzero(row)) for row in problem.preimages]
        right = logits.pop(problem.label[t])
        worst = min(worst, right - max(logits))
    return worst


@pytest.mark.parametrize("m", [5, 6, 12, 13])
def test_margin_is_what_the_kernel_says(m):
    rng = np.random.default_rng(m)
    for _ in range(5):
        h, reach = rng.integers(0, m, m), rng.random(m) < 0.7
        reach[0] = True
        case = problem(m, h, reach)
        frequencies = tuple(int(f) for f in rng.permutation(m // 2 + 1)[:3])
        assert margin(case, frequencies) == pytest.approx(slow_margin(case, frequencies), abs=1e-12)


@pytest.mark.parametrize("m", [9, 12, 13, 16])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_symmetry_loses_no_set(m, count):
    case = problem(m)
    best = max(slow_margin(case, s) for s in combinations(range(1, m // 2 + 1), count))
    result = choose(case, count)
    assert result.exhaustive
    assert result.margin == pytest.approx(best, abs=1e-12)


def test_only_differences_that_occur_matter():
    # squares mod 13: seven arguments; a set that is best for all differences need not be best for these
    n = np.arange(13)
    reach = np.zeros(13, bool)
    reach[[0, 1, 3]] = True
    case = problem(13, n, reach)
    result = choose(case, 1)
    best = max(slow_margin(case, (f,)) for f in range(1, 7))
    assert result.margin == pytest.approx(best, abs=1e-12)
    assert result.margin > choose(problem(13), 1).margin


@pytest.mark.parametrize(("count", "low"), [(1, 0.00209), (2, 0.102), (3, 0.318), (4, 0.478)])
def test_margins_at_97(count, low):
    result = choose(problem(97), count)
    assert result.exhaustive
    assert result.margin == pytest.approx(low, abs=1e-3)


def test_local_search_says_so_and_beats_greedy():
    case = problem(97)
    result = choose(case, 10)
    assert not result.exhaustive
    start = next(s for s in greedy(case) if len(s) == 10)
    assert result.margin >= margin(case, start)
    assert EXHAUSTIVE >= 1


def test_all_frequencies_tell_everything_apart():
    for m, h in ((7, [0] * 7), (8, [0, 1] * 4), (9, list(range(9)))):
        case = problem(m, h)
        everything = tuple(range(m // 2 + 1))
        assert margin(case, everything) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("m", [13, pytest.param(31, marks=pytest.mark.long)])
def test_smallest_exceeds_its_floor(m):
    n = np.arange(m)
    for h in (n, n * n % m, n**3 % m, n // 5, 0 * n):
        for floor in (1e-4, 0.2):
            result = smallest(problem(m, h), floor)
            assert result.margin > floor
            assert margin(problem(m, h), result.frequencies) == pytest.approx(result.margin, abs=1e-12)


def test_swaps_end_where_no_margin_is_positive():
    n = np.arange(31)
    result = choose(problem(31, n * n % 31), 2)
    assert result.margin < 0
    assert result.margin == pytest.approx(slow_margin(problem(31, n * n % 31), result.frequencies), abs=1e-12)


@pytest.mark.long
def test_squares_at_97_take_seven_frequencies():
    n = np.arange(97)
    assert len(smallest(problem(97, n * n % 97), 1e-4).frequencies) <= 7


def test_an_impossible_floor():
    with pytest.raises(ValueError, match=r"floor: must be below the margin of all frequencies, got 2.0"):
        smallest(problem(7), 2.0)


@pytest.mark.parametrize("count", [0, 49])
def test_count_out_of_range(count):
    with pytest.raises(
        ValueError, match=rf"frequencies: their number must be 1 to 48 at order 97, got {count}"
    ):
        choose(problem(97), count)
