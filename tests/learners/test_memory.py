"""Memory estimates: they refuse before any work, and they are near what a run takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from modgrok.learners.base.memory import MemoryNeed, check_memory
from modgrok.learners.catalogue import LEARNERS
from modgrok.runs import Experiment
from modgrok.runs.preparation import memory_of
from modgrok.tasks import InputError

GIB = 2**30
TRANSFORMER = ("--learner", "transformer")


def need_of(expression: str, **options: Any) -> MemoryNeed:
    experiment = Experiment.of(expression, **options)
    need = memory_of(experiment, experiment.build_task())
    assert need is not None
    return need


@pytest.mark.parametrize("learner", [definition.name for definition in LEARNERS])
def test_every_learner_estimates_more_for_a_larger_modulus(learner: str) -> None:
    small, large = (need_of("x + y", p=p, learner=learner).bytes for p in (11, 97))
    assert 0 < small < large < 4 * GIB


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        (("x + y", "--p", "97", "--width", "1000000"), "width"),
        (("x*y", "--p", "61", "--width", "900000", "--optimiser", "adamw"), "width"),
        (
            ("x + y", "--p", "97", "--learner", "transformer", "--d-model", "8192", "--layers", "12"),
            "d_model",
        ),
        (("x - y", "--p", "97", "--learner", "transformer", "--d-mlp", "65536", "--layers", "4"), "layers"),
        (("x + y", "--p", "499", "--learner", "rfm"), "fraction"),
    ],
)
def test_what_memory_does_not_hold_is_refused_before_any_work(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], argument: str
) -> None:
    from modgrok.learners.base import memory
    from modgrok.runs import preparation

    def too_late(*_: object, **__: object) -> None:
        raise AssertionError("work began")

    monkeypatch.setattr(memory, "memory_available", lambda: 4 * GIB)
    monkeypatch.setattr(preparation, "make_problem", too_late)
    began = time.monotonic()
    result = call("train", *arguments)
    assert time.monotonic() - began < 20
    assert (result.code, result.err.count("\n")) == (2, 1), result.err
    assert result.err.startswith(f"modgrok: {argument}: ")
    assert "GiB, which must fit the memory available, got 4.0 GiB" in result.err


def test_a_table_of_six_operands_is_refused() -> None:
    need = need_of("x + y + z + a + b + n", p=16)
    assert need.argument == "p"
    with pytest.raises(InputError, match=r"p: .* GiB"):
        check_memory(need, available=16 * GIB)


def test_a_dry_run_prints_the_number_that_is_refused(
    call: Callable[..., Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = '[base]\nexpression = "x + y"\np = 5\nsteps = 2\nwidth = 8\n[axes]\nseed = [0, 1]\n'
    (tmp_path / "s.toml").write_text(f'name = "small"\n{base}')
    result = call("sweep", "s.toml", "--dry-run", "--json")
    assert result.code == 0, result.err
    assert result.json["peak_bytes"] == need_of("x + y", p=5, width=8).bytes
    from modgrok.learners.base import memory

    monkeypatch.setattr(memory, "memory_available", lambda: 1000)
    assert call("sweep", "s.toml", "--dry-run").code == 2
