"""Furuta et al. 2024: its plans at every budget, and the explanation of multiplication's bias."""

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.algebra import exponential_table
from modgrok.measures import make_token_basis
from modgrok.measures.fourier.coefficient_ratio import coefficient_ratio
from modgrok.measures.fourier.token_waves import wave_norms
from modgrok.papers import crosscut
from modgrok.papers.claims.claim import BUDGETS
from modgrok.papers.furuta2024 import paper as furuta2024
from modgrok.papers.furuta2024.elementary import parity_ratio


def characters(p: int, sizes: dict[int, float]) -> np.ndarray:
    """Put multiplicative waves of these numbers and sizes into dimensions of their own; 0 is their mean."""
    log = np.zeros(p, int)
    log[exponential_table(p)] = np.arange(p - 1)
    angle = 2 * np.pi * log[1:] / (p - 1)
    columns = [size * wave(number * angle) for number, size in sizes.items() for wave in (np.cos, np.sin)]
    return np.vstack([np.zeros(len(columns)), np.stack(columns, axis=1)])


@pytest.mark.parametrize("p", [7, 13, 37])
def test_fcr_of_multiplicative_waves_follows_from_their_parity(p):
    embedding = characters(p, {1: 0.8, 2: 2.0})
    fcr = float(coefficient_ratio(wave_norms(jnp.asarray(embedding), make_token_basis(p).natural)))
    assert parity_ratio(embedding) == pytest.approx(0.4, abs=1e-5)
    assert fcr == pytest.approx(0.4, abs=1e-5)


def test_even_characters_alone_have_no_sines():
    assert parity_ratio(characters(13, {2: 1.0, 4: 0.5})) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("claim", [*furuta2024.CLAIMS, *crosscut.CLAIMS], ids=lambda claim: claim.id)
def test_plans_are_runs_that_can_be_made(claim):
    for budget in BUDGETS:
        plan = claim.groups(budget)
        assert all(needed in plan for group in plan.values() for needed in group.needs)
        assert all(group.members() for group in plan.values())
