"""The report of a sweep: what is in a cell, which panels there are, that files are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modgrok.measures.corruption.corruption_phase import PHASES
from modgrok.reports import sweep_report, write_sweep_report
from modgrok.reports.charts.bands import common_steps, milestone_bands, resample, training_bands
from modgrok.reports.charts.chart import Cell
from modgrok.reports.charts.heat_map import PHASE_COLOURS, heat_map, shades_of
from modgrok.runs import Series, Store
from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing
from modgrok.sweeps import make_sweep, run_ensemble
from modgrok.sweeps.execution.ensemble import ensembles_of
from modgrok.sweeps.tables.grid_cells import GridCell, coordinates, grid_cells, plain_middle, short
from modgrok.tasks import InputError


def stored(folder: Path, axes: dict[str, list[object]]) -> Path:
    base = {"expression": "x + y", "p": 5, "width": 16, "steps": 6, "fraction": 0.7, "early_stop": False}
    sweep = make_sweep({"name": "s", "base": {k: v for k, v in base.items() if k not in axes}, "axes": axes})
    with Store(folder) as store:
        for ensemble in ensembles_of(sweep.members):
            list(run_ensemble(ensemble, store))
        members = tuple(SweepMember(m.experiment.id, m.point) for m in sweep.members)
        write_listing(
            store, Listing("s", tuple(a.fields for a in sweep.axes), "modgrok sweep s.toml", members)
        )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    axes: dict[str, list[object]] = {"lr": [5.0, 10.0], "corruption": [0.0, 0.3], "seed": [0, 1]}
    return stored(tmp_path_factory.mktemp("sweep"), axes)


def rows_drawn(cell: Cell) -> list[dict[str, Any]]:
    """The cells of a heat map, wherever Altair put them."""
    spec = cell.spec(400)
    tables = [
        *spec.get("datasets", {}).values(),
        *(layer.get("data", {}).get("values") for layer in spec["layer"]),
    ]
    return next(table for table in tables if table and "told" in table[0])


def row(**values: Any) -> dict[str, Any]:
    return {"status": "finished", **values}


def test_a_cell_holds_the_median_of_its_runs() -> None:
    rows = [
        row(p=5, fraction=f, ipr=v, grokked_at=t) for f, v, t in ((1, 0.1, 5), (1, 0.5, None), (2, 0.3, None))
    ]
    rows.append({"p": 5, "fraction": 2, "status": "absent"})
    assert grid_cells(rows, "fraction", "p", "ipr") == [GridCell(1, 5, 0.3, 2), GridCell(2, 5, 0.3, 1)]
    assert [cell.value for cell in grid_cells(rows, "fraction", "p", "grokked_at")] == [5, None]
    assert plain_middle(["a", "b", "b"]) == "b"
    assert plain_middle([None]) is None


def test_coordinates_ascend_and_words_keep_their_order() -> None:
    assert coordinates([row(a=3), row(a=1), row(a=3)], "a") == [1, 3]
    assert coordinates([row(a="z"), row(a="b")], "a") == ["z", "b"]
    assert short(0.30000000000000004) == "0.3"


def test_a_heat_map_draws_every_cell_and_says_never() -> None:
    cells = [GridCell(1, 5, 100, 2), GridCell(2, 5, None, 2), GridCell(2, 7, 2000, 2)]
    shades = shades_of("grokked_at", [100, 2000])
    assert shades.log
    assert shades.colour(100) != shades.colour(2000)
    cells_shown = rows_drawn(heat_map(cells, "grokked_at", ("fraction", [1, 2]), ("p", [5, 7]), shades))
    assert [(entry["x"], entry["y"], entry["text"]) for entry in cells_shown] == [
        ("1", "5", "100"),
        ("2", "5", "never"),
        ("2", "7", "2000"),
    ]
    assert len({entry["colour"] for entry in cells_shown}) == 3


def test_phases_have_colours_of_their_own() -> None:
    assert set(PHASE_COLOURS) == set(PHASES)
    assert len(set(PHASE_COLOURS.values())) == len(PHASES)


def test_runs_of_different_lengths_share_their_bands() -> None:
    long = Series(np.array([0, 5, 10]), {"a": np.array([0.0, 0.5, 1.0])})
    ended = Series(np.array([0, 5]), {"a": np.array([1.0, 1.0])})
    assert resample(ended, "a", np.array([0, 7, 10])).tolist() == [1.0, 1.0, 1.0]
    rows = training_bands([long, ended], ["a"], 10)
    assert [entry["step"] for entry in rows] == [0, 5, 10]
    assert [entry["middle"] for entry in rows] == [0.5, 0.75, 1.0]
    assert rows[0]["low"] == 0.25
    undefined = Series(np.array([0, 5]), {"a": np.array([np.nan, 1.0])})  # as of no corrupted example
    assert [entry["step"] for entry in training_bands([undefined], ["a"], 10)] == [5]
    assert [entry["middle"] for entry in training_bands([undefined, long], ["a"], 10)] == [0.0, 0.75, 1.0]
    many = common_steps(range(100_000))
    assert 60 < len(many) <= 123
    assert (many[0], many[-1]) == (0, 99_999)


def test_times_to_grok_leave_out_points_that_do_not() -> None:
    rows = [row(f=1, grokked_at=t) for t in (10, 20, None)] + [row(f=2, grokked_at=None)]
    assert milestone_bands(rows, "f", None, "grokked_at") == [
        {"x": 1, "line": "", "low": 10, "middle": 20, "high": None, "open": True}
    ]


def test_a_report_has_maps_of_two_axes_and_curves(folder: Path, tmp_path: Path) -> None:
    with Store(folder, read_only=True) as store:
        report = sweep_report(store, "s", tmp_path / "s.png")
        keys = [panel.key for panel in report.panels]
        assert keys == ["map-phase", "map-train_accuracy", "map-test_accuracy", "map-ipr", "curves"]
        assert len(rows_drawn(report.panels[0].groups[0].cells[0])) == 4
        assert len(report.panels[-1].groups) == 4
        assert "8 runs memorise" in report.summary
        multiples = sweep_report(store, "s", tmp_path / "s.png", ["lr", "seed", "corruption"], ["test_loss"])
        assert [group.label for group in multiples.panels[0].groups] == ["corruption 0", "corruption 0.3"]
        for suffix in (".png", ".html"):
            path = write_sweep_report(store, "s", tmp_path / f"s{suffix}", ["lr"], ["phase"])
            assert path.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("axes", "values", "message"),
    [
        (["rate"], [], r"axes: must be among those of the sweep \(lr, corruption, seed\), got 'rate'"),
        (["lr", "seed", "p", "corruption"], [], "axes: must be at most three"),
        ([], ["speed"], "values: must be columns of export, got 'speed'"),
    ],
)
def test_refusals(folder: Path, tmp_path: Path, axes: list[str], values: list[str], message: str) -> None:
    with Store(folder, read_only=True) as store, pytest.raises(InputError, match=message):
        write_sweep_report(store, "s", tmp_path / "s.png", axes, values)


def test_a_sweep_that_has_not_begun_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        write_listing(store, Listing("s", (("seed",),), "", (SweepMember("0" * 12, {"seed": 0}),)))
        with pytest.raises(InputError, match="sweep: must have runs that were observed, got none in s"):
            sweep_report(store, "s", tmp_path / "s.png")
