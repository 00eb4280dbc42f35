"""Circuits over all pairs: parts of logits, key frequencies, neurons, attention, clock and pizza."""

from __future__ import annotations

import doctest
import importlib
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.algebra import additive_basis, multiplicative_basis, natural_basis
from modgrok.measures.circuit.circuit import (
    CIRCUIT_MEASURES,
    Circuit,
    attention_maps,
    circuit_numbers,
    circuit_of,
)
from modgrok.measures.circuit.distance_irrelevance import distance_irrelevance
from modgrok.measures.circuit.gradient_symmetricity import gradient_symmetricity, random_triples
from modgrok.measures.circuit.key_frequencies import (
    ablation_loss_increase,
    key_frequencies,
    neuron_key_frequencies,
)
from modgrok.measures.circuit.logit_attribution import correct_class_logit, logit_attribution
from modgrok.measures.circuit.logit_parts import SumLogits, split_logits
from modgrok.measures.circuit.neuron_frequencies import (
    frequency_shares,
    shares_of_sums,
    single_frequency_share,
)
from modgrok.measures.circuit.pair_grid import PairGrid, pair_grid
from modgrok.measures.circuit.pair_reading import PairActivations
from modgrok.measures.circuit.restricted_loss import (
    COMBINATIONS,
    changed_losses,
    cross_entropy_of,
    restricted_losses,
)
from modgrok.models.transformer import Block, Transformer, length_of

P = 13
N = np.arange(P)


def grid_of(text: str) -> PairGrid:
    """The grid of a task with its basis written out."""
    if text == "x*y":
        return pair_grid(multiplicative_basis((N, N), N), N[:, None] * N % P)
    if text == "x - y":
        return pair_grid(additive_basis((N, -N % P), N), (N[:, None] - N) % P)
    if text == "x^2 + y^2":
        return pair_grid(additive_basis((N**2 % P, N**2 % P), N), (N[:, None] ** 2 + N**2) % P)
    return pair_grid(natural_basis(P, 2), (N[:, None] + N) % P)


def waves(grid: PairGrid, frequencies: tuple[int, ...], height: float = 5.0) -> np.ndarray:
    """Logits height * sum_k cos(2 pi k (sum - t)/n) at the class of the group element t."""
    logits = np.zeros((len(grid.sums), P))
    elements = {int(s): int(a) for s, a in zip(grid.sums, grid.targets, strict=True)}
    for t, answer in elements.items():
        for k in frequencies:
            logits[:, answer] += height * np.cos(2 * np.pi * k * (grid.sums - t) / grid.order)
    return logits


def transformer(key: int = 0, layout: str = "infix", layers: int = 1, d: int = 16) -> Transformer:
    keys = iter(jax.random.split(jax.random.key(key), 40))

    def draw(*shape: int) -> jax.Array:
        return jax.random.normal(next(keys), shape) / math.sqrt(shape[-2])

    blocks = tuple(
        Block(draw(2, d, 8), draw(2, d, 8), draw(2, d, 8), draw(2, 8, d), draw(d, 32), draw(32, d))
        for _ in range(layers)
    )
    position = draw(length_of(layout, 2), d)
    return Transformer(3 * draw(P + 2, d), position, blocks, None, draw(d, P), None, 2, layout)


@pytest.mark.parametrize("text", ["x + y", "x - y", "x*y", "x^2 + y^2"])
def test_parts_add_up_and_pure_waves_are_key(text: str) -> None:
    grid = grid_of(text)
    rng = np.random.default_rng(1)
    noise = SumLogits(rng.standard_normal((len(grid.sums), P)), grid)
    parts = split_logits(noise, [2, 3])
    np.testing.assert_allclose(sum(parts.values()), noise.logits, atol=1e-12)
    assert abs(np.vdot(parts["key"] + parts["nonkey"], parts["residual"])) < 1e-9
    if text != "x^2 + y^2":  # whose sums are not all as frequent
        assert abs(np.vdot(parts["key"], parts["nonkey"])) < 1e-9
    pure = SumLogits(waves(grid, (2, 3, 5)) + 7.0, grid)
    assert key_frequencies(ablation_loss_increase(pure)) == [2, 3, 5]
    losses = restricted_losses(pure, [2, 3, 5])
    assert losses["restricted_loss"] == pytest.approx(losses["full_loss"], rel=1e-6)
    assert losses["full_loss"] < 0.1
    assert losses["excluded_loss"] == pytest.approx(math.log(P), rel=1e-6)


