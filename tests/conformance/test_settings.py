"""Every setting of every learner: it changes what a report says of the run, or it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from modgrok import Experiment
from modgrok.learners.base.settings import Settings, choices_of, option_fields
from modgrok.learners.catalogue import LEARNERS, definition_named
from modgrok.tasks import InputError, task_from_text

OPTIONS = [
    (each.name, name) for each in LEARNERS if each.name != "external" for name in option_fields(each.settings)
]
EFFECT = {
    "momentum": {"optimiser": "momentum"},
    "beta1": {"optimiser": "adam"},
    "beta2": {"optimiser": "adam"},
    "grokfast_decay": {"grokfast": 1.0},
    "bandwidth": {"kernel": "laplace"},
    "convention": {"kernel": "gaussian"},
    "depth": {"kernel": "ntk"},
}
"""Options without which another one has no effect."""
MIXTURE = "x + y; x - y"


def another(settings: Settings, name: str) -> Any:
    """Return a value other than the present one."""
    info, value = type(settings).model_fields[name], getattr(settings, name)
    if choices_of(info):
        return next(choice for choice in choices_of(info) if choice != value)
    if isinstance(value, bool) or "bool" in str(info.annotation):
        return not value
    if isinstance(value, str):
        return "gelu"
    if isinstance(value, float):
        return value / 2 if value else 0.25
    return value * 2 if value else 2


@pytest.mark.parametrize(("learner", "name"), OPTIONS)
def test_a_setting_changes_what_is_said_of_a_run(learner: str, name: str) -> None:
    definition = definition_named(learner)
    expression = MIXTURE if name == "task_bit" else "x + y"
    options = {"expression": expression, "p": 7, "learner": learner, **EFFECT.get(name, {})}
    plain = Experiment.of(**options).learner
    assert name not in plain.without_effect(task_from_text(expression, 7))
    changed = Experiment.of(**options, **{name: another(plain, name)}).learner
    assert definition.wording.describe(changed) != definition.wording.describe(plain)


@pytest.mark.parametrize(("learner", "name"), OPTIONS)
def test_a_setting_without_effect_is_refused(learner: str, name: str) -> None:
    plain = Experiment.of("x + y", p=7, learner=learner)
    needed = plain.learner.without_effect(task_from_text("x + y", 7))
    if name not in needed:
        return
    value = another(plain.learner, name)
    with pytest.raises(InputError) as refusal:
        Experiment.of("x + y", p=7, learner=learner, **{name: value})
    words = repr(value) if isinstance(value, str) else str(value)
    assert str(refusal.value) == f"{name}: has an effect only with {needed[name]}, got {words}"
    default = {name: getattr(plain.learner, name)}
    assert Experiment.of("x + y", p=7, learner=learner, **default).id == plain.id


def test_every_setting_without_effect_has_a_case() -> None:
    tasks = {
        each.name: Experiment.of("x + y", p=7, learner=each.name)
        for each in LEARNERS
        if each.name != "external"
    }
    without = {
        name for each in tasks.values() for name in each.learner.without_effect(task_from_text("x + y", 7))
    }
    assert without - {"task_bit"} <= set(EFFECT)
