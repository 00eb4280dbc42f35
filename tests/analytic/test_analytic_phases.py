"""Exact phases: every leftover wave vanishes, and no smaller set does."""

from itertools import product

import numpy as np
import pytest

from modgrok.analytic.designs import gram_bound, smallest_group
from modgrok.analytic.phases import exact_phases, leftover_characters, random_phases, residual


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_exact_phases_cancel_every_leftover(k):
    phases = exact_phases(k)
    assert phases.shape == (k, (k + 1) * 2 ** (k - 1))
    assert residual(phases) < 1e-12


@pytest.mark.parametrize("k", [1, 2, 3])
def test_leftover_characters_are_all_waves_of_the_expansion(k):
    # Fourier coefficients of (sum cos x_s)^k on a grid finer than its degree, computed numerically
    size = 2 * k + 2
    x = 2 * np.pi * np.arange(size) / size
    grid = np.meshgrid(*[x] * k, indexing="ij")
    spectrum = np.fft.fftn(sum(np.cos(g) for g in grid) ** k) / size**k
    present = {
        tuple(r if r <= k else r - size for r in index)
        for index in product(range(size), repeat=k)
        if abs(spectrum[index]) > 1e-9
    }
    ours = {tuple(int(x) for x in c + 1) for c in leftover_characters(k)}
    assert ours == present - {(1,) * k}


def test_six_neurons_by_hand():
    # the design of the issue: (phi_1, phi_2) = 2 pi (j/6, 4j/6)
    j = np.arange(6)
    assert residual(2 * np.pi * np.array([j, 4 * j]) / 6) < 1e-14
    # one step off, (j/6, 5j/6), the sum of both phases never turns: the characters (-1,-1) and (-2,-2) stay
    assert residual(2 * np.pi * np.array([j, 5 * j]) / 6) == pytest.approx(1)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("drop", [0, 1])
def test_a_missing_neuron_leaves_waves(k, drop):
    phases = np.delete(exact_phases(k), drop, axis=1)
    assert residual(phases) > 1 / (2 * exact_phases(k).shape[1])


def test_random_phases_are_nested_and_leave_noise():
    wide = random_phases(2, 500, np.random.default_rng(3))
    assert np.array_equal(wide[:, :50], random_phases(2, 50, np.random.default_rng(3)))
    assert 0.01 < residual(wide) < 0.2


@pytest.mark.parametrize("k", [0, 13])
def test_operands_out_of_range(k):
    with pytest.raises(ValueError, match=rf"operands: must be 1 to 12 for exact phases, got {k}"):
        exact_phases(k)


@pytest.mark.parametrize(("k", "neurons"), [(1, 2), (2, 6), (3, 16)])
def test_no_smaller_group_is_exact(k, neurons):
    assert smallest_group(k, neurons - 1) is None
    result = smallest_group(k, neurons, start=neurons)
    assert result is not None
    assert result.neurons == neurons == exact_phases(k).shape[1]
    assert result.phases.shape == (k, neurons)
    assert residual(result.phases) < 1e-12


@pytest.mark.long
def test_no_smaller_group_is_exact_for_four_operands():
    # below 36 the bound for arbitrary phases holds already
    assert smallest_group(4, 39, start=36) is None
    result = smallest_group(4, 40, start=40)
    assert result is not None
    assert residual(result.phases) < 1e-12


@pytest.mark.parametrize(("k", "bound"), [(1, 2), (2, 6), (3, 15)])
def test_gram_bound(k, bound):
    assert gram_bound(k) == bound


@pytest.mark.long
def test_gram_bound_for_four_operands():
    assert gram_bound(4) == 36


@pytest.mark.parametrize("k", [1, 2])
def test_lattice_search_agrees_with_brute_force_over_cyclic_groups(k):
    characters = leftover_characters(k)

    def exists(n):
        vectors = product(range(2 * n), repeat=k)  # phases pi a j / n: shifting all by pi is the same neuron
        return any(
            (characters @ np.array(a) % (2 * n) != 0).all() for a in vectors if len({x % 2 for x in a}) == 1
        )

    smallest = next(n for n in range(1, 20) if exists(n))
    result = smallest_group(k, 20)
    assert result is not None
    assert result.neurons == smallest
