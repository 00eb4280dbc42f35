"""Small stored runs, trained once."""

from __future__ import annotations

from typing import Any

import altair as alt
import pytest

from modgrok.reports.charts.chart import Cell
from modgrok.runs import Experiment, RunRow, Store, run

CHECKED_MODULES = ("test_chart_conformance", "test_reports_pieces")


@pytest.fixture(autouse=True)
def checked_charts(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Check charts against the schema of Vega-Lite, which takes longer than drawing them.

    By default those of two modules that make every kind of chart; with `-m long` those of all tests.
    """
    every = "not long" not in request.config.getoption("markexpr")
    if every or request.module.__name__ in CHECKED_MODULES:
        make = Cell._make_spec

        def make_and_check(self: Cell, width: int, *, interactive: bool) -> dict[str, Any]:
            spec = make(self, width, interactive=interactive)
            alt.LayerChart.validate(spec)
            return spec

        monkeypatch.setattr(Cell, "_make_spec", make_and_check)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that the tests below fill."""
    return Store(tmp_path_factory.mktemp("runs"))


def _train(store: Store, steps: int, expression: str | None = None, **options: object) -> RunRow:
    experiment = Experiment.of(expression, **options)
    return run(experiment, store=store, steps=steps, command="modgrok train 'x + y' <& more>").row


@pytest.fixture(scope="session")
def grokked(store: Store) -> RunRow:
    """x + y mod 13, memorised and then grokked."""
    row = _train(
        store,
        400,
        "x+y",
        p=13,
        fraction=0.7,
        width=128,
        optimiser="adamw",
        parametrisation="doshi",
        weight_decay=5.0,
    )
    assert row.memorised_at is not None
    assert row.grokked_at is not None
    return row


@pytest.fixture(scope="session")
def stuck(store: Store) -> RunRow:
    """The composition of S3, memorised at most."""
    row = _train(store, 220, group="S3", fraction=0.6, width=32)
    assert row.grokked_at is None
    return row


@pytest.fixture(scope="session")
def three(store: Store) -> RunRow:
    """A sum of three operands after a few steps."""
    return _train(store, 12, "x+y+z", p=5, fraction=0.6, width=40)


@pytest.fixture(scope="session")
def diverged(store: Store) -> RunRow:
    """A learning rate far too large."""
    row = _train(store, 50, "x*y", p=7, fraction=0.6, width=40, lr=1e12)
    assert row.status == "diverged"
    return row


@pytest.fixture(scope="session")
def machine(store: Store) -> RunRow:
    """A recursive feature machine on x*y mod 11, half way to grokking."""
    row = _train(store, 12, "x*y", p=11, fraction=0.85, learner="rfm")
    assert row.step == 12
    return row


@pytest.fixture(scope="session")
def machine_of_three(store: Store) -> RunRow:
    """A Gaussian machine of three operands, after two iterations."""
    return _train(store, 2, "x+y+z", p=5, fraction=0.6, learner="rfm", kernel="gaussian", ridge=1e-3)


@pytest.fixture(scope="session")
def transformer(store: Store) -> RunRow:
    """A small transformer on a sum and a product at once, after a few steps."""
    small = {"d_model": 16, "heads": 2, "d_mlp": 24, "learner": "transformer"}
    return _train(store, 5, "x + y; x*y", p=7, fraction=0.6, **small)
