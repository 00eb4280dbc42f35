"""Verification: what is counted, chunks, domains and errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from analytic_oracle import logits64

from modgrok.analytic import additive, rounding_bound, verify, weighted_sum
from modgrok.analytic.waves import exact_waves, random_waves

N = np.arange(7)
SUM = (N[:, None] + N) % 7


def right(x):
    return jax.nn.one_hot(x.sum(axis=1) % 7, 7)


@pytest.mark.parametrize("chunk", [1, 6, 7, 48, 49, 50, 4096])
def test_every_chunk_size_counts_the_same(chunk):
    net = additive(weighted_sum(7, (1, 1)), random_waves(7, 2, 12, np.random.default_rng(4)))
    whole, parts = verify(net, SUM, 7), verify(net, SUM, 7, chunk=chunk)
    assert (parts.inputs, parts.errors) == (49, whole.errors)
    assert parts.margin == pytest.approx(whole.margin, abs=1e-5)
    assert parts.mse == pytest.approx(whole.mse, rel=1e-5)
    assert parts.peak == pytest.approx(whole.peak, rel=1e-5)


def test_against_numpy():
    net = additive(weighted_sum(7, (1, 1)), random_waves(7, 2, 12, np.random.default_rng(4)))
    logits = logits64(net, 2).reshape(49, 7)
    label = SUM.ravel()
    correct = logits[np.arange(49), label]
    others = np.where(np.eye(7, dtype=bool)[label], -np.inf, logits).max(axis=1)
    report = verify(net, SUM, 7)
    assert 0 < report.errors == int((correct <= others).sum())
    assert report.accuracy == 1 - report.errors / 49
    assert report.margin == pytest.approx((correct - others).min(), abs=1e-5)
    assert report.mse == pytest.approx(((logits - np.eye(7)[label]) ** 2).mean(), rel=1e-5)
    assert report.peak == pytest.approx(correct.mean(), rel=1e-5)


def test_one_wrong_answer_is_found():
    wrong = SUM.copy()
    wrong[3, 4] = 1
    report = verify(right, wrong, 7)
    assert (report.errors, report.margin) == (1, -1.0)


def test_only_the_domain_counts():
    domain = SUM.copy()
    domain[:, 0] = -1
    domain[2, 3] = -1
    wrong = domain.copy()
    wrong[1, 1] = 5
    assert verify(right, domain, 7) == verify(right, domain, 7, chunk=5)
    assert verify(right, domain, 7).inputs == 41
    assert verify(right, wrong, 7).errors == 1


def test_ties_and_nan_are_errors():
    assert verify(lambda x: jnp.zeros((len(x), 7)), SUM, 7).errors == 49
    report = verify(lambda x: right(x) * jnp.where(x[:, :1] == 0, jnp.nan, 1.0), SUM, 7)
    assert report.errors == 7
    assert np.isnan(report.margin)


@pytest.mark.parametrize("k", [1, 3, 4])
def test_other_numbers_of_operands(k):
    grid = np.indices((3,) * k).sum(axis=0) % 3
    net = additive(weighted_sum(3, (1,) * k), exact_waves(3, k, (1,)))
    report = verify(net, grid, 3, chunk=10)
    assert (report.inputs, report.errors) == (3**k, 0)
    assert report.margin == pytest.approx(1.5, abs=1e-4)


@pytest.mark.parametrize(
    ("table", "chunk", "message"),
    [
        (SUM, 0, r"chunk: must be at least 1, got 0"),
        (0 * SUM - 1, 9, r"table: must hold at least one class"),
        (SUM + 1, 9, r"table: classes must be below p = 7, got 7"),
    ],
)
def test_bad_arguments(table, chunk, message):
    with pytest.raises(ValueError, match=message):
        verify(right, table, 7, chunk=chunk)


@pytest.mark.few(2)
@pytest.mark.parametrize("p", [23, 97])
@pytest.mark.parametrize("frequencies", [(1,), (1, 2, 5)])
def test_rounding_stays_within_its_bound(p, frequencies):
    net = additive(weighted_sum(p, (1, 1)), exact_waves(p, 2, frequencies))
    n = np.arange(p)
    d = ((n[:, None] + n)[..., None] - n) % p
    ideal = sum(np.cos(2 * np.pi * f * d / p) for f in frequencies) / len(frequencies)
    inputs = jnp.asarray(np.indices((p, p)).reshape(2, -1).T)
    observed = np.abs(np.asarray(net(inputs), dtype=np.float64) - ideal.reshape(-1, p)).max()
    assert 0 < observed <= rounding_bound(net) < 2e-5


def test_no_bound_without_a_power():
    net = additive(
        weighted_sum(5, (1, 1)), random_waves(5, 2, 9, np.random.default_rng(0)), activation="relu"
    )
    with pytest.raises(ValueError, match=r"activation: must be a power for a rounding bound, got 'relu'"):
        rounding_bound(net)


@pytest.mark.long
def test_large_tables_fit():
    # p = 251 with two operands and p = 23 with four, at width 2000 and chunks of 4096
    for p, k in ((251, 2), (23, 4)):
        grid = np.indices((p,) * k).sum(axis=0) % p
        net = additive(weighted_sum(p, (1,) * k), random_waves(p, k, 2000, np.random.default_rng(0)))
        assert verify(net, grid, p).inputs == p**k
