"""Recursive Feature Machines in the loop: float64 inside, float32 outside, every iteration kept."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.learners.rfm.initial_feature_matrix import feature_matrix_digest
from modgrok.models.kernel_machine import KernelMachine
from modgrok.runs import Experiment, Store, run
from modgrok.tasks import InputError


@pytest.mark.few(1)
@pytest.mark.parametrize("kernel", ["quadratic", "gaussian"])
def test_run_2n_equals_run_n_then_resume_bit_for_bit(kernel: str, tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=11, learner="rfm", fraction=0.7, kernel=kernel)
    whole = run(experiment, steps=12)
    with Store(tmp_path) as store:
        run(experiment, store=store, steps=5)
        again = run(experiment, store=store, steps=12)
        checkpoint_list = store.checkpoints(experiment.id)
        assert [c.step for c in checkpoint_list] == list(range(13))
        last = checkpoint_list[-1].load()
    assert isinstance(whole.weights, KernelMachine)
    assert isinstance(again.weights, KernelMachine)
    assert isinstance(last, KernelMachine)
    assert whole.weights.feature_matrix.dtype == jnp.float64
    assert np.array_equal(whole.weights.feature_matrix, again.weights.feature_matrix)
    assert np.array_equal(whole.weights.feature_matrix, last.feature_matrix)
    for one, two in zip(whole.records, again.records, strict=True):
        assert np.array_equal(list(one.scalars.values()), list(two.scalars.values()), equal_nan=True)
    assert jnp.zeros(1).dtype == jnp.float32


@pytest.mark.long
def test_the_kernel_machine_interpolates_at_every_iteration_and_its_features_form() -> None:
    result = run(Experiment.of("x + y", p=13, learner="rfm", fraction=0.8), steps=25)
    assert all(record.scalars["train_accuracy"] == 1.0 for record in result.records)
    deviation = [record.scalars["circulant_deviation"] for record in result.records]
    assert deviation[-1] < 0.3 * max(deviation)
    assert result.records[-1].scalars["structure_share"] > 0.9
    assert result.records[-1].scalars["test_accuracy"] > result.records[0].scalars["test_accuracy"] + 0.3


def test_a_stored_matrix_is_part_of_the_identity_and_kept(tmp_path: Path) -> None:
    matrix = np.diag(np.linspace(0.5, 1.5, 14))
    options = {"learner": "rfm", "initial": "stored", "fraction": 0.7}
    experiment = Experiment.of("x + y", p=7, initial_digest=feature_matrix_digest(matrix), **options)
    assert experiment.id != Experiment.of("x + y", p=7, learner="rfm", fraction=0.7).id
    with Store(tmp_path) as store:
        with pytest.raises(InputError, match="stored M must be given with --feature-matrix"):
            run(experiment, store=store, steps=1)
        first = run(experiment, store=store, steps=1, feature_matrix=matrix)
        again = run(experiment, store=store, steps=2)
    assert first.records[0].scalars["effective_rank"] == pytest.approx(
        np.trace(matrix) ** 2 / np.sum(matrix**2)
    )
    assert again.row.step == 2


@pytest.mark.long
def test_a_mixture_counts_each_task(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y; x^2 + y^2", p=7, learner="rfm", fraction=0.8, kernel="gaussian")
    assert (
        experiment.id
        != Experiment.of(
            "x + y; x^2 + y^2", p=7, learner="rfm", fraction=0.8, kernel="gaussian", task_bit=False
        ).id
    )
    with Store(tmp_path) as store:
        result = run(experiment, store=store, steps=2)
        last = store.checkpoints(experiment.id)[-1].load()
    assert isinstance(result.weights, KernelMachine)
    assert isinstance(last, KernelMachine)
    assert result.weights.sizes == last.sizes == (7, 7, 2)
    assert not np.asarray(last.feature_matrix)[14].any()
    numbers = result.records[-1].scalars
    assert numbers["train_1_accuracy"] == numbers["train_2_accuracy"] == 1.0
    both = (numbers["test_1_accuracy"] + numbers["test_2_accuracy"]) / 2  # test sets of one size
    assert numbers["test_accuracy"] == pytest.approx(both)
