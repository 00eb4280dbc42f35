"""Every measure at random weights and on the closed form, as it declares; counted accuracy; pursuit."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.algebra import additive_basis, multiplicative_basis, natural_basis
from modgrok.learners import GROUPS, loss_named, make_problem
from modgrok.measures import (
    MEASURES,
    PHASE_BINS,
    Measure,
    accuracy,
    basis_of,
    bin_of,
    frequency_histogram,
    ipr,
    make_fourier_frames,
    phase_coherence,
    phase_histogram,
    phase_sums,
    spectra,
    tally,
)
from modgrok.measures.accuracy import label_is_greatest
from modgrok.models import MLP
from modgrok.tasks import split_task, task_from_expression

P, WIDTH = 31, 400


def random_weights(p: int = P, k: int = 2) -> MLP:
    first, second = jax.random.split(jax.random.key(3))
    return MLP(jax.random.normal(first, (k, p, WIDTH)), jax.random.normal(second, (p, WIDTH)))


def closed_form(g: tuple[np.ndarray, ...], h: np.ndarray, order: int, drop: int | None = None) -> MLP:
    """Gromov's Eq. 6-7 through labels g and readout h; values labelled -1 get zero rows."""
    rng = np.random.default_rng(5)
    f = rng.integers(1, (order + 1) // 2, WIDTH)  # at n/2 a wave has no free phase
    phases = rng.uniform(-np.pi, np.pi, (len(g), WIDTH))
    waves = [
        np.where(labels[:, None] >= 0, np.cos(2 * np.pi * np.outer(labels, f) / order + phase), 0)
        for labels, phase in zip(g, phases, strict=True)
    ]
    readout = np.zeros((len(g[0]), WIDTH))
    np.add.at(readout, h, np.cos(2 * np.pi * np.outer(np.arange(order), f) / order + phases.sum(0)))
    return MLP(jnp.asarray(np.array(waves), jnp.float32), jnp.asarray(readout, jnp.float32))


OF_WEIGHTS = [measure for measure in MEASURES if measure.reads in ("two_layer_weights", "weights")]


@pytest.mark.parametrize("measure", OF_WEIGHTS, ids=lambda m: m.name)
def test_declared_values(measure: Measure) -> None:
    identity = np.arange(P)
    frames = make_fourier_frames(natural_basis(P, 2))
    low, high = measure.range(P)
    noise, waves = random_weights(), closed_form((identity, identity), identity, P)
    for net in (noise, waves):
        assert low <= float(measure.function(net, frames)) <= high
    if measure.random_value is not None:
        assert float(measure.function(noise, frames)) == pytest.approx(
            measure.random_value(P, WIDTH), abs=0.08, rel=0.1
        )
    if measure.closed_form_value is not None:
        assert float(measure.function(waves, frames)) == pytest.approx(measure.closed_form_value(P), abs=1e-4)


def test_ipr_of_random_rows_at_97() -> None:
    """Papers: 0.040 for Gaussian rows of the real DFT at p = 97."""
    assert float(ipr(random_weights(97), make_fourier_frames(natural_basis(97, 2)))) == pytest.approx(
        0.040, abs=0.001
    )


def test_a_multiplicative_network_is_read_in_logarithms() -> None:
    identity = np.arange(P)
    basis = multiplicative_basis((identity, identity), identity)
    net = closed_form(basis.operands, basis.outputs, basis.order)
    assert float(ipr(net, make_fourier_frames(basis))) == pytest.approx(1, abs=1e-4)
    assert float(phase_coherence(net, make_fourier_frames(basis))) == pytest.approx(1, abs=1e-4)
    assert float(ipr(net, make_fourier_frames(natural_basis(P, 2)))) < 0.2


def test_squares_are_read_through_squares() -> None:
    """The closed form of x^2 + y^2 looks random in natural order (papers: 0.052 at 97); in its own, 1."""
    squares, identity = np.arange(P) ** 2 % P, np.arange(P)
    basis = additive_basis((squares, squares), identity)
    net = closed_form(basis.operands, basis.outputs, P)
    assert float(ipr(net, make_fourier_frames(basis))) == pytest.approx(1, abs=1e-4)
    assert float(phase_coherence(net, make_fourier_frames(basis))) == pytest.approx(1, abs=1e-4)
    assert float(ipr(net, make_fourier_frames(natural_basis(P, 2)))) < 0.5


def test_phase_sums_and_histograms() -> None:
    identity = np.arange(P)
    frames = make_fourier_frames(natural_basis(P, 2))
    net = closed_form((identity, identity), identity, P)
    result = spectra(net, frames)
    assert float(jnp.abs(phase_sums(result)).max()) < 1e-3
    assert phase_histogram(result).tolist() == [WIDTH * (i == PHASE_BINS // 2) for i in range(PHASE_BINS)]
    assert bin_of(jnp.array([-jnp.pi, -3.0, 0.0, 3.0, 3.14159])).tolist() == [0, 0, 12, 24, 24]
    rng = np.random.default_rng(5)
    expected = np.bincount(rng.integers(1, (P + 1) // 2, WIDTH), minlength=P // 2 + 1)[1:]
    assert frequency_histogram(result).tolist() == expected.tolist()


def test_pursuit_separates_two_overlapping_waves() -> None:
    squares, identity = np.arange(P) ** 2 % P, np.arange(P)
    frames = make_fourier_frames(additive_basis((squares, identity), identity))
    wave = lambda f, labels: np.cos(2 * np.pi * f * labels / P)  # noqa: E731
    rows = np.stack([3 * wave(2, squares) + wave(9, squares), wave(4, squares)], axis=1)
    net = MLP(jnp.asarray(np.array([rows, rows]), jnp.float32), jnp.asarray(rows, jnp.float32))
    power = np.asarray(spectra(net, frames).power)[0]
    assert power[0].argmax() == 2
    assert power[0, 2] + power[0, 9] > 0.9
    assert power[1, 4] == pytest.approx(1, abs=1e-5)


def test_a_neuron_outside_the_basis_does_not_count() -> None:
    """The zero neuron of a product sits on the value 0, which has no logarithm; rounding dust is no wave."""
    identity = np.arange(P)
    basis = multiplicative_basis((identity, identity), identity)
    net = closed_form(basis.operands, basis.outputs, basis.order)
    embedding = net.embedding.at[:, :, 0].set(1e-9 * net.embedding[:, :, 1]).at[:, 0, 0].set(1.0)
    readout = net.readout.at[:, 0].set(0.0).at[0, 0].set(1.0)
    result = spectra(MLP(embedding, readout), make_fourier_frames(basis))
    assert result.whole.tolist() == [False] + [True] * (WIDTH - 1)
    assert float(ipr(MLP(embedding, readout), make_fourier_frames(basis))) == pytest.approx(1, abs=1e-4)
    assert float(phase_coherence(MLP(embedding, readout), make_fourier_frames(basis))) == pytest.approx(
        1, abs=1e-4
    )
    assert int(phase_histogram(result).sum()) == WIDTH - 1


def test_zero_neurons_do_not_count() -> None:
    identity = np.arange(P)
    net = closed_form((identity, identity), identity, P)
    half = MLP(net.embedding.at[:, :, ::2].set(0), net.readout.at[:, ::2].set(0))
    assert float(ipr(half, make_fourier_frames(natural_basis(P, 2)))) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("chunk", [10, 49, 16_384])
def test_accuracy_is_counted_exactly(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "CHUNK", chunk)
    task = task_from_expression("x*y", 7)
    split = split_task(task, 0.5, np.random.PCG64(0), corruption=0.5, noise=np.random.PCG64(1))
    problem = make_problem(task, split)
    net = random_weights(7)
    result = tally(net, loss_named("mse"), problem)
    logits = np.asarray(net(problem.all_inputs))
    right = logits.argmax(1) == np.asarray(problem.all_labels)
    losses = ((logits - np.eye(7)[np.asarray(problem.all_labels)]) ** 2).mean(1)
    for name, members, correct, size, loss in zip(
        GROUPS, np.asarray(problem.groups), result.correct, result.size, result.loss, strict=True
    ):
        assert int(correct) == int((right & members).sum()), name
        assert int(size) == int(members.sum()), name
        assert float(loss) == pytest.approx(losses[members].mean(), rel=1e-5), name


@pytest.mark.parametrize(
    ("text", "name"),
    [("x + y", "additive"), ("x - y", "additive"), ("x*y", "multiplicative"), ("x^2 + x*y + y^2", "natural")],
)
def test_bases_of_tasks(text: str, name: str) -> None:
    task = task_from_expression(text, 11)
    basis = basis_of(task.table, 11)
    assert basis.name == name
    if name != "natural":
        for x in range(11):
            for y in range(11):
                a, b = basis.operands[0][x], basis.operands[1][y]
                if a >= 0 and b >= 0:
                    assert basis.outputs[(a + b) % basis.order] == task.table[x, y]


def test_a_label_is_answered_where_argmax_is_it() -> None:
    rows = np.array(list(itertools.product([-1.0, 0.0, 2.0, np.inf, -np.inf], repeat=3)), np.float32)
    for label in range(3):
        labels = np.full(len(rows), label, np.int32)
        right = np.asarray(jax.jit(label_is_greatest)(jnp.asarray(rows), jnp.asarray(labels)))
        assert (right == (rows.argmax(axis=1) == label)).all()
    missing = jnp.array([[np.nan, 0.0], [0.0, np.nan]], jnp.float32)
    assert not label_is_greatest(missing, jnp.array([0, 1])).any()
