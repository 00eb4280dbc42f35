"""A sweep's tables as other tools read them: the store's own numbers, types and missing values."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modgrok.runs import Store
from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing
from modgrok.sweeps import make_sweep, run_ensemble
from modgrok.sweeps.execution.ensemble import ensembles_of
from modgrok.sweeps.tables.table import SweepTable, sweep_table
from modgrok.sweeps.tables.write_table import write_sweep_table

CONTENT = {
    "name": "read",
    "base": {"expression": "x + y", "p": 5, "fraction": 0.7, "width": 8, "steps": 3},
    "axes": {"symmetric": [False, True], "corruption": [0.0, 0.3]},
}
FORMATS = ("csv", "parquet")
READERS = ("pandas", "polars", "duckdb")
Reader = Callable[[Path], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[SweepTable, Path]:
    """The table of a sweep, one member of which has not begun, and the folder of its files."""
    folder = tmp_path_factory.mktemp("read")
    sweep = make_sweep(CONTENT)
    with Store(folder) as store:
        for ensemble in ensembles_of(sweep.members[:-1]):
            assert all(outcome.error is None for outcome in run_ensemble(ensemble, store, weights="final"))
        members = tuple(SweepMember(member.experiment.id, member.point) for member in sweep.members)
        write_listing(store, Listing("read", (("symmetric",), ("corruption",)), "", members))
        table = sweep_table(store, "read")
        for format in FORMATS:
            write_sweep_table(table, folder / "tables", format)
    return table, folder / "tables"


def pandas_reader(path: Path) -> list[dict[str, Any]]:
    import pandas

    frame = pandas.read_csv(path) if path.suffix == ".csv" else pandas.read_parquet(path)
    return list(frame.to_dict(orient="records"))


def polars_reader(path: Path) -> list[dict[str, Any]]:
    import polars

    frame = polars.read_csv(path) if path.suffix == ".csv" else polars.read_parquet(path)
    return list(frame.to_dicts())


def duckdb_reader(path: Path) -> list[dict[str, Any]]:
    import duckdb

    with duckdb.connect() as connection:
        result = connection.execute(f"SELECT * FROM '{path}'")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def same(read: Any, known: Any) -> bool:
    """Compare a value with the store's; what is missing may be None or nan."""
    if known is None:
        return read is None or read != read
    if isinstance(known, bool):
        return isinstance(read, bool) and read == known
    if isinstance(known, int | float):
        return math.isclose(read, known, rel_tol=1e-15)  # decimal text, one unit in the last place
    return bool(read == known)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "reader",
    [
        pytest.param(reader, id=name, marks=pytest.mark.needs(name, "pyarrow"))
        for name, reader in zip(READERS, (pandas_reader, polars_reader, duckdb_reader), strict=True)
    ],
)
def test_tables_are_read_as_they_are(exported: tuple[SweepTable, Path], reader: Reader, format: str) -> None:
    table, folder = exported
    runs = reader(folder / f"runs.{format}")
    assert len(runs) == 4
    for read, known in zip(runs, table.runs, strict=True):
        wrong = [name for name in read if not same(read[name], known.get(name))]
        assert [(name, read[name], known.get(name)) for name in wrong] == []
    records = reader(folder / f"records.{format}")
    assert len(records) == 3 * 4
    assert {record["run"] for record in records} == {row["run"] for row in table.runs[:-1]}
    assert [record["step"] for record in records] == [0, 1, 2, 3] * 3
