"""The bound without enumeration: never above the exact accuracy, whatever the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import modgrok
from modgrok.analytic import verify
from modgrok.decide import decide_table
from modgrok.measures.replacement.accuracy_bound import WaveSplit, accuracy_bound, rest_energy
from modgrok.models import MLP
from modgrok.tasks import InputError, Task, task_from_expression

P = 11


def constructed(task: Task, width: int = 60) -> MLP:
    witness = decide_table(task.table, task.p).witness
    assert witness is not None
    network = modgrok.construct(task.table, task.p, witness, width=width).network
    assert isinstance(network, MLP)
    return network


def changed(network: MLP, embedding: np.ndarray | None = None, readout: np.ndarray | None = None) -> MLP:
    new = {}
    if embedding is not None:
        new["embedding"] = jnp.asarray(embedding, jnp.float32)
    if readout is not None:
        new["readout"] = jnp.asarray(readout, jnp.float32)
    return replace(network, **new)


def networks(task: Task) -> Iterator[tuple[str, MLP]]:
    """Thirty networks: noise of all sizes on waves, random weights, and ten that are made to deceive."""
    network = constructed(task)
    embedding, readout = np.asarray(network.embedding), np.asarray(network.readout)
    rng = np.random.default_rng(0)
    size = float(np.abs(embedding).mean())
    for noise in np.geomspace(1e-3, 3, 14):
        yield (
            f"noise {noise:.3g}",
            changed(
                network,
                embedding + noise * size * rng.standard_normal(embedding.shape),
                readout + noise * np.abs(readout).mean() * rng.standard_normal(readout.shape),
            ),
        )
    for seed in range(6):
        draw = np.random.default_rng(seed).standard_normal
        yield f"random {seed}", changed(network, draw(embedding.shape), draw(readout.shape))
    yield "one class shifted", changed(network, readout=_with(readout, 3, readout[3] + readout.mean() + 1))
    yield "two classes exchanged", changed(network, readout=readout[[1, 0, *range(2, P)]])
    yield "all classes shifted", changed(network, readout=np.roll(readout, 1, axis=0))
    yield "one class silent", changed(network, readout=_with(readout, 0, 0 * readout[0]))
    yield "one class loud", changed(network, readout=_with(readout, 0, 3 * readout[0]))
    yield "one value exchanged", changed(network, embedding=embedding[:, [1, 0, *range(2, P)]])
    yield "one operand turned", changed(network, embedding=np.stack([embedding[0], embedding[1][::-1]]))
    yield "constant added", changed(network, embedding=embedding + 2 * size)
    yield "opposite", changed(network, readout=-readout)
    yield "nothing", changed(network, readout=0 * readout)


@pytest.mark.parametrize("text", ["x + y", "3*x - 2*y + 1"])
def test_the_bound_is_never_above_the_exact_accuracy(text: str) -> None:
    task = task_from_expression(text, P)
    values, exact = {}, {}
    for name, network in networks(task):
        bound = accuracy_bound(network, task)
        logits = np.asarray(network(jnp.asarray(task.inputs())), np.float64)
        right = (logits.argmax(axis=1) == task.labels()).reshape(P, P)
        assert not (bound.certified & ~right).any(), name
        assert bound.certified.sum() <= P * P - verify(network, task.table, P).errors, name
        assert bound.certified.sum() <= round(P * P * bound.accuracy) <= right.sum(), name
        values[name] = bound.accuracy
        exact[name] = right.mean()
    assert len(values) == 30
    assert values["noise 0.001"] > 0.99
    assert values["constant added"] == exact["constant added"]
    assert all(values[f"random {seed}"] == 0 for seed in range(6))
    assert values["all classes shifted"] == values["opposite"] == values["nothing"] == 0
    assert values["one class silent"] == exact["one class silent"] < 1


def test_the_known_part_is_exact_for_waves() -> None:
    task = task_from_expression("x + y", P)
    bound = accuracy_bound(constructed(task), task)
    assert bound.wave_share > 0.999
    assert bound.accuracy == 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_noise_in_one_vector_of_three_is_known_exactly(place: int) -> None:
    task = task_from_expression("x + y", P)
    network = constructed(task)
    arrays = [np.array(network.embedding), np.array(network.readout)]
    vectors = (arrays[0][0], arrays[0][1], arrays[1])[place]
    vectors += np.abs(vectors).mean() * np.random.default_rng(0).standard_normal(vectors.shape)
    bound = accuracy_bound(changed(network, *arrays), task)
    exact = 1 - verify(changed(network, *arrays), task.table, P).errors / P**2
    assert bound.wave_share < 0.9
    assert bound.accuracy == pytest.approx(bound.certified.mean()) == pytest.approx(exact)


@pytest.mark.parametrize("order", [11, 12])
def test_the_energy_of_what_is_not_known(order: int) -> None:
    rng = np.random.default_rng(0)
    vectors = tuple(rows - rows.mean(axis=0) for rows in rng.standard_normal((3, order, 20)))
    split = WaveSplit.of(vectors)
    (d1, d2, dw), (h1, h2, hw) = split.rests, split.waves

    def tensor(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return np.einsum("xj,yj,qj->xyq", a, b, c)

    known = tensor(h1, h2, hw) + tensor(d1, h2, hw) + tensor(h1, d2, hw) + tensor(h1, h2, dw)
    energy = ((tensor(*vectors) - known) ** 2).sum()
    assert rest_energy(split, 1) == pytest.approx(energy)
    assert energy <= rest_energy(split, 3) <= 3 * energy * 1.2
    assert np.allclose(sum(d.sum(axis=0) for d in split.rests), 0)


def test_many_small_rests_leave_few_inputs_uncertain() -> None:
    """Noise that no inequality of one input bounds well, but whose energy is too small for many errors."""
    p, task = 31, task_from_expression("x + y", 31)
    witness = decide_table(task.table, p).witness
    assert witness is not None
    waves = modgrok.construct(task.table, p, witness, width=300, frequencies=tuple(range(1, 16))).network
    rng = np.random.default_rng(0)
    embedding, readout = np.asarray(waves.embedding), np.asarray(waves.readout)
    network = changed(
        waves,
        embedding + 0.35 * embedding.std() * rng.standard_normal(embedding.shape),
        readout + 0.35 * readout.std() * rng.standard_normal(readout.shape),
    )
    bound = accuracy_bound(network, task)
    assert bound.certified.mean() < bound.accuracy < 1
    assert bound.accuracy > 0.5


def test_a_wide_network_takes_less_than_a_tenth_of_all_logits() -> None:
    p, width = 97, 500
    draw = np.random.default_rng(0).standard_normal
    network = MLP(jnp.asarray(draw((2, p, width)), jnp.float32), jnp.asarray(draw((p, width)), jnp.float32))
    bound = accuracy_bound(network, task_from_expression("x + y", p))
    assert bound.operations < bound.exhaustive / 10
    assert bound.accuracy == 0


@pytest.mark.parametrize(
    ("text", "activation", "message"),
    [("x + y", "relu", "network: must have activation power2"), ("x*y", "power2", "task: must be a sum of")],
)
def test_bad_input(text: str, activation: str, message: str) -> None:
    network = MLP(jnp.ones((2, P, 3)), jnp.ones((P, 3)), activation)
    with pytest.raises(InputError, match=f"^{message}"):
        accuracy_bound(network, task_from_expression(text, P))


def _with(rows: np.ndarray, place: int, row: np.ndarray) -> np.ndarray:
    new = rows.copy()
    new[place] = row
    return new
