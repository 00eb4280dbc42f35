"""Arrays from outside: `.npy` and `.csv`, never pickled, never larger than the file that holds them.

Owns: what is checked before anything is allocated.
"""

from __future__ import annotations

import math
import tokenize
import warnings
from pathlib import Path
from typing import IO

import numpy as np

from .errors import InputError, shorten
from .escape import visible

ARCHIVE = b"PK\x03\x04"
"""How a `.npz` begins."""
MOST_BYTES = 2**31
"""Size up to which an array is read; a table of 2^24 entries takes 2^27."""


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
    try:
        with path.open("rb") as file:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # headers of Python 2 only warn
                shape, dtype, fortran = _header(file)
            count = math.prod(shape)
            size = path.stat().st_size - file.tell()
            if dtype.hasobject:
                raise ValueError("pickled objects")
            if dtype.kind not in "biufc":
                raise InputError(f"{argument}: entries must be {entries}, got type {dtype}")
            if count * dtype.itemsize > size:
                raise ValueError(f"a header of {count} entries before {size} bytes")
            if count * dtype.itemsize > MOST_BYTES:
                raise ValueError(f"{count} entries, more than {MOST_BYTES} bytes")
            if count == 0:
                return np.zeros(shape, dtype.newbyteorder("="))
            array = np.frombuffer(file.read(count * dtype.itemsize), dtype=dtype)
            array = array.reshape(shape, order="F" if fortran else "C")
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{argument}: cannot read {shorten(path)} ({error.strerror})") from None
    except (
        ValueError,
        TypeError,
        SyntaxError,
        EOFError,
        RecursionError,
        MemoryError,
        OverflowError,
        tokenize.TokenError,  # of headers that Python 2 could have written
    ) as error:
        reason = shorten(error, 90) if str(error) else type(error).__name__
        raise InputError(
            f"{argument}: {visible(path.name)} does not hold a plain array of {entries} ({reason})"
        ) from None
    return array.astype(dtype.newbyteorder("="))


def read_csv_numbers(path: Path, argument: str, entries: str = "numbers") -> np.ndarray:
    """Read the numbers of a `.csv` file without a header, float64, shape (rows, columns).

    Raises:
        InputError: no such file, an empty one, or text that is no number.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an empty file only warns
            return np.loadtxt(path, delimiter=",", ndmin=2, dtype=np.float64, encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{argument}: cannot read {shorten(path)} ({error.strerror})") from None
    except (ValueError, UserWarning, MemoryError, OverflowError) as error:
        reason = shorten(str(error).split(".")[0], 90)
        raise InputError(
            f"{argument}: {visible(path.name)} does not hold a plain array of {entries} ({reason})"
        ) from None


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype, bool]:
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
