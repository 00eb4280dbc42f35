"""What a step computes is what is traced: each of its matrix products, counted one by one."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import pytest

from modgrok.learners.base.operations import LearnerOperations, Operations, plain_operations
from modgrok.learners.base.rates import NOMINAL
from modgrok.learners.catalogue import LEARNERS, definition_of
from modgrok.runs import Experiment, precision_of, prepare
from modgrok.runs.preparation import initial_state

SMALL = {"learner": "transformer", "p": 5, "d_model": 8, "heads": 2, "d_mlp": 16}


def traced_products(jaxpr: Any) -> float:
    """Count multiplications of all matrix products; of branches, the cheapest one is taken."""
    total = 0.0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            total += math.prod(equation.outvars[0].aval.shape) * math.prod(left[axis] for axis in contracted)
        inner = [
            traced_products(getattr(part, "jaxpr", part))
            for value in equation.params.values()
            for part in (value if isinstance(value, tuple | list) else (value,))
            if hasattr(part, "eqns") or hasattr(getattr(part, "jaxpr", None), "eqns")
        ]
        times = equation.params.get("length", 1) if equation.primitive.name == "scan" else 1
        total += min(inner, default=0.0) if equation.primitive.name == "cond" else times * sum(inner)
    return total


def counted(experiment: Experiment, n: float | None = None) -> LearnerOperations:
    task = experiment.build_task()
    size = float(round(experiment.fraction * task.size)) if n is None else n
    return definition_of(experiment.learner).count(experiment.learner, size, task)


@pytest.mark.parametrize(
    "options",
    [
        {"expression": "x + y", "p": 5, "width": 8},
        {"expression": "x + y + z", "p": 5, "width": 8, "batch_size": 10},
        {"expression": "x + y", **SMALL},
        {"expression": "x + y + z", **SMALL, "layout": "equals"},
        {"expression": "x + y", **SMALL, "layers": 2},
        {"expression": "x + y", "p": 5, "learner": "rfm"},
        {"expression": "x + y", "p": 5, "learner": "rfm", "kernel": "gaussian"},
    ],
)
def test_products_of_a_step_are_those_of_the_traced_step(options: dict[str, Any]) -> None:
    """Within a tenth: small terms, such as the query of the last token, are left out."""
    experiment = Experiment.of(**options)
    with precision_of(experiment.learner):
        prepared = prepare(experiment)
        state = eqx.filter_eval_shape(initial_state, prepared)
        jaxpr, _, _ = eqx.filter_make_jaxpr(prepared.learner.step)(state, prepared.problem)
    products = counted(experiment, len(prepared.problem.inputs)).step.products
    assert products == pytest.approx(traced_products(jaxpr.jaxpr), rel=0.1)


@pytest.mark.parametrize("learner", [definition.name for definition in LEARNERS])
def test_more_of_anything_costs_more(learner: str) -> None:
    def seconds(n: float | None = None, **options: Any) -> tuple[float, float]:
        operations = counted(Experiment.of("x + y", learner=learner, **options), n)
        return NOMINAL.seconds(operations.step), NOMINAL.seconds(operations.observation)

    by_p = [seconds(p=p) for p in (5, 7, 11, 31, 97)]
    by_n = [seconds(n, p=31) for n in (10.0, 100.0, 900.0)]
    assert by_p == sorted(by_p)
    assert by_n == sorted(by_n)
    assert [two for _, two in by_p] == sorted(two for _, two in by_p)


def test_a_learner_that_counts_its_products_alone_has_an_estimate() -> None:
    task = Experiment.of("x + y", p=5).build_task()
    operations = plain_operations(600.0, 12.0, task)
    assert operations.step.products == 600.0
    assert operations.observation.products == pytest.approx(600 + 200 * 25 / 12)
    assert (Operations(products=1) + Operations(calls=2)) * 2.0 == Operations(products=2.0, calls=4.0)
