"""The exact object between an expression and a training set: a modulus and a table.

Owns: the table over all p^k inputs, its domain, its limits, the chance levels. A task comes from an
expression, from a table in a file, or from a finite group; all are the same record.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..algebra.groups import composition_table
from ..display import Displayed, Facts
from ..former_names import former_keyword
from ..io import csv_numbers, is_file, npy_array, read_csv_numbers, read_npy
from ..io.whole_numbers import whole_number
from .errors import InputError, shorten
from .expression import MOST_OPERANDS, Expression, parse

NPY = b"\x93NUMPY"
"""How a `.npy` file begins."""
LARGEST_TABLE = 2**24
"""Most entries p^k of a table: 128 MiB of int64."""
EXTRA_VALUES = 5
"""Operand values beyond p - 1 in the extended domain, that of the released code of Furuta et al. 2024."""


@dataclass(frozen=True, eq=False, repr=False)
class Task(Displayed):
    """A function f: (Z_p)^k -> Z_p, defined on a domain, as an exact table.

    Arguments:
        name: canonical text: the printed expression, the group's name, or `table:` and a hash.
        p: modulus: number of values of an operand and of classes.
        operands: k names.
        table: int64, shape (p,)*k, read-only; entry in 0..p-1, or -1 outside the domain. Two kinds of task
            have another shape: a mixture of T tasks (p, …, p, T), and the extended domain (p + 5,)*k.
        parts: the tasks of a mixture; empty for a single task.
    """

    name: str
    p: int
    operands: tuple[str, ...]
    table: np.ndarray
    parts: tuple[Task, ...] = ()

    def _facts(self) -> Facts:
        named = {"name": self.name, "p": self.p, "operands": self.operands, "inputs": self.size}
        return {**named, "excluded": self.excluded or None, "tasks": len(self.parts) or None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state of a copy or of a pickle, in which arrays have forgotten that they are read-only."""
        self.__dict__.update(state)
        self.table.flags.writeable = False

    @property
    def k(self) -> int:
        """Number of operands."""
        return self.table.ndim

    @cached_property
    def domain(self) -> np.ndarray:
        """Flat indices of the defined inputs, ascending; int64, shape (n,)."""
        return np.flatnonzero(self.table.ravel() >= 0)

    @property
    def size(self) -> int:
        """n, the number of defined inputs."""
        return len(self.domain)

    @property
    def excluded(self) -> int:
        """Number of inputs left out, where a denominator is not a unit."""
        return self.table.size - self.size

    def inputs(self, indices: np.ndarray | None = None) -> np.ndarray:
        """Return operand values of flat indices (the whole domain if None); int32, shape (n, k)."""
        flat = self.domain if indices is None else indices
        return np.stack(np.unravel_index(flat, self.table.shape), axis=1).astype(np.int32)

    def labels(self, indices: np.ndarray | None = None) -> np.ndarray:
        """Return the values at flat indices (the whole domain if None); int32, shape (n,)."""
        flat = self.domain if indices is None else indices
        return self.table.ravel()[flat].astype(np.int32)

    @property
    def is_plain(self) -> bool:
        """Whether the table has the shape (p,)*k: neither a mixture nor the extended domain."""
        return set(self.table.shape) == {self.p} and not self.parts

    @cached_property
    def places(self) -> np.ndarray:
        """Flat index of each defined input among its operands alone, without the task of a mixture."""
        return self.domain // (len(self.parts) or 1)

    @cached_property
    def majority_share(self) -> float:
        """Share of the most frequent value over the domain: what a constant guess scores."""
        return float(np.bincount(self.labels(), minlength=self.p).max() / self.size)

    @cached_property
    def has_trivial_zero_rows(self) -> bool:
        """Say whether some operand at zero fixes the value, as in x*y.

        Then accuracy over inputs without zero operands is worth its own line.
        """
        if self.parts:
            return any(part.has_trivial_zero_rows for part in self.parts)
        for axis in range(self.k):
            row = np.take(self.table, 0, axis=axis)
            values = row[row >= 0]
            if self.k > 1 and len(values) > 1 and (values == values.flat[0]).all():
                return True
        return False

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the table, as 64 hexadecimal digits: the identity of a table given directly.

        Of its numbers alone for two operands; otherwise of their number of operands, too, since a table of
        four operands mod 2 has as many numbers as one of two mod 4.
        """
        return self._sha256(b"" if self.k == 2 else f"k={self.k}:".encode())

    @property
    def digests(self) -> tuple[str, ...]:
        """Its digest, and the one that earlier versions gave."""
        return self.digest, self.digest if self.k == 2 else self._sha256(b"")

    def _sha256(self, prefix: bytes) -> str:
        content = np.ascontiguousarray(self.table, dtype="<i8").tobytes()
        return hashlib.sha256(prefix + content).hexdigest()


def check_modulus(p: int) -> int:
    """Return a modulus as a plain integer; refuse one below 2."""
    return whole_number("p", p, 2)


def check_size(p: int, k: int) -> None:
    """Refuse a table of more than `LARGEST_TABLE` entries before it is allocated."""
    if p**k > LARGEST_TABLE:
        raise InputError(f"p: a table of p^k entries may have at most {LARGEST_TABLE}, got {p}^{k} = {p**k}")


@former_keyword("released", "extended_domain")
def task_from_expression(text: str | Expression, p: int, *, extended_domain: bool = False) -> Task:
    """Tabulate an expression mod p over all p^k inputs.

    Arguments:
        text: see `modgrok.tasks.expression.parse`; must name 1 to 6 operands.
        p: modulus, at least 2, prime or composite; p^k at most 2^24.
        extended_domain: let operands run over 0..p+4, each value standing for its residue, as the released
            code of Furuta et al. 2024 does (its loop takes the size of the vocabulary for the modulus).

    Raises:
        InputError: the expression or modulus breaks a rule, or no input has unit denominators.

    Example:
        >>> task = task_from_expression("x/y", 5)
        >>> task.table[1].tolist(), task.excluded
        ([-1, 1, 3, 2, 4], 5)
    """
    expression = parse(text) if isinstance(text, str) else text
    p = check_modulus(p)
    names = expression.operands
    if not names:
        raise InputError(f"expression: must name at least one operand, got {shorten(expression)}")
    if len(names) > MOST_OPERANDS:
        raise InputError(f"expression: may name at most {MOST_OPERANDS} operands, got {len(names)}")
    values_of_operand = p + EXTRA_VALUES if extended_domain else p
    check_size(values_of_operand, len(names))
    axes = np.ogrid[tuple(slice(0, values_of_operand) for _ in names)]
    values = {name: np.asarray(axis, dtype=np.int64) for name, axis in zip(names, axes, strict=True)}
    value, defined = expression.evaluate(values, p)
    shape = (values_of_operand,) * len(names)
    table = np.where(np.broadcast_to(defined, shape), np.broadcast_to(value, shape), -1)
    if (table < 0).all():
        raise InputError(
            f"expression: must have unit denominators at some input mod {p}, got {shorten(expression)}"
        )
    return _task(str(expression), p, names, table)


def task_from_group(name: str) -> Task:
    """Tabulate the composition of a finite group: `C7`, `D5`, `S5`.

    Example:
        >>> task_from_group("S3").table[1].tolist()
        [1, 0, 4, 5, 2, 3]
    """
    try:
        table = composition_table(name)
    except ValueError as error:
        raise InputError(str(error)) from None
    if len(table) < 2:
        raise InputError(f"group: must have at least 2 elements, got {shorten(name)}")
    return _task(name.strip().replace("_", ""), len(table), ("x", "y"), table)


def task_from_table(table: np.ndarray) -> Task:
    """Take a table given directly.

    Arguments:
        table: integers in 0..p-1, shape (p,)*k, k from 1 to 6.

    Raises:
        InputError: another shape, a non-integer, a value out of range.

    Example:
        >>> task_from_table(np.array([[0, 1], [1, 0]])).p
        2
    """
    try:
        table = np.asarray(table)
    except ValueError:
        raise InputError("table: must be p x p, got rows of unequal length") from None
    if table.ndim == 0 or table.ndim > MOST_OPERANDS or len(set(table.shape)) != 1:
        raise InputError(f"table: must be p x p (the same length on every axis), got shape {table.shape}")
    p = table.shape[0]
    p = check_modulus(p)
    check_size(p, table.ndim)
    if not np.issubdtype(table.dtype, np.integer):
        if not np.issubdtype(table.dtype, np.floating):
            raise InputError(f"table: entries must be integers, got type {table.dtype}")
        odd = ~(np.isfinite(table) & (table == np.floor(table)))
        if odd.any():
            raise InputError(f"table: entries must be integers, got {table[odd].flat[0]}")
    wrong = (table < 0) | (table >= p)
    if wrong.any():
        raise InputError(f"table: entries must be in 0..{p - 1}, got {table[wrong].flat[0]}")
    names = ("x", "y", "z", "a", "b", "n")[: table.ndim]
    task = _task("table", p, names, table.astype(np.int64))
    return _task(f"table:{task.digest[:12]}", p, names, task.table)


def read_table(path: Path) -> Task:
    """Read a table from a `.npy` file (never pickled) or a `.csv` file of integers.

    Raises:
        InputError: the file is missing, of another kind, or holds no valid table.
    """
    if not is_file(path):
        raise InputError(f"table: must be an existing .npy or .csv file, got {shorten(path)}")
    if path.suffix.lower() not in (".npy", ".csv"):
        raise InputError(f"table: must be a .npy or .csv file, got {shorten(path.name)}")
    array = (read_npy if path.suffix.lower() == ".npy" else read_csv_numbers)(path, "table", "integers")
    check_size(max(array.shape, default=1), array.ndim)
    return task_from_table(array)


def table_from_bytes(content: bytes, name: str) -> Task:
    """Read a table from the content of a `.npy` file (never pickled) or of a `.csv` file of integers.

    Arguments:
        content: of the file.
        name: of the file, for messages.

    Raises:
        InputError: it holds no valid table.

    Example:
        >>> table_from_bytes(b"0,1\\n1,0", "xor.csv").table.tolist()
        [[0, 1], [1, 0]]
    """
    file = io.BytesIO(content)
    if content.startswith(NPY):
        array = npy_array(file, len(content), "table", name, "integers")
    else:
        array = csv_numbers(file, "table", name, "integers")
    check_size(max(array.shape, default=1), array.ndim)
    return task_from_table(array)


def _task(name: str, p: int, operands: tuple[str, ...], table: np.ndarray) -> Task:
    table = np.ascontiguousarray(table, dtype=np.int64)
    table.setflags(write=False)
    return Task(name, p, operands, table)
