"""The nulls of a task without a form: equal lines of its table, and the nearest table with a form."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.papers.crosscut.nearest_form import TASK, equal_lines_null, form_null
from modgrok.tasks import Split, split_task, task_from_text


def test_equal_lines_answer_what_only_repeats() -> None:
    task = task_from_text("x^2 + y", 7)  # rows x and -x are equal; columns differ
    flat = np.arange(49).reshape(7, 7)
    train = np.array([flat[1, 2], flat[3, 0]])
    test = np.setdiff1d(flat.ravel(), train)
    split = Split(train, test, task.labels(train), np.zeros(2, bool))
    # (6, 2) and (4, 0) follow; of the others those with the smaller training label, 2, as (4, 0) has
    assert equal_lines_null(task, split) == pytest.approx((1 + (task.labels(test) == 2).sum()) / 47)


def test_the_task_repeats_each_row_three_times_so_that_few_inputs_are_left_to_guess() -> None:
    task = task_from_text(TASK, 31)
    assert len(np.unique(task.table, axis=0)) == 11
    nulls = [equal_lines_null(task, split_task(task, 0.9, np.random.PCG64(seed))) for seed in range(10)]
    # x = 0 has a row of its own, 3.2% of the inputs; of the others 0.1^2 have no equal in training
    assert 0.94 < np.mean(nulls) < 0.97
    assert form_null(TASK, 31, 2) < 0.35