def test_parts_are_those_of_the_two_dimensional_dft() -> None:
    """Independent: the coefficients at (k, k) and (-k, -k) of a 2-D FFT are the wave in x + y."""
    grid = grid_of("x + y")
    logits = np.random.default_rng(2).standard_normal((P * P, P))
    transform = np.fft.fft2(logits.reshape(P, P, P), axes=(0, 1))
    selection = np.zeros_like(transform)
    for k in (1, 4):
        selection[k, k], selection[-k, -k] = transform[k, k], transform[-k, -k]
    expected = np.fft.ifft2(selection, axes=(0, 1)).real.reshape(P * P, P)
    np.testing.assert_allclose(split_logits(SumLogits(logits, grid), [1, 4])["key"], expected, atol=1e-12)


def test_every_combination_is_the_loss_of_its_parts() -> None:
    grid = grid_of("x + y")
    logits = SumLogits(np.random.default_rng(3).standard_normal((P * P, P)), grid)
    parts = split_logits(logits, [1, 4])
    chosen = np.random.default_rng(0).random(P * P) < 0.3
    for rows in (None, chosen):
        losses = restricted_losses(logits, [1, 4], rows)
        chosen_rows = slice(None) if rows is None else rows
        for name, selection in COMBINATIONS:
            z = (sum(parts[part] + 0 * logits.logits for part in selection) + parts["constant"])[chosen_rows]
            expected = np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), grid.targets[chosen_rows]]
            assert losses[name] == pytest.approx(expected.mean(), rel=1e-12), name
    assert [m.name for m in CIRCUIT_MEASURES[: len(COMBINATIONS)]] == list(losses)
    assert losses["full_loss"] != losses["excluded_loss"]


@pytest.mark.parametrize("scale", [1.0, 40.0, 400.0])
def test_changed_losses_are_those_of_the_sum(scale: float) -> None:
    """Also of tiny losses, where exponentials would overflow, and where equal sums have several labels."""
    rng = np.random.default_rng(5)
    logits, changes = scale * rng.standard_normal((60, 7)), scale * rng.standard_normal((3, 5, 7))
    targets, sums = rng.integers(0, 7, 60), rng.integers(0, 5, 60)
    result = changed_losses(logits, targets, sums, list(changes))
    expected = [cross_entropy_of(logits + change[sums], targets) for change in changes]
    assert scale < 40 or min(map(np.min, expected)) < 1e-12
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=0)


def test_cross_entropy_of_small_and_large_losses() -> None:
    logits = np.array([[60.0, 0.0, 0.0], [0.0, 500.0, 0.0], [-800.0, 0.0, -900.0]])
    result = cross_entropy_of(logits, np.array([0, 0, 0]))
    np.testing.assert_allclose(result, [2 * np.exp(-60.0), 500.0, 800.0], rtol=1e-12)


def test_attribution_adds_up_to_the_right_logit() -> None:
    grid = grid_of("x + y")
    pure = SumLogits(waves(grid, (2, 5), 3.0), grid)
    result = logit_attribution(pure)
    assert result[[1, 4]] == pytest.approx([3, 3])
    assert result.sum() == pytest.approx(correct_class_logit(pure))
    mixed = SumLogits(np.random.default_rng(4).standard_normal((P * P, P)), grid)
    rest = SumLogits(mixed.residual + mixed.constant, grid)
    assert logit_attribution(mixed).sum() + correct_class_logit(rest) == pytest.approx(
        correct_class_logit(mixed)
    )


