"""From stores to the survey's tables, statistics and forecast, on planted runs of one piece."""

from __future__ import annotations

import importlib
import itertools
import json
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from recorded import ADAMW, grok_step, record

from modgrok.runs import Experiment, Store
from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing
from modgrok.sweeps.forecasting.model import ForecastModel
from modgrok.sweeps.forecasting.run_forecast import committed_models

ROOT = Path(__file__).parents[2]
TOOLS = (
    "make_survey_files",
    "make_survey_tables",
    "make_survey_statistics",
    "make_forecast",
    "make_survey_pictures",
)
PIECE, SWEEP = "adamw_add_11_31", "survey-adamw-add-11-31"
BUDGET = 4000

if not (ROOT / "tools" / f"{TOOLS[0]}.py").is_file():
    pytest.skip("not part of this checkout", allow_module_level=True)


@pytest.fixture(scope="module")
def tools() -> Iterator[dict[str, ModuleType]]:
    sys.path.insert(0, str(ROOT / "tools"))
    yield {name: importlib.import_module(name) for name in TOOLS}
    sys.path.remove(str(ROOT / "tools"))
    for name in TOOLS:
        del sys.modules[name]


@pytest.fixture(scope="module")
def experiments() -> list[Experiment]:
    points = itertools.product((11, 13, 17, 23), (0.4, 0.5, 0.6, 0.7), range(4))
    return [Experiment.of("x + y", p=p, fraction=f, seed=seed, **ADAMW) for p, f, seed in points]


def fill(store: Store, experiments: list[Experiment], chosen: slice) -> None:
    """Record some of a sweep's runs, the seed 0 of each fraction of 0.4 without grokking."""
    rng = np.random.default_rng(0)
    for place, experiment in enumerate(experiments):
        at, ipr = grok_step(experiment, rng)
        at = math.inf if experiment.fraction == 0.4 and experiment.seed != 3 else at
        if place in range(*chosen.indices(len(experiments))):
            record(store, experiment, at, ipr, budget=BUDGET)
    members = tuple(SweepMember(one.id, {"seed": one.seed}) for one in experiments)
    write_listing(store, Listing(SWEEP, (("seed",),), "", members))


