"""A sweep's tables as files: CSV, or Parquet where pyarrow is installed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ...io import atomic_file, csv_cell, made_folder
from ...tasks import InputError
from .summary import critical_columns, critical_rows, summary_columns, summary_rows
from .table import Column, Row, SweepTable, describe

FORMATS = ("csv", "parquet")
BATCH = 50_000
"""Rows that are held at once on the way to Parquet."""
DICTIONARY = (
    Column("table", "text", ""),
    Column("column", "text", ""),
    Column("type", "text", ""),
    Column("axis", "truth", ""),
    Column("meaning", "text", ""),
)


def write_sweep_table(table: SweepTable, folder: Path, format: str) -> list[Path]:
    """Write `runs`, `records`, `summary`, `dictionary` and, where fractions vary, `critical` into a folder.

    Arguments:
        table: what to write.
        folder: where; it is made, and files of these names are replaced.
        format: `csv` or `parquet`.

    Returns:
        The files.

    Raises:
        InputError: parquet without pyarrow.
    """
    write = _write_csv if format == "csv" else _parquet_writer()
    tables: tuple[tuple[str, Sequence[Column], Iterable[Row]], ...] = (
        ("runs", table.columns, table.runs),
        ("records", table.record_columns, table.records()),
        ("summary", summary_columns(table), summary_rows(table)),
        ("dictionary", DICTIONARY, [*table.dictionary(), *small_tables(table)]),
    )
    if "fraction" in table.axes:
        tables += (("critical", critical_columns(table), critical_rows(table)),)
    paths = []
    with made_folder(folder):
        for name, columns, rows in tables:
            paths.append(folder / f"{name}.{format}")
            write(paths[-1], columns, rows)
    return paths


def small_tables(table: SweepTable) -> list[Row]:
    """Describe the columns of `summary` and `critical`."""
    described = [("summary", summary_columns(table))]
    if "fraction" in table.axes:
        described.append(("critical", critical_columns(table)))
    return [describe(name, column) for name, columns in described for column in columns]


def _write_csv(path: Path, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    with atomic_file(path, text=True, newline="") as file:
        writer = csv.writer(file)
        writer.writerow([csv_cell(column.name) for column in columns])
        for row in rows:
            writer.writerow([csv_cell(row.get(column.name)) for column in columns])


def _parquet_writer() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            'format: parquet needs pyarrow (uv sync --extra parquet, or pip install "modgrok[parquet]"), got '
            "none; csv needs nothing"
        ) from None
    types = {
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "text": pyarrow.string(),
        "truth": pyarrow.bool_(),
    }

    def write(path: Path, columns: Sequence[Column], rows: Iterable[Row]) -> None:
        schema = pyarrow.schema([(column.name, types[column.kind]) for column in columns])
        remaining = iter(rows)
        with atomic_file(path) as file, pyarrow.parquet.ParquetWriter(file, schema) as writer:
            while True:
                batch = list(islice(remaining, BATCH))
                if not batch:
                    break
                content = [[row.get(column.name) for column in columns] for row in batch]
                arrays = [
                    pyarrow.array(values, type=field.type)
                    for values, field in zip(zip(*content, strict=True), schema, strict=True)
                ]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))

    return write
