"""A sweep's tables: tidy, complete, described, and the store's own numbers."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modgrok.reports.panels.critical import searched, varied_axes
from modgrok.runs import Store
from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing
from modgrok.sweeps import make_sweep, run_ensemble, wilson
from modgrok.sweeps.execution.ensemble import ensembles_of
from modgrok.sweeps.tables.summary import critical_rows, summary_rows
from modgrok.sweeps.tables.table import SweepTable, sweep_table

CONTENT = {
    "name": "mixed",
    "base": {"expression": "x + y", "p": 5, "fraction": 0.7, "steps": 3},
    "axes": {"learner": ["mlp", "rfm"], "corruption": [0.0, 0.3]},
    "zip": [{"seed": [0, 1]}],
}


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A store with a sweep of which the last member has failed before it began."""
    sweep = make_sweep(CONTENT)
    with Store(tmp_path / "runs") as store:
        for ensemble in ensembles_of(sweep.members[:-1]):
            assert all(outcome.error is None for outcome in run_ensemble(ensemble, store))
        members = [SweepMember(m.experiment.id, m.point) for m in sweep.members[:-1]]
        last = sweep.members[-1]
        members.append(SweepMember(last.experiment.id, last.point, "no memory"))
        axes = tuple(axis.fields for axis in sweep.axes)
        write_listing(store, Listing("mixed", axes, "modgrok sweep mixed.toml", tuple(members)))
    return tmp_path / "runs"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_tables_hold_the_stores_numbers(stored: Path, call: Callable[..., Any], tmp_path: Path) -> None:
    result = call("export", "mixed", "--format", "csv", "-o", "out", "--json")
    assert result.code == 0, result.err
    assert result.json["path"] == "out"
    runs, records = read(tmp_path / "out" / "runs.csv"), read(tmp_path / "out" / "records.csv")
    assert len(runs) == 8
    assert [run["status"] for run in runs] == ["finished"] * 7 + ["absent"]
    assert (runs[-1]["error"], runs[-1]["learner"], runs[-1]["seed"]) == ("no memory", "rfm", "1")
    with Store(stored, read_only=True) as store:
        for run in runs[:-1]:
            row = store.get(run["run"])
            own_records = [r for r in records if r["run"] == row.id]
            known = store.records(row.id)
            assert [int(r["step"]) for r in own_records] == [r.step for r in known]
            for output, record in zip(own_records, known, strict=True):
                assert float(output["train_loss"]) == record.scalars["train_loss"]
            assert float(run["test_accuracy"]) == known[-1].scalars["test_accuracy"]
            assert (run["corrupted_accuracy"] == "") == (float(run["corruption"]) == 0)
    assert {run["phase"] for run in runs[:-1]} <= {"confusion", "memorisation", "coexistence", "forgetting"}
    assert runs[0]["symmetric"] == "false"
    assert runs[0]["orbits"] == "none"
    for name in ("orbit_accuracy", "swap_share", "sign_accuracy"):
        assert all(0 <= float(run[name]) <= 1 for run in runs[:-1])
        assert runs[-1][name] == ""
    assert runs[0]["ridge"] == ""
    assert runs[0]["width"] == "500"


def test_the_dictionary_describes_every_column(
    stored: Path, call: Callable[..., Any], tmp_path: Path
) -> None:
    call("export", "mixed", "--format", "csv", "-o", "out")
    entries = read(tmp_path / "out" / "dictionary.csv")
    for name in ("runs", "records", "summary"):
        rows = read(tmp_path / "out" / f"{name}.csv")
        assert [e["column"] for e in entries if e["table"] == name] == list(rows[0])
    assert all(len(entry["meaning"]) > 3 for entry in entries)
    axes = {entry["column"] for entry in entries if entry["axis"] == "true"}
    assert axes == {"learner", "corruption", "seed"}


def test_the_summary_counts_the_runs_at_each_point(stored: Path) -> None:
    with Store(stored, read_only=True) as store:
        table = sweep_table(store, "mixed")
    rows = summary_rows(table)
    assert [(row["learner"], row["corruption"], row["runs"]) for row in rows] == [
        ("mlp", 0.0, 2),
        ("mlp", 0.3, 2),
        ("rfm", 0.0, 2),
        ("rfm", 0.3, 1),
    ]
    accuracies = [row["test_accuracy"] for row in table.runs if row["learner"] == "mlp"]
    assert rows[0]["test_accuracy"] == pytest.approx(sum(accuracies[:2]) / 2, abs=1e-6)
    assert (rows[0]["grokked"], rows[0]["grokked_median"], rows[0]["grokked_low"]) == (0, None, 0)
    assert rows[0]["grokked_high"] == round(wilson(0, 2)[1], 4)
    assert critical_rows(table) == []