@pytest.mark.parametrize("text", ["x + y", "x*y", "x^2 + y^2"])
def test_neurons_of_one_frequency(text: str) -> None:
    grid = grid_of(text)
    first, second = (2 * np.pi * labels / grid.order for labels in grid.labels)
    wave = lambda a, k: np.cos(k * a + 1)  # noqa: E731
    pure = 2 + wave(first, 3)[:, None] * wave(second, 3) + wave(first, 3)[:, None]
    mixed = wave(first, 1)[:, None] * wave(second, 2)
    idle = np.full_like(pure, 0.5)
    noise = np.random.default_rng(0).standard_normal(pure.shape)
    neurons = np.stack([pure, mixed, idle, noise], axis=-1).reshape(-1, 4)
    shares = frequency_shares(neurons, grid)
    assert shares[0, 2] == pytest.approx(1)
    assert shares[2].max() == 0
    assert shares[3].max() < 0.4
    assert ((shares >= 0) & (shares <= 1 + 1e-9)).all()
    assert neuron_key_frequencies(shares) == [3]
    assert single_frequency_share(shares) == 0.25
    if text == "x + y":
        power = np.abs(np.fft.fft2(noise)) ** 2
        power[0, 0] = 0
        for k in grid.frequencies:
            selection = power[np.ix_([0, k, P - k], [0, k, P - k])].sum()
            assert shares[3, k - 1] == pytest.approx(selection / power.sum())


def test_distance_irrelevance_between_pizza_and_clock() -> None:
    grid = grid_of("x + y")
    rng = np.random.default_rng(0)
    noise = distance_irrelevance(rng.standard_normal((P * P, P)), grid)
    assert 0.8 < noise < 1.1
    of_difference = np.cos(2 * np.pi * 3 * grid.differences / P)
    assert distance_irrelevance(np.repeat(of_difference[:, None], P, 1), grid) == pytest.approx(0, abs=1e-12)
    of_sum = np.cos(2 * np.pi * 3 * grid.sums / P)
    assert distance_irrelevance(np.repeat(of_sum[:, None], P, 1), grid) == pytest.approx(1)
    assert distance_irrelevance(np.ones((P * P, P)), grid) == 0


def test_gradients_are_symmetric_where_operands_enter_alike() -> None:
    """Constant attention over x y op without positions is a pizza's sum of embeddings."""
    triples = jnp.asarray(random_triples(P, count=12))
    net = transformer(layout="equals")
    alike = eqx.tree_at(
        lambda n: (n.position, n.blocks[0].query), net, (0 * net.position, 0 * net.blocks[0].query)
    )
    assert float(gradient_symmetricity(alike, triples)) == pytest.approx(1, abs=1e-5)
    assert -1 <= float(gradient_symmetricity(net, triples)) < 0.99


@pytest.mark.long
def test_gradients_are_those_of_finite_differences() -> None:
    """At x = y the two embeddings are separate: tokens that never occur stand for them."""
    net = transformer()
    triples = np.array([[4, 4, 7]], np.int32)
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), net)
        table = wide.embedding.at[0].set(wide.embedding[4]).at[1].set(wide.embedding[4])

        d = table.shape[1]
        step = 1e-5 * jnp.concatenate([jnp.eye(d), -jnp.eye(d)])

        def logits(row: int) -> jax.Array:
            """Logit 7 with row `row` of the table moved by every step."""

            def moved(by: jax.Array) -> jax.Array:
                return eqx.tree_at(lambda n: n.embedding, wide, table.at[row].add(by))(pair)[0, 7]

            pair = jnp.array([[0, 1]])
            return jax.jit(jax.vmap(moved))(step)

        one, two = (np.asarray(logits(row)[:d] - logits(row)[d:]) for row in (0, 1))
    expected = one @ two / np.linalg.norm(one) / np.linalg.norm(two)
    result = float(gradient_symmetricity(net, jnp.asarray(triples)))
    assert result == pytest.approx(expected, abs=1e-4)


