"""Files that are complete or not there: written under another name, then renamed into place.

Owns: the temporary names, the flush to the disk, and clearing what a killed process left.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

SUFFIX = ".part"
"""Ending of a temporary file; its name begins with a dot."""
_LONGEST = 200
"""Bytes of the final name that a temporary one repeats; names may have 255."""


@contextlib.contextmanager
def atomic_file(
    path: Path, *, text: bool = False, newline: str | None = None, durable: bool = False
) -> Iterator[IO[Any]]:
    """Open a file that appears under its name when the block ends, and not at all if it fails.

    What was there before stays until then. A link of that name is replaced, not followed.

    Arguments:
        path: destination, in an existing folder.
        text: opened for text in UTF-8, else for bytes.
        newline: of text, as in `open`.
        durable: wait until the disk has the file, so that it survives a power cut.

    Raises:
        OSError: with the destination's name, not the temporary one.

    Example:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "a.txt"
        >>> with atomic_file(path, text=True) as file:
        ...     written = file.write("whole")
        ...     path.exists()
        False
        >>> path.read_text()
        'whole'
    """
    temporary, created = _temporary_name(path), False
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        created = True
        with _opened(handle, text, newline) as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
        if durable:
            _flush_folder(path.parent)
    except BaseException as error:
        if created:
            with contextlib.suppress(OSError):
                temporary.unlink()
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise


def _opened(handle: int, text: bool, newline: str | None) -> IO[Any]:
    if not text:
        return open(handle, "wb")
    return open(handle, "w", encoding="utf-8", errors="backslashreplace", newline=newline)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Make a file that does not exist yet; one that another process makes meanwhile stays.

    Arguments:
        path: destination, in an existing folder.

    Returns:
        The temporary name under which the block makes the file.

    Raises:
        OSError: with the destination's name, not the temporary one.

    Example:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "a.txt"
        >>> for words in ("first", "second"):
        ...     with new_file(path) as temporary:
        ...         written = temporary.write_text(words)
        >>> path.read_text()
        'first'
    """
    temporary = _temporary_name(path)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        _link(temporary, path)
        _flush_folder(path.parent)
    except OSError as error:
        if error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _link(temporary: Path, path: Path) -> None:
    """Give a file its name, unless another file has it; without hard links one may take it in between."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    except OSError:
        if not path.exists():
            os.replace(temporary, path)


def _flush_folder(folder: Path) -> None:
    """Wait until the disk has the names of a folder; skipped where folders cannot be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _temporary_name(path: Path) -> Path:
    stem = os.fsdecode(os.fsencode(path.name)[:_LONGEST])
    return path.with_name(f".{stem}.{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}")


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[Path]:
    """Make a folder for files; if the block fails before one is written, there is none.

    Arguments:
        folder: may exist, and may be in one that does not.

    Raises:
        OSError: it cannot be made.

    Example:
        >>> from tempfile import mkdtemp
        >>> folder = Path(mkdtemp()) / "tables"
        >>> with contextlib.suppress(OSError), made_folder(folder):
        ...     raise OSError("No space left on device")
        >>> folder.exists()
        False
    """
    new_folders = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except BaseException:
        with contextlib.suppress(OSError):  # the first that holds something
            for path in new_folders:
                path.rmdir()
        raise


def write_atomically(path: Path, content: bytes | str, *, durable: bool = False) -> None:
    """Write a whole file, or none; arguments as in `atomic_file`."""
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with atomic_file(path, durable=durable) as file:
        file.write(data)


def remove_temporaries(folder: Path, *, older_than: float = 0.0) -> int:
    """Delete the temporary files that killed processes left in a folder; return how many.

    Arguments:
        folder: may be missing; folders inside it are left alone.
        older_than: seconds since a file was last written; younger ones may belong to a living process.
    """
    removed = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if not _is_temporary(entry.name):
                continue
            with contextlib.suppress(OSError):
                if time.time() - entry.stat(follow_symlinks=False).st_mtime >= older_than:
                    os.unlink(entry.path)
                    removed += 1
    return removed


def _is_temporary(name: str) -> bool:
    """Say whether a name is one of ours, or of a version that wrote `.name.safetensors.PID`."""
    stem, _, last = name.rpartition(".")
    return name.startswith(".") and (
        name.endswith(SUFFIX) or (stem.endswith(".safetensors") and last.isdigit())
    )
