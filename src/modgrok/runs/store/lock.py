"""One process trains a run at a time: an advisory lock that the system frees when the process ends."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from ...tasks.errors import BusyError, InputError, shorten

try:
    import fcntl
except ImportError:  # Windows has no fcntl; runs are then not guarded against a second process.
    fcntl = None  # type: ignore[assignment]


NONBLOCK, NOFOLLOW = getattr(os, "O_NONBLOCK", 0), getattr(os, "O_NOFOLLOW", 0)
HELD_ERRORS = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
"""Errors that say that somebody else holds a lock; any other says that locks do not work."""


class Lock:
    """An advisory lock on a file.

    Arguments:
        path: the file; created when locked.
        work: what is said to be done by the process that holds it.
    """

    def __init__(self, path: Path, work: str = "run: {} is being trained") -> None:
        self.path, self.work = path, work

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Hold the lock.

        Raises:
            BusyError: another process holds it.
        """
        if fcntl is None:
            yield
            return
        handle = self._opened(name)
        try:
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def while_removed(self, name: str) -> Iterator[None]:
        """Hold the lock while its file is deleted; a file that cannot be read, or is not there, is no lock.

        Raises:
            BusyError: another process holds it.
        """
        handle = None
        if fcntl is not None:
            with contextlib.suppress(OSError):
                handle = os.open(self.path, os.O_RDONLY | NONBLOCK | NOFOLLOW)
        try:
            if handle is not None:
                self._take(handle, name)
            yield
        finally:
            if handle is not None:
                os.close(handle)

    def _opened(self, name: str) -> int:
        """Open the file and lock it; a file that was removed meanwhile is no lock, and is made anew."""
        while True:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | NONBLOCK | NOFOLLOW, 0o644)
            try:
                self._take(handle, name)
                if _is_at(handle, self.path):
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)

    def _take(self, handle: int, name: str) -> None:
        if not _take(handle):
            raise BusyError(f"{self.work.format(name)} by another process")

    def held(self) -> bool:
        """Say whether a process holds the lock; where the system has no such locks, none does."""
        if fcntl is None:
            return False
        try:
            # a pipe in its place would be waited for, and a link may lead anywhere
            handle = os.open(self.path, os.O_RDONLY | NONBLOCK | NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in HELD_ERRORS
        finally:
            os.close(handle)
        return False


def check_locks(folder: Path) -> None:
    """Refuse a folder whose file system has no locks: SQLite would wait for a minute and call it busy.

    Both kinds are tried on a file that is made for it: `flock` guards runs, POSIX locks guard the database.

    Raises:
        InputError: a lock cannot be taken.
        OSError: the file cannot be made.
    """
    if fcntl is None:
        return
    probe = folder / f".locks.{os.getpid()}-{secrets.token_hex(4)}.part"
    handle = os.open(probe, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        for take in (fcntl.flock, fcntl.lockf):
            take(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            take(handle, fcntl.LOCK_UN)
    except OSError as error:
        raise InputError(
            f"runs: must be on a file system with locks, got {shorten(folder)} ({error.strerror})"
        ) from None
    finally:
        os.close(handle)
        with contextlib.suppress(OSError):
            probe.unlink()


def _is_at(handle: int, path: Path) -> bool:
    """Say whether an open file is still the one at a path."""
    try:
        there, here = os.stat(path), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _take(handle: int) -> bool:
    """Lock exclusively; a reader that asks whether the lock is held holds it for a moment itself."""
    for _ in range(10):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in HELD_ERRORS:
                raise
            time.sleep(0.02)
        else:
            return True
    return False
