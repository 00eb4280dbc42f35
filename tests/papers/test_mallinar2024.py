"""What the claims of Mallinar et al. 2024 read off their runs, where the answer is known."""

from __future__ import annotations

import numpy as np

from modgrok.algebra import logarithm_table
from modgrok.algebra.basis import multiplicative_basis
from modgrok.models.circulant import structure_of
from modgrok.papers.mallinar2024.fractions import FRACTIONS, REPORTED, REPORTED_DEVIATION
from modgrok.papers.mallinar2024.fractions import percent_of as name_of
from modgrok.papers.mallinar2024.paper import CLAIMS
from modgrok.papers.mallinar2024.rfm import generator_spread
from modgrok.papers.mallinar2024.setup import deviations
from modgrok.papers.mallinar2024.structure import swapped_share
from modgrok.papers.mallinar2024.theorem import fit_class
from modgrok.tasks import Split, task_from_text


def test_one_class_of_the_theorem_is_solved() -> None:
    fit = fit_class(5, 2)
    assert max(fit.coefficients, fit.predictor, fit.waves) < 1e-12
    assert np.round(fit.values, 9).tolist() == [[float((x - y) % 5 == 2) for y in range(5)] for x in range(5)]


def test_a_swapped_pair_counts_only_in_its_own_task() -> None:
    task = task_from_text("x + y; x^2 + y^2", 3)
    flat = {tuple(row): i for i, row in enumerate(task.inputs().tolist())}
    train = np.array([flat[row] for row in ((0, 1, 0), (1, 2, 0), (2, 0, 1))])
    test = np.array([flat[row] for row in ((1, 0, 0), (0, 2, 0), (2, 1, 0), (1, 1, 0), (1, 0, 1))])
    split = Split(train, test, task.labels(train), np.zeros(len(train), bool))
    assert swapped_share(task, split) == 0.5


def test_another_generator_leaves_the_deviation_as_it_is() -> None:
    p, feature_matrix = 7, np.random.default_rng(0).normal(size=(14, 14))
    table = np.arange(p)
    basis = multiplicative_basis((table, table), table)
    assert generator_spread(basis, feature_matrix) < 1e-12
    assert deviations([feature_matrix], structure_of(basis))[0] > 0.5
    assert np.array_equal(basis.operands[0], logarithm_table(p))


def test_the_reported_numbers_reproduce_themselves() -> None:
    values: dict[str, float] = {"accuracy30_50": 1.0}
    for fraction, (short, long) in REPORTED.items():
        values |= {f"accuracy30_{name_of(fraction)}": short, f"accuracy100_{name_of(fraction)}": long}
        values[f"deviation30_{name_of(fraction)}"] = REPORTED_DEVIATION[fraction]
    assert FRACTIONS.verdict(values, "laptop") == "reproduced"
    assert FRACTIONS.verdict({**values, "deviation30_30": 0.0005}, "laptop") == "deviates"
    assert FRACTIONS.verdict({**values, "accuracy30_05": 0.5}, "laptop") == "open"  # one seed


def test_regularisers_are_judged_only_where_training_inputs_are_fitted() -> None:
    (claim,) = (claim for claim in CLAIMS if claim.id == "mallinar2024/appfig8-regulariser")
    assert claim.shortfalls("desktop") == ()
    values = {"none_train": 0.65, "none_end": 0.0, "decay_end": 0.0, "agop_end": 0.0}
    assert claim.verdict(values, "desktop") == "open"
    assert claim.verdict({**values, "none_train": 1.0}, "desktop") == "refuted"
    assert claim.verdict(
        {"none_train": 1.0, "none_end": 0.0, "decay_end": 1.0, "agop_end": 1.0}, "desktop"
    ) == ("reproduced")
