"""Arrays from outside: `.npy`, `.npz` and `.csv`, never pickled, never much larger than their file.

Owns: what is checked before anything is allocated.
"""

from __future__ import annotations

import io
import lzma
import math
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from .errors import InputError, shorten
from .escape import visible
from .whole_file import open_regular

ARCHIVE = b"PK\x03\x04"
"""How a `.npz` begins."""
MOST_BYTES = 2**31
"""Size up to which an array is read; a table of 2^24 entries takes 2^27."""
MOST_TEXT = 2**28
"""Size up to which numbers in a text are read."""
MOST_EXPANDED, MOST_EXPANSION = 2**26, 20
"""Bytes that an archive may expand to, and how many times its own size where that is more."""
UNREADABLE = (
    ValueError,
    TypeError,
    SyntaxError,
    EOFError,
    KeyError,
    RecursionError,
    MemoryError,
    OverflowError,
    NotImplementedError,
    tokenize.TokenError,  # of headers that Python 2 could have written
)
"""What readers raise at damaged content."""


def read_npy(path: Path, argument: str, entries: str = "numbers") -> np.ndarray:
    """Read the array of a `.npy` file.

    Arguments:
        path: of the file.
        argument: what the message names.
        entries: what they should be, in words.

    Returns:
        An array of truths, integers or real or complex numbers, of any shape.

    Raises:
        InputError: no such file, an archive, pickled objects, a header that claims more than the file holds.
    """
    with open_regular(path, argument, MOST_BYTES) as file:
        return npy_array(file, path.stat().st_size, argument, path.name, entries)


def npy_array(
    file: IO[bytes] | io.BufferedIOBase, size: int, argument: str, name: str, entries: str = "numbers"
) -> np.ndarray:
    """Read the array of an open `.npy` file; arguments and errors as `read_npy`.

    Arguments:
        file: at its beginning.
        size: bytes in it.
        argument: what the message names.
        name: of the file, for the message.
        entries: what they should be, in words.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> np.save(file, [1, 2]); size = file.tell(); _ = file.seek(0)
        >>> npy_array(file, size, "table", "t.npy")
        array([1, 2])
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # headers of Python 2 only warn
            shape, dtype, fortran = _header(file)
        count = math.prod(shape)
        left = size - file.tell()
        if dtype.hasobject:
            raise ValueError("pickled objects")
        if dtype.kind not in "biufc":
            raise InputError(f"{argument}: entries must be {entries}, got type {dtype}")
        if count * dtype.itemsize > left:
            raise ValueError(f"a header of {count} entries before {left} bytes")
        if count == 0:
            return np.zeros(shape, dtype.newbyteorder("="))
        array = np.frombuffer(file.read(count * dtype.itemsize), dtype=dtype)
        array = array.reshape(shape, order="F" if fortran else "C")
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{argument}: cannot read {shorten(name)} ({error.strerror})") from None
    except UNREADABLE as error:
        raise InputError(
            f"{argument}: {visible(name)} does not hold a plain array of {entries} ({_reason(error)})"
        ) from None
    return array.astype(dtype.newbyteorder("="))


def read_npz(path: Path, argument: str) -> dict[str, np.ndarray]:
    """Read the arrays of a `.npz` file by their names; what else the archive holds is left out.

    Arguments:
        path: of the file.
        argument: what the message names.

    Raises:
        InputError: no archive, an array as `read_npy` refuses, or arrays that are much larger than the file.
    """
    with open_regular(path, argument, MOST_BYTES) as file:
        most = max(MOST_EXPANDED, MOST_EXPANSION * path.stat().st_size)
        try:
            with zipfile.ZipFile(file) as archive:
                members = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
                if sum(entry.file_size for entry in members) > most:
                    raise ValueError(f"arrays of more than {most:,} bytes in {path.stat().st_size:,}")
                arrays = {}
                for entry in members:
                    with archive.open(entry) as member:
                        name = entry.filename.removesuffix(".npy")
                        arrays[name] = npy_array(member, entry.file_size, argument, entry.filename)
        except InputError:
            raise
        except (*UNREADABLE, OSError, RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
            raise InputError(
                f"{argument}: must be an .npz of plain arrays, got {shorten(path)} ({_reason(error)})"
            ) from None
    return arrays


def read_csv_numbers(path: Path, argument: str, entries: str = "numbers") -> np.ndarray:
    """Read the numbers of a `.csv` file without a header, float64, shape (rows, columns).

    Raises:
        InputError: no such file, an empty one, or text that is no number.
    """
    with open_regular(path, argument, MOST_TEXT) as file:
        try:
            return csv_numbers(file, argument, path.name, entries)
        except OSError as error:
            raise InputError(f"{argument}: cannot read {shorten(path)} ({error.strerror})") from None


def csv_numbers(file: IO[bytes], argument: str, name: str, entries: str = "numbers") -> np.ndarray:
    """Read the numbers of an open `.csv` file; as `read_csv_numbers`.

    Arguments:
        file: at its beginning; closed at the end.
        argument: what the message names.
        name: of the file, for the message.
        entries: what they should be, in words.

    Example:
        >>> import io
        >>> csv_numbers(io.BytesIO(b"0,1\\n1,0"), "table", "t.csv").tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an empty file only warns
            with io.TextIOWrapper(file, encoding="utf-8-sig") as lines:
                return np.loadtxt(lines, delimiter=",", ndmin=2, dtype=np.float64)
    except (*UNREADABLE, UserWarning) as error:
        reason = shorten(str(error).split(".")[0], 90)
        raise InputError(
            f"{argument}: {visible(name)} does not hold a plain array of {entries} ({reason})"
        ) from None


def _reason(error: BaseException) -> str:
    return shorten(error, 90) if str(error) else type(error).__name__


def _header(file: IO[bytes] | io.BufferedIOBase) -> tuple[tuple[int, ...], np.dtype, bool]:
    start = file.read(len(ARCHIVE))
    file.seek(0)
    if start == ARCHIVE:
        raise ValueError("an archive, which may hold several")
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"version {version} of the format")
    if any(isinstance(n, bool) or not 0 <= n < 2**62 for n in shape):
        raise ValueError(f"shape {shorten(shape)}")
    return tuple(int(n) for n in shape), np.dtype(dtype), bool(fortran)