def run_row(fraction: float, seed: int, grokked_at: int | None, status: str = "finished") -> dict[str, Any]:
    moments = {"memorised_at": 1, "grokked_at": grokked_at}
    return {"p": 5, "fraction": fraction, "seed": seed, "status": status, "phase": "confusion", **moments}


def test_critical_fractions_are_read_from_any_runs_that_ended(tmp_path: Path) -> None:
    rows = [run_row(f, seed, 7 if f > 0.4 else None) for f in (0.3, 0.5, 0.7) for seed in range(4)]
    rows += [run_row(0.4, 0, None), run_row(0.4, 1, None, "interrupted")]
    with Store(tmp_path) as store:
        axes = ("p", "fraction", "seed")
        table = SweepTable("s", axes, tuple((axis,) for axis in axes), (), tuple(rows), (), store)
        (result,) = critical_rows(table)
    assert (result["p"], result["place"], result["critical_fraction"]) == (5, "inside", 0.4)
    assert (result["low"], result["low_grokked"], result["high"], result["high_grokked"]) == (0.3, 0, 0.5, 4)
    assert (result["sure_low"], result["sure_high"], result["fractions"], result["seeds"]) == (0.3, 0.5, 3, 4)


@pytest.mark.needs("pyarrow")
def test_parquet_has_types(stored: Path, call: Callable[..., Any], tmp_path: Path) -> None:
    from pyarrow import parquet

    result = call("export", "mixed", "--format", "parquet", "-o", "out")
    assert result.code == 0, result.err
    runs = parquet.read_table(tmp_path / "out" / "runs.parquet")
    assert runs.num_rows == 8
    kinds = {field.name: str(field.type) for field in runs.schema}
    assert (kinds["grokked_at"], kinds["fraction"], kinds["symmetric"]) == ("int64", "double", "bool")
    with Store(stored, read_only=True) as store:
        expected = [
            row["test_accuracy"] for row in sweep_table(store, "mixed").runs if "test_accuracy" in row
        ]
    assert runs.column("test_accuracy").to_pylist()[:-1] == expected
    assert parquet.read_table(tmp_path / "out" / "records.parquet").num_rows > 8


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mixed", "--format", "safetensors"), "format: must be csv or parquet for a sweep"),
        (("latest", "--format", "parquet"), "format: parquet must be used with a sweep"),
        (("mixed", "--format", "csv", "-o", "no/where"), "output: must be in an existing folder"),
        (("other", "--format", "csv"), "run: does not name a run"),
    ],
)
def test_refusals(stored: Path, call: Callable[..., Any], arguments: tuple[str, ...], message: str) -> None:
    result = call("export", *arguments)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert result.err.startswith(f"modgrok: {message}")


def test_axes_that_advance_together_are_one_axis_of_a_full_grid(tmp_path: Path) -> None:
    rows = [
        {"fraction": fraction, "optimiser": name, "lr": rate, "seed": seed}
        for fraction in (0.3, 0.5)
        for name, rate in (("gd", 10.0), ("adamw", 0.01))
        for seed in (0, 1)
    ]
    groups = (("fraction",), ("optimiser", "lr"), ("seed",))
    axes = tuple(axis for group in groups for axis in group)
    with Store(tmp_path) as store:
        table = SweepTable("s", axes, groups, (), tuple(rows), (), store)
        some = SweepTable("s", axes, groups, (), tuple(rows[:-1]), (), store)
    assert (searched(table), searched(some)) == (False, True)
    assert varied_axes(table) == ["fraction", "optimiser"]


def test_an_axis_that_does_not_tell_its_group_apart_is_not_the_only_one(tmp_path: Path) -> None:
    """The survey's files list fractions for each modulus: neither follows from the other."""
    zipped = [(13, 0.4), (13, 0.5), (23, 0.3), (23, 0.4)]
    rows = [{"p": p, "fraction": fraction, "seed": seed} for p, fraction in zipped for seed in (0, 1)]
    with Store(tmp_path) as store:
        groups = (("seed",), ("p", "fraction"))
        table = SweepTable("s", ("seed", "p", "fraction"), groups, (), tuple(rows), (), store)
    assert varied_axes(table) == ["p", "fraction"]
    assert searched(table)
