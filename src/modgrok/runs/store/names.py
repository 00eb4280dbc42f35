"""What may be named by a row of a store: run ids, digests, files; and paths that stay inside the folder.

Owns: these rules. Whatever a store, a bundle or a setting names goes through here before a file is touched.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ...tasks.errors import InputError, shorten

FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
SWEEP = re.compile(r"[A-Za-z0-9][\w.-]{0,79}")


def checked_id(value: object) -> str:
    """Return a run id: 12 hexadecimal digits in lower case.

    Raises:
        InputError: it is anything else.

    Example:
        >>> checked_id("0123456789ab")
        '0123456789ab'
        >>> checked_id("../victim")
        Traceback (most recent call last):
        modgrok.io.errors.InputError: id: must be 12 hexadecimal digits, got '../victim'
    """
    if not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{12}", value) is None:
        raise InputError(f"id: must be 12 hexadecimal digits, got {shorten(value)}")
    return value


def checked_digest(value: object) -> str:
    """Return a SHA-256 as 64 hexadecimal digits in lower case.

    Raises:
        InputError: it is anything else.
    """
    if not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{64}", value) is None:
        raise InputError(f"digest: must be 64 hexadecimal digits, got {shorten(value)}")
    return value


def checked_file(run: str, value: object) -> str:
    """Return the name of a file of a run: its id, a slash, and a plain name.

    Raises:
        InputError: it is anything else.

    Example:
        >>> checked_file("0123456789ab", "0123456789ab/state-5.safetensors")
        '0123456789ab/state-5.safetensors'
    """
    folder, _, name = value.partition("/") if isinstance(value, str) else ("", "", "")
    if folder != checked_id(run) or FILE.fullmatch(name) is None:
        raise InputError(f"file: must be a plain name inside {run}/, got {shorten(value)}")
    assert isinstance(value, str)
    return value


def checked_sweep(value: object) -> str:
    """Return the name of a sweep: letters, digits, dots, hyphens and underscores, at most 80.

    Raises:
        InputError: it is anything else.
    """
    if not isinstance(value, str) or SWEEP.fullmatch(value) is None:
        raise InputError(
            "name: must be letters, digits, dots, hyphens and underscores, at most 80, "
            f"got {'none' if value is None else shorten(value)}"
        )
    return value


def _without_links(folder: Path, parts: tuple[str, ...]) -> bool:
    """Say whether a path is plain names below a folder, none of them a link: quicker than to resolve it."""
    names = "/".join(parts).split("/")
    if os.name != "posix" or any(name in ("", ".", "..") or "\0" in name for name in names):
        return False
    path = os.fspath(folder)
    for name in names:
        path = f"{path}/{name}"
        if os.path.islink(path):
            return False
    return True


def inside(folder: Path, *parts: str) -> Path:
    """Return a path below a folder, refusing one that a link leads out of it.

    Arguments:
        folder: of the store; may itself be reached by a link.
        parts: checked names.

    Raises:
        InputError: the path, its links followed, lies outside.
    """
    path = folder.joinpath(*parts)
    if _without_links(folder, parts):
        return path
    try:
        stays = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links
        stays = False
    if not stays:
        raise InputError(f"runs: must hold no link that leads outside, got {shorten(path)}")
    return path
