"""What a kernel machine learns of a task without a form: an exchange of its operands."""

from __future__ import annotations

import jax
import numpy as np

from modgrok.algebra import affine_images, affine_symmetries
from modgrok.runs import Experiment, run
from modgrok.runs.splits import split_of

P = 23


def test_a_kernel_machine_answers_the_inputs_whose_partner_it_was_trained_on() -> None:
    """(x + y)^2 + y has no form, but one exchange; docs/census-training.md counts this over all folds."""
    experiment = Experiment.of(
        "x^2 + 2*x*y + y^2 + y", p=P, learner="rfm", kernel="quadratic", orbits="swap", folds=10, fold=3
    )
    task = experiment.build_task()
    (exchange,) = affine_symmetries(task.table, swapped=True)
    split = split_of(experiment, task)
    with jax.enable_x64(True):
        machine = run(experiment, steps=30).weights
        logits = np.asarray(machine(task.inputs(split.test)))
    partners = affine_images(exchange, P, swapped=True).ravel()[split.test]
    trained_on = np.isin(partners, split.train)
    assert 0.7 < trained_on.mean() < 1
    assert ((logits.argmax(1) == task.labels(split.test)) == trained_on).all()
    across = np.asarray(machine.feature_matrix)[:P, P:]
    strongest = np.abs(across - across.mean()).argmax(1)
    assert (strongest == (exchange[2] * np.arange(P) + exchange[3]) % P).all()
