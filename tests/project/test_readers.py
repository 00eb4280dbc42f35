"""Every reader of bytes from outside, fed with anything: only the project's own input error leaves it.

Expressions, TOML, npy, csv, safetensors, JSON, rows of SQLite, checkpoints. A few examples by default, many
with `-m long`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaign import count
from modgrok.interop.load import read_weights
from modgrok.io import parse_json, read_csv_numbers, read_npy
from modgrok.learners.rfm.initial_feature_matrix import read_feature_matrix
from modgrok.models.kernel_machine import KernelMachine
from modgrok.models.kernels import Quadratic
from modgrok.models.transformer import Block, Transformer
from modgrok.runs import Experiment, NetworkFile, Store, read_network_file, run, write_network
from modgrok.sweeps.grid.sweep_file import read_sweep
from modgrok.tasks import InputError, TaskSource, parse, read_table, task_from_expression

Reader = Callable[[bytes], object]
FEW = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
MANY = settings(
    max_examples=count("EXAMPLES", 5_000),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)


def only_input_errors(read: Callable[[], object]) -> None:
    """Call a reader; whatever it raises must be one line of the project's own."""
    message = "argument: rule"
    try:
        read()
    except InputError as error:
        message = str(error)
    assert "\n" not in message
    assert ": " in message


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored") / "runs"
    with Store(folder) as store:
        run(Experiment.of("x + y", p=5, width=4), store=store, steps=2)
    return folder


@pytest.fixture(scope="module")
def checkpoints(stored: Path) -> list[bytes]:
    """The content of a file of weights of each kind."""
    heads, out = (jnp.ones((1, 4, 2)),) * 3, jnp.ones((1, 2, 4))
    block = Block(*heads, out, jnp.ones((4, 8)), jnp.ones((8, 4)))
    machine = KernelMachine(Quadratic(), jnp.eye(10), jnp.ones((1, 5)), jnp.array([[0, 4]]), (5, 5))
    networks = (Transformer(jnp.ones((6, 4)), None, (block,), None, jnp.ones((4, 5)), None), machine)
    paths = sorted(stored.rglob("weights-*.safetensors"))[-1:]
    for number, network in enumerate(networks):
        paths.append(stored.parent / f"{number}.safetensors")
        write_network(paths[-1], NetworkFile(network, TaskSource(expression="x + y", p=5)))
    return [path.read_bytes() for path in paths]


def readers(folder: Path) -> dict[str, Reader]:
    """Return each reader of a file, as a function of its bytes."""

    def of_file(name: str, read: Callable[[Path], object]) -> Reader:
        def reader(content: bytes) -> object:
            path = folder / name
            path.write_bytes(content)
            return read(path)

        return reader

    return {
        "toml": of_file("s.toml", read_sweep),
        "table.npy": of_file("t.npy", read_table),
        "table.csv": of_file("t.csv", read_table),
        "matrix": of_file("m.npy", lambda path: read_feature_matrix(path, 4)),
        "npy": of_file("a.npy", lambda path: read_npy(path, "array")),
        "csv": of_file("a.csv", lambda path: read_csv_numbers(path, "numbers")),
        "network": of_file("n.safetensors", read_network_file),
        "weights": of_file("w.safetensors", read_weights),
        "json": lambda content: parse_json(content, "json", dict),
    }


NAMES = tuple(readers(Path()))


def npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def safetensors(header: object, content: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


NASTY = (
    b"",
    b"PK\x03\x04",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"a = " + b"[" * 5_000,
    b'name = "s"\n[base]\nexpression = "x + y"\np = ' + b"9" * 400,
    b'name = "s"\n[base]\nexpression = "x + y"\np = 5\n[axes]\nlr = {log = [1, '
    + b"9" * 400
    + b"], num = 3}",
    b'name = "s"\n[base]\nexpression = "x + y"\np = 5\nlr = 1e999\n[axes]\nseed = [0]',
    b'name = ["' + b"9" * 4400 + b'"]',
    b"x = " + b"9" * 5_000,
    npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }"),
    npy("{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }", b"\x80\x04N."),
    npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2), }", b"0" * 64),
    npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4611686018427387904), }"),
    npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", b"0" * 8),
    npy("{'descr': '<c16', 'fortran_order': True, 'shape': (4, 4), }", bytes(256)),
    npy("(" * 2_000),
    b"1,2\n3,\xff\n",
    b"nan,inf\n1e999,-0\n",
    safetensors({"a": {"dtype": "F64", "shape": [10**12], "data_offsets": [0, 8 * 10**12]}}),
    safetensors({"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, b"00"),
    safetensors({"__metadata__": {"modgrok": "[" * 50_000}}),
    safetensors({"__metadata__": {"modgrok": '{"network": {"kind": "mlp"}, "task": null, "notes": {}}'}}),
    safetensors(
        {
            "__metadata__": {
                "modgrok": '{"network": {"kind": "transformer", "blocks": 1000000000}, "task": null}'
            }
        }
    ),
    struct.pack("<Q", 2**62),
)


def fed(name: str, content: bytes, folder: Path) -> None:
    only_input_errors(lambda: readers(folder)[name](content))


@pytest.mark.parametrize("name", NAMES)
def test_readers_refuse_what_is_built_to_break_them(name: str, tmp_path: Path) -> None:
    for content in NASTY:
        fed(name, content, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_readers_refuse_any_bytes(name: str, tmp_path: Path) -> None:
    FEW(given(st.binary(max_size=200))(lambda content: fed(name, content, tmp_path)))()


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_readers_refuse_any_bytes_at_length(name: str, tmp_path: Path) -> None:
    MANY(given(st.binary(max_size=2_000))(lambda content: fed(name, content, tmp_path)))()


TEXT = st.text(alphabet="xyzab0123456789+-*/^()=;, ifelsodvn.\x00é", max_size=60)


def parsed(text: str) -> None:
    def read() -> None:
        parse(text)
        task_from_expression(text, 5)

    only_input_errors(read)


@FEW
@given(TEXT)
@example("(" * 5_000)
@example("x^" * 3_000 + "x")
@example("9" * 5_000 + "x")
def test_expressions_are_refused_in_one_line(text: str) -> None:
    parsed(text)


@pytest.mark.long
@MANY
@given(TEXT)
def test_expressions_are_refused_in_one_line_at_length(text: str) -> None:
    parsed(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**30) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
CELL = (
    st.none()
    | st.integers(-3, 2**62)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | JSON.map(json.dumps)
)
COLUMNS = [
    *(f"runs.{name}" for name in (
        "id", "experiment", "expression", "p", "learner", "created", "updated", "status", "step", "budget",
        "early_stop", "observe_every", "memorised_at", "grokked_at", "seconds", "step_seconds", "timed_steps",
        "scalars", "histograms", "context", "state", "state_sha256",
    )),
    *(f"records.{name}" for name in ("step", "seconds", "scalars", "histograms")),
    *(f"checkpoints.{name}" for name in ("step", "reason", "file", "sha256", "bytes")),
]  # fmt: skip


def row_read(stored: Path, folder: Path, column: str, value: object) -> None:
    """Put a value into a column of a copy of a store, and read all of it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(stored, folder)
    table, _, name = column.partition(".")
    with contextlib.closing(sqlite3.connect(folder / "modgrok.sqlite")) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        with contextlib.suppress(sqlite3.IntegrityError, OverflowError, UnicodeEncodeError):
            where = "1" if table == "runs" else f"step = (SELECT max(step) FROM {table})"
            connection.execute(f"UPDATE {table} SET {name} = ? WHERE {where}", (value,))

    def read() -> None:
        damaged: list[InputError] = []
        with Store(folder, read_only=True) as store:
            for row in store.rows(damaged.append):
                Experiment.from_json(row.experiment)
                store.records(row.id)
                store.series(row, row.scalars)
                for checkpoint in store.checkpoints(row.id):
                    checkpoint.load()
                if row.state is not None:
                    store.state(row)

    only_input_errors(read)


@settings(FEW, max_examples=8)
@given(column=st.sampled_from(COLUMNS), value=CELL)
def test_rows_of_a_store_are_checked(stored: Path, column: str, value: object) -> None:
    row_read(stored, stored.parent / "copy", column, value)


@pytest.mark.long
@settings(MANY, max_examples=1_000)
@given(column=st.sampled_from(COLUMNS), value=CELL)
def test_rows_of_a_store_are_checked_at_length(stored: Path, column: str, value: object) -> None:
    row_read(stored, stored.parent / "copy", column, value)


def checkpoint_read(files: list[bytes], folder: Path, which: int, at: float, byte: int) -> None:
    """Change one byte of a file of weights and read it without its hash; the hash refuses it anyway."""
    content = bytearray(files[which])
    content[int(at * (len(content) - 1))] = byte
    path = folder / "weights.safetensors"
    path.write_bytes(content)
    only_input_errors(lambda: read_network_file(path))
    only_input_errors(lambda: read_weights(path))


BYTES = {"which": st.integers(0, 2), "at": st.floats(0, 1), "byte": st.integers(0, 255)}


@FEW
@given(**BYTES)
def test_damaged_checkpoints_are_refused(
    checkpoints: list[bytes], stored: Path, which: int, at: float, byte: int
) -> None:
    checkpoint_read(checkpoints, stored.parent, which, at, byte)


@pytest.mark.long
@settings(MANY, max_examples=1_000)
@given(**BYTES)
def test_damaged_checkpoints_are_refused_at_length(
    checkpoints: list[bytes], stored: Path, which: int, at: float, byte: int
) -> None:
    checkpoint_read(checkpoints, stored.parent, which, at, byte)


FORMS: tuple[dict[str, Any], ...] = (
    {"kind": "mlp", "activation": "power2", "input_scale": 1.0, "output_scale": 1.0},
    {"kind": "mlp", "activation": "nothing", "input_scale": "1", "output_scale": []},
    {"kind": "kernel_machine", "kernel": "laplace", "parameters": {"bandwidth": "wide"}, "sizes": [5, 10**9]},
    {"kind": "transformer", "blocks": -1, "operands": 2, "layout": "infix", "activation": "relu"},
    {"kind": "experts", "products": [], "total": {"kind": "mlp"}, "beta": None},
    {"kind": ["mlp"]},
)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_networks_of_parts_that_do_not_fit_are_refused(form: dict[str, Any], tmp_path: Path) -> None:
    from safetensors.numpy import save

    arrays = {
        "embedding": np.zeros((2, 5, 4), np.float32),
        "readout": np.zeros((5, 3), np.float32),
        "matrix": np.zeros((3, 4)),
        "alphas": np.zeros((2, 5)),
        "inputs": np.zeros((2, 2), np.int32),
        "unembedding": np.zeros((4, 5), np.float32),
    }
    header = {"network": form, "task": None, "notes": {}}
    path = tmp_path / "n.safetensors"
    path.write_bytes(save(arrays, {"modgrok": json.dumps(header)}))
    with pytest.raises(InputError, match=r"^path: "):
        read_network_file(path)
