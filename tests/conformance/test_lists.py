"""Every entry of every list goes the whole way: train, resume to the bit, store, load, measure, report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok import Experiment, Store, load, run
from modgrok.learners.base.contract import LearnerDefinition
from modgrok.learners.base.settings import choices_of
from modgrok.learners.catalogue import LEARNERS, definition_of
from modgrok.measures.catalogue import MEASURES, measures_reading
from modgrok.measures.fourier.token_waves import make_token_basis
from modgrok.measures.logits.rows import rows_of_network
from modgrok.measures.measure import Measure
from modgrok.models.activations import ACTIVATIONS
from modgrok.models.codec import pack, unpack
from modgrok.models.kernels import KERNELS
from modgrok.models.networks import NETWORKS, network_type
from modgrok.tasks import InputError
from modgrok.tasks.catalogue import Catalogue
from modgrok.training.losses import LOSSES
from modgrok.training.optimisers import OPTIMISERS

SMALL: dict[str, dict[str, Any]] = {
    "mlp": {"width": 6},
    "rfm": {},
    "transformer": {"d_model": 8, "heads": 2, "d_mlp": 8},
}
"""Settings under which a learner's run takes moments."""
TASK = {"expression": "x + y", "p": 5, "fraction": 0.8}


def small(learner: str = "mlp", **options: Any) -> Experiment:
    return Experiment.of(**TASK, learner=learner, **{**SMALL.get(learner, {}), **options})


def leaves(weights: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(weights)]


def resumes(experiment: Experiment, folder: Path) -> Store:
    """Train in two parts, hold the result against an undisturbed run, and return the store."""
    store = Store(folder)
    run(experiment, store=store, steps=1, early_stop=False)
    parts = run(experiment, store=store, steps=3, early_stop=False)
    whole = run(experiment, steps=3, early_stop=False)
    assert repr([r.scalars for r in parts.records]) == repr([r.scalars for r in whole.records])
    assert all(
        np.array_equal(a, b) for a, b in zip(leaves(parts.weights), leaves(whole.weights), strict=True)
    )
    stored = load(experiment.id, runs=folder)
    assert type(stored.weights) is type(whole.weights)
    assert all(
        np.array_equal(a, b) for a, b in zip(leaves(stored.weights), leaves(whole.weights), strict=True)
    )
    return store


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_a_learner_goes_the_whole_way(
    learner: LearnerDefinition, tmp_path: Path, call: Callable[..., Any]
) -> None:
    experiment = small(learner.name)
    with resumes(experiment, tmp_path / "runs") as store:
        row = store.get(experiment.id)
        assert row.learner == learner.name
        assert set(row.scalars) <= {*MEASURES.names}
    where = ("--runs", str(tmp_path / "runs"))
    measured = call("measure", experiment.id, *where, "--json")
    assert measured.code == 0, measured.err
    task = experiment.build_task()
    answers = rows_of_network(task, load(experiment.id, runs=tmp_path / "runs").weights)(0, task.size)
    accuracy = np.count_nonzero(answers.argmax(1) == task.labels()) / task.size
    assert measured.json["measures"][-1]["accuracy"] == accuracy
    picture = call("report", experiment.id, "-o", "run.svg", *where)
    assert picture.code == 0, picture.err
    assert definition_of(experiment.learner).wording.noun.split()[-1] in Path("run.svg").read_text()
    exported = call("export", experiment.id, "--format", "csv", "-o", "run.csv", *where)
    assert exported.code == 0, exported.err
    assert all(name in Path("run.csv").read_text().splitlines()[0] for name in row.scalars)


def test_help_has_every_setting(call: Callable[..., Any]) -> None:
    words = call("train", "--help").out
    for learner in LEARNERS:
        assert learner.name in words
        for info in learner.settings.model_fields.values():
            assert all(choice in words for choice in choices_of(info) if learner.name != choice)


@pytest.mark.few(2)
@pytest.mark.parametrize("name", KERNELS.names)
def test_a_kernel_is_trained_resumed_and_loaded(name: str, tmp_path: Path) -> None:
    with resumes(small("rfm", kernel=name), tmp_path) as store:
        weights = load("latest", runs=store.folder).weights
    assert type(weights.kernel) is KERNELS.named(name).type


NETWORK_LOSSES = choices_of(LEARNERS.named("mlp").settings.model_fields["loss"])
MIXED = [
    (activation, OPTIMISERS.names[i % len(OPTIMISERS)], NETWORK_LOSSES[i % len(NETWORK_LOSSES)])
    for i, activation in enumerate(ACTIVATIONS.names)
]
"""Every activation, with optimisers and losses in turn, so that each compiles as few times as possible."""


def test_every_optimiser_and_loss_is_among_them_by_default() -> None:
    default = MIXED[: len(OPTIMISERS)]
    assert {optimiser for _, optimiser, _ in default} == set(OPTIMISERS.names)
    assert {loss for _, _, loss in default} | set(NUMERICAL) | {"cross_entropy"} == set(LOSSES.names)


