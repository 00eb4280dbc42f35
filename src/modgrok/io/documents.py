"""JSON and TOML from outside: parsed within bounds, refused in one line.

Owns: how large a document may be, and what its errors say.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import InputError, shorten
from .whole_file import read_bytes

MOST_BYTES = 64 * 2**20
"""Size up to which a document is read."""


def parse_json(text: str | bytes, argument: str, expected: type = object) -> Any:
    """Read JSON.

    Arguments:
        text: any.
        argument: what the message names.
        expected: type of the whole, such as `dict`.

    Raises:
        InputError: no JSON, nested too deeply, an integer too long, or a whole of another type.

    Example:
        >>> parse_json("[1, 2]", "axes", list)
        [1, 2]
        >>> parse_json("[" * 10**6, "axes")
        Traceback (most recent call last):
        modgrok.io.errors.InputError: axes: must be JSON, got nesting that is too deep
    """
    content = _guarded(lambda: json.loads(text, parse_int=_integer), argument, "JSON")
    if not isinstance(content, expected):
        kinds: dict[object, str] = {dict: "an object", list: "a list"}
        kind = kinds.get(expected, expected.__name__)
        raise InputError(f"{argument}: must be JSON with {kind}, got {shorten(content)}")
    return content


def read_json(path: Path, argument: str, expected: type = object) -> Any:
    """Read a JSON file; see `parse_json`.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    return parse_json(_content(path, argument), argument, expected)


def read_toml(path: Path, argument: str) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        InputError: it cannot be read, is not TOML, or is nested too deeply.
    """
    content = _content(path, argument)
    return _guarded(lambda: _bounded(tomllib.loads(content.decode("utf-8"))), argument, "valid TOML", path)


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
        raise ValueError(f"an integer of {len(digits)} digits, beyond 64 bits")
    return int(digits)


def _bounded(content: Any) -> Any:
    """Refuse integers beyond 64 bits, as TOML itself does."""
    entries = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    for entry in entries:
        _bounded(entry)
    if isinstance(content, int) and not -(2**63) <= content < 2**63:
        raise ValueError(f"an integer of {content.bit_length()} bits, beyond 64")
    return content


def _content(path: Path, argument: str) -> bytes:
    return read_bytes(Path(path), argument, MOST_BYTES)


def _guarded(read: Callable[[], Any], argument: str, kind: str, path: Path | None = None) -> Any:
    who = argument if path is None else f"{argument}: {shorten(path)}"
    rule = f"{who}: must be {kind}, got" if path is None else f"{who} is not {kind}:"
    try:
        return read()
    except (RecursionError, MemoryError):
        raise InputError(f"{rule} nesting that is too deep") from None
    except (ValueError, TypeError) as error:  # also what decoders raise, and integers that are too long
        raise InputError(f"{rule} {shorten(error, 100)}") from None