@pytest.fixture(scope="module")
def table(tools, experiments, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of two stores with half of the runs each."""
    path = tmp_path_factory.mktemp("tables") / f"{PIECE}.csv"
    append = tools["make_survey_tables"].append
    for chosen, expected in ((slice(0, 40), 40), (slice(40, None), 64)):
        with Store(tmp_path_factory.mktemp("runs")) as store:
            fill(store, experiments, chosen)
            assert append(store, SWEEP, BUDGET, path) == (expected, 64)
            before = path.read_bytes()
            append(store, SWEEP, BUDGET, path)
            assert path.read_bytes() == before
            assert append(store, SWEEP, 2 * BUDGET, path.with_name("longer.csv"))[0] < expected
    return path


def test_a_table_has_the_runs_of_both_stores_in_order(tools, table: Path, experiments) -> None:
    rows = tools["make_survey_tables"].read_table(table)
    assert [row["run"] for row in rows] == [one.id for one in experiments]
    first, fourth = rows[0], rows[3]
    assert (first["end"], first["grokked_at"], first["step"]) == ("budget", "", str(BUDGET))
    assert (fourth["end"], fourth["held_at"]) == ("grokked", fourth["grokked_at"])
    assert (fourth["memorised_at"], fourth["later_at"]) == ("20", "30")
    assert float(fourth["memorised_ipr"]) == pytest.approx(float(fourth["later_ipr"]) - 0.01, abs=1e-4)
    assert fourth["phase"] == ""
    assert table.stat().st_size < 300 * len(rows)


def cells(lines: Iterable[str]) -> list[list[str]]:
    """Return the rows of a table about x + y."""
    return [line.split(" | ") for line in lines if line.startswith("| `x + y`")]


def test_statistics_find_the_planted_transition(tools, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = tools["make_survey_statistics"]
    folder = table.parent.parent / "survey"
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    (folder / "tables" / table.name).write_bytes(table.read_bytes())
    monkeypatch.setattr(statistics, "FOLDER", folder)
    runs = statistics.groups()
    critical = statistics.estimates(runs)
    rows = cells(statistics.critical_lines(runs, critical))
    assert [row[2] for row in rows] == ["11", "13", "17", "23"]
    for row in rows:
        assert 0.4 < float(row[5].split()[0]) < 0.5
        assert row[-1] == "no |"
    laws = cells(statistics.law_lines(runs))
    assert [law[2] for law in laws] == ["4", "4"]
    (time,) = cells(statistics.duration_lines(runs, critical))
    exponent, low, _, high = (float(word.strip("()")) if word != "to" else 0.0 for word in time[3].split())
    assert low < 0.5 < high
    assert exponent == pytest.approx(0.5, abs=0.3)
    listing = next(line for line in statistics.pieces_lines() if PIECE in line)
    assert listing.endswith(f"| {64} |")


def test_the_forecast_is_fitted_to_the_tables(tools, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forecast = tools["make_forecast"]
    folder = table.parent.parent / "forecast"
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    (folder / "tables" / table.name).write_bytes(table.read_bytes())
    source = ROOT / "atlas" / "survey" / f"{PIECE}.toml"
    (folder / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(forecast, "FOLDER", folder)
    committed, tables = forecast.content()
    (entry,) = json.loads(committed)
    assert entry["settings"] == {"kind": "mlp", "optimiser": "adamw"}
    assert (entry["tables"], entry["runs"], entry["grokked"]) == ([PIECE], 64, 52)
    assert entry["ranges"]["p"] == [11, 23]
    assert entry["values"]["expression"] == ["x + y"]
    model = ForecastModel.from_json(entry["models"]["memorised"])
    assert model.budget == BUDGET
    ipr = model.names.index("memorised ipr")
    assert model.times.coefficients[ipr] / model.deviation[ipr] == pytest.approx(-4, abs=1)
    scores = {
        row[1].strip(): row for row in (line.split("|") for line in tables.splitlines()) if len(row) > 3
    }
    factor = {name: row[2] for name, row in scores.items()}
    assert (
        factor["up to memorisation"]
        < factor["p and fraction alone"]
        < factor["median of the other moduli's runs"]
    )
    assert factor["– without measures of the weights"] > factor["up to 1.5 times that step"]


def test_pictures_are_drawn_of_what_there_is(tools, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = tools["make_survey_pictures"]
    folder = table.parent.parent / "pictures"
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(tools["make_survey_statistics"], "FOLDER", folder)
    monkeypatch.setattr(tools["make_forecast"], "FOLDER", folder)
    monkeypatch.setattr(pictures, "FOLDER", folder)
    assert [list(draw()) for draw in pictures.PICTURES.values()] == [[], [], [], []]
    (folder / "tables" / table.name).write_bytes(table.read_bytes())
    (folder / f"{PIECE}.toml").write_bytes((ROOT / "atlas" / "survey" / f"{PIECE}.toml").read_bytes())
    corrupted = (
        "fraction,corruption,weight_decay,train_accuracy,test_accuracy,phase,grokked_at,memorised_at,end\n"
        "0.5,0.3,5.0,0.7,1.0,full inversion,40,,budget\n0.9,0.3,5.0,0.7,1.0,full inversion,40,,budget\n"
    )
    (folder / "tables" / "corruption.csv").write_text(corrupted)
    (folder / "corruption.toml").write_bytes((ROOT / "atlas" / "survey" / "corruption.toml").read_bytes())
    for name, draw in pictures.PICTURES.items():
        (panel, *_) = draw()
        spec = panel.groups[0].cells[0].spec(600)
        assert spec["description"], name
    assert pictures.report_of([panel]).panels == (panel,)


def test_the_committed_models_are_those_of_the_committed_tables(tools) -> None:
    known = {family.name: family for family in tools["make_forecast"].families()}
    for entry in committed_models():
        family = known[entry["family"]]
        assert entry["tables"] == family.tables
        assert entry["ranges"]["fraction"] == [
            min(float(row["fraction"]) for row in family.rows),
            max(float(row["fraction"]) for row in family.rows),
        ]
        _, runs = tools["make_forecast"].runs_of(family, "later")
        assert (entry["runs"], entry["grokked"]) == (len(runs.steps), int(runs.grokked.sum()))


@pytest.mark.long
def test_the_pages_and_the_models_are_what_the_tools_write(tools) -> None:
    page = (ROOT / "docs" / "atlas.md").read_text(encoding="utf-8")
    assert tools["make_survey_statistics"].content(page) == page
    committed, tables = tools["make_forecast"].content()
    assert tools["make_forecast"].PATH.read_text(encoding="utf-8") == committed
    assert tables in (ROOT / "docs" / "forecast.md").read_text(encoding="utf-8")