@pytest.mark.long
@pytest.mark.parametrize(("layout", "layers"), [("infix", 1), ("infix-equals", 2)])
def test_a_circuit_reads_the_network(layout: str, layers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modgrok.measures.circuit.pair_reading.CHUNK", 50)
    net = transformer(layout=layout, layers=layers)
    grid = grid_of("x*y")
    circuit = circuit_of(net, grid)
    np.testing.assert_allclose(circuit.reading.logits, net(jnp.asarray(grid.inputs)), atol=1e-4)
    maps = attention_maps(circuit)
    assert maps.shape == (layers, 2, length_of(layout, 2), P - 1, P - 1)
    np.testing.assert_allclose(maps.sum(2), 1, atol=1e-5)
    train = np.random.default_rng(0).random(len(grid.sums)) < 0.5
    numbers = circuit_numbers(circuit, circuit.key, train)
    assert list(numbers) == [m.name for m in CIRCUIT_MEASURES]
    assert all(math.isfinite(value) for value in numbers.values())
    assert numbers["single_frequency_share"] < 0.2
    assert circuit.attribution.shape == (6,)


@pytest.mark.long
def test_tasks_of_a_mixture_are_read_apart() -> None:
    net, grid = transformer(), grid_of("x + y")
    first, second = (circuit_of(net, grid, task) for task in (0, 1))
    inputs = np.column_stack([grid.inputs, np.ones(P * P, np.int32)])
    np.testing.assert_allclose(second.reading.logits, net(jnp.asarray(inputs)), atol=1e-4)
    assert np.abs(first.reading.logits - second.reading.logits).max() > 0.1
    assert gradient_symmetricity(net, jnp.asarray(random_triples(P, count=5)), 1) != gradient_symmetricity(
        net, jnp.asarray(random_triples(P, count=5)), 0
    )


def test_a_task_without_answers_somewhere() -> None:
    """Loss and attribution leave out pairs without an answer."""
    table = (N[:, None] + N) % P
    table[0] = -1
    grid = pair_grid(natural_basis(P, 2), table)
    logits = waves(grid_of("x + y"), (1, 2, 3))
    logits[:P] = np.random.default_rng(0).standard_normal((P, P)) * 100
    reading = PairActivations(logits, np.zeros((P * P, 1)), np.zeros((P * P, 1, 1, 3)))
    circuit = Circuit(transformer(), grid, reading)
    assert circuit_numbers(circuit, [1, 2, 3])["full_loss"] < 0.1
    assert np.isfinite(circuit.loss_increases).all()


@pytest.mark.parametrize(
    "name",
    [
        "pair_grid",
        "logit_parts",
        "restricted_loss",
        "key_frequencies",
        "neuron_frequencies",
        "distance_irrelevance",
        "logit_attribution",
    ],
)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"modgrok.measures.circuit.{name}"))
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("order", [7, 8])
def test_frequency_shares_by_the_fast_transform_are_those_of_projections(order: int) -> None:
    from modgrok.measures.circuit import neuron_frequencies

    n = np.arange(order)
    grid = pair_grid(additive_basis((3 * n % order, 5 * n % order), n), (3 * n[:, None] + 5 * n) % order)
    assert grid.order == order
    neurons = np.random.default_rng(0).standard_normal((order, order, 5))
    fast = neuron_frequencies._transformed(neurons, grid)
    assert np.allclose(fast, neuron_frequencies._projected(neurons, grid))


@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
@pytest.mark.parametrize("text", ["x + y", "x*y", "x^2 + y^2"])
def test_ablated_losses_are_those_of_logits_without_each_frequency(text: str, scale: float) -> None:
    """One product of matrices for all frequencies; one pass for each where exponentials would overflow."""
    grid = grid_of(text)
    noise = np.random.default_rng(0).standard_normal((len(grid.sums), P))
    logits = SumLogits(scale * (waves(grid, (2,), 1.0) + 0.3 * noise), grid)
    rows = np.flatnonzero(grid.targets >= 0)
    whole, targets, sums = logits.logits[rows], grid.targets[rows], grid.sums[rows]
    full = cross_entropy_of(whole.copy(), targets).mean()
    expected = [
        cross_entropy_of(whole - logits.part([k])[sums], targets).mean() - full for k in grid.frequencies
    ]
    np.testing.assert_allclose(ablation_loss_increase(logits), expected, rtol=1e-9, atol=1e-12 * full)


@pytest.mark.parametrize("text", ["x + y", "x*y", "x - y", "x^2 + y^2"])
def test_shares_of_sums_are_those_of_all_pairs(text: str) -> None:
    grid = grid_of(text)
    first, second = np.random.default_rng(0).standard_normal((2, P, 6))
    first[:, 0], second[:, 0] = 2.0, -1.0  # this neuron does not vary
    rows, columns = first[grid.tokens[0]], second[grid.tokens[1]]
    neurons = (rows[:, None] + columns[None]).reshape(-1, 6)
    shares = shares_of_sums(rows, columns, grid)
    np.testing.assert_allclose(shares, frequency_shares(neurons, grid), atol=1e-12)
    assert not shares[0].any()
    assert shares[1:].any()