@pytest.mark.parametrize(
    ("activation", "optimiser", "loss"),
    [
        *MIXED[: len(OPTIMISERS)],
        *(pytest.param(*m, marks=pytest.mark.long) for m in MIXED[len(OPTIMISERS) :]),
    ],
)
def test_activations_optimisers_and_losses_are_resumed(
    activation: str, optimiser: str, loss: str, tmp_path: Path
) -> None:
    resumes(small(activation=activation, optimiser=optimiser, loss=loss, lr=0.01), tmp_path).close()


NUMERICAL = ("log_softmax", "log_softmax_float64")
"""Losses that transformers alone take."""


@pytest.mark.long  # tests/learners takes their steps
@pytest.mark.parametrize("name", NUMERICAL)
def test_a_loss_of_transformers_is_resumed(name: str, tmp_path: Path) -> None:
    resumes(small("transformer", loss=name), tmp_path).close()


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_measure_declares_itself(measure: Measure) -> None:
    assert measure.title.strip() == measure.title
    assert not measure.title.endswith(".")
    low, high = measure.range(31)
    assert low < high
    for value in (
        None if measure.random_value is None else measure.random_value(31, 64),
        None if measure.closed_form_value is None else measure.closed_form_value(31),
    ):
        assert value is None or low <= value <= high
    if measure.direction != "none" and measure.random_value and measure.closed_form_value:
        rise = measure.closed_form_value(31) - measure.random_value(31, 64)
        assert rise > 0 if measure.direction == "up" else rise < 0
    frame = make_token_basis(7) if measure.reads == "transformer_weights" else None
    assert measure in measures_reading(measure.reads, frame)


@pytest.mark.few(1)
@pytest.mark.parametrize("name", [name for name in NETWORKS.names if name not in ("experts", "deep_mlp")])
def test_a_network_is_packed_and_rebuilt(name: str) -> None:
    learner = {"kernel_machine": "rfm"}.get(name, name)
    weights = run(small(learner), steps=1).weights
    assert network_type(weights).name == name
    arrays, form = pack(weights)
    again = unpack(arrays, form)
    with jax.enable_x64(network_type(weights).double_precision):
        assert all(np.array_equal(a, b) for a, b in zip(leaves(weights), leaves(again), strict=True))
        inputs = jnp.array([[1, 2], [0, 4]], dtype=jnp.int32)
        assert np.array_equal(np.asarray(weights(inputs)), np.asarray(again(inputs)))


def test_experts_are_packed_and_rebuilt() -> None:
    from modgrok.analytic import experts

    weights = experts(5, [(2, (1, 1)), (3, (2, 0))])
    again = unpack(*pack(weights))
    assert all(np.array_equal(a, b) for a, b in zip(leaves(weights), leaves(again), strict=True))
    assert again.beta == weights.beta


@pytest.mark.long
def test_networks_of_several_layers_are_packed_and_rebuilt() -> None:
    from modgrok.models import DeepMLP, Dense

    layers = (Dense(jnp.full((4, 3), 2.0), jnp.arange(4.0)), Dense(jnp.ones((2, 4))))
    weights = DeepMLP(jnp.ones((2, 5, 3)), layers, jnp.ones((5, 2)), jnp.arange(5.0), "gelu")
    again = unpack(*pack(weights))
    assert again.activation == "gelu"
    assert again.layers[1].bias is None
    inputs = jnp.array([[1, 2], [0, 4]], dtype=jnp.int32)
    assert np.array_equal(np.asarray(weights(inputs)), np.asarray(again(inputs)))


@pytest.mark.parametrize(
    "catalogue",
    [LEARNERS, KERNELS, MEASURES, OPTIMISERS, LOSSES, ACTIVATIONS, NETWORKS],
    ids=lambda c: c.kind,
)
def test_an_unlisted_name_is_an_error(catalogue: Catalogue[Any]) -> None:
    with pytest.raises(InputError, match=f"{catalogue.kind}: must be one of"):
        catalogue.named("nothing")
    with pytest.raises(InputError, match="a unique name"):
        catalogue.add(_renamed(catalogue))


def _renamed(catalogue: Catalogue[Any]) -> Any:
    """Another entry under a name that is taken."""
    name = catalogue.names[0]
    first = catalogue[0]
    return (name, object()) if isinstance(first, tuple) else type("Other", (), {"name": name})()


def test_settings_of_an_unlisted_learner_are_refused() -> None:
    from modgrok.learners.base.settings import Settings

    class Unlisted(Settings):
        kind: str = "unlisted"

    with pytest.raises(InputError, match="learner: must be one of"):
        definition_of(Unlisted())
    with pytest.raises(InputError, match="learner: must be one of"):
        Experiment.of("x + y", p=5, learner="unlisted")
    stored = small().canonical_json().replace('"kind":"mlp"', '"kind":"unlisted"')
    with pytest.raises(ValueError, match="must be one of"):
        Experiment.model_validate_json(stored)


def test_a_network_of_an_unlisted_kind_is_refused() -> None:
    with pytest.raises(InputError, match="network: must be one of"):
        network_type(object())
    arrays, form = pack(run(small(), steps=1).weights)
    with pytest.raises(InputError, match="network: must be one of"):
        unpack(arrays, {**form, "kind": "unlisted"})
