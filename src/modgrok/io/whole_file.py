"""The bytes of a file from outside: a regular file, of a bounded size, read whole.

Owns: opening it. A pipe or a device of that name is refused, for reading one may wait for ever.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from .errors import InputError, shorten

LONGEST_NAME = 255
"""Bytes of the name of a file, on the file systems that are in use."""


def is_file(path: Path) -> bool:
    """Say whether a path is a file; False for one that cannot be, or that may not be looked at.

    Example:
        >>> is_file(Path("a" * 5000)), is_file(Path("a\\0"))
        (False, False)
    """
    return os.path.isfile(path)  # `Path.is_file` raises for names that are too long


def is_folder(path: Path) -> bool:
    """Say whether a path is a folder; as `is_file`."""
    return os.path.isdir(path)


def path_exists(path: Path) -> bool:
    """Say whether there is something at a path; as `is_file`."""
    return os.path.exists(path)


def check_new_path(path: Path, argument: str) -> None:
    """Refuse a path at which nothing can be written: in a folder that does not exist, or no possible name.

    Raises:
        InputError: naming the argument.

    Example:
        >>> check_new_path(Path("a" * 300), "output")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        modgrok.io.errors.InputError: output: must have a name of 1 to 255 bytes without null characters, ...
    """
    if "\0" in str(path) or len(os.fsencode(path.name)) > LONGEST_NAME:
        raise InputError(
            f"{argument}: must have a name of 1 to {LONGEST_NAME} bytes without null characters, "
            f"got {shorten(path)}"
        )
    if not is_folder(path.absolute().parent):
        raise InputError(f"{argument}: must be in an existing folder, got {shorten(path)}")


def open_regular(path: Path, argument: str, most: int | None = None) -> IO[bytes]:
    """Open a regular file for reading; a link to one is followed.

    Arguments:
        path: of the file.
        argument: what the message names.
        most: bytes up to which it is read; None for any number.

    Raises:
        InputError: it cannot be opened, is a folder, a pipe or a device, or is larger.

    Example:
        >>> open_regular(Path("/dev/zero"), "table")
        Traceback (most recent call last):
        modgrok.io.errors.InputError: table: must be a regular file, got '/dev/zero'
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputError(f"{argument}: cannot read {shorten(path)} ({error.strerror})") from None
    except ValueError as error:  # a null character
        raise InputError(f"{argument}: cannot read {shorten(path)} ({error})") from None
    known = os.fstat(handle)
    if not stat.S_ISREG(known.st_mode):
        os.close(handle)
        raise InputError(f"{argument}: must be a regular file, got {shorten(path)}")
    if most is not None and known.st_size > most:
        os.close(handle)
        raise InputError(
            f"{argument}: must have at most {most:,} bytes, got {known.st_size:,} in {shorten(path)}"
        )
    return open(handle, "rb")


def read_bytes(path: Path, argument: str, most: int | None = None) -> bytes:
    """Read a regular file whole; arguments and errors as `open_regular`."""
    with open_regular(path, argument, most) as file:
        try:
            return file.read()
        except OSError as error:
            raise InputError(f"{argument}: cannot read {shorten(path)} ({error.strerror})") from None
