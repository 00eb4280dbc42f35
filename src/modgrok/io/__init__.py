"""The border of the package: bytes that come in are checked, text that goes out is escaped.

Nothing that is read here is trusted: a reader returns what it promises or raises `InputError`. Every kind of
output has one function that escapes, and every file one that writes it.
"""

from .array_file import read_csv_numbers, read_npy
from .atomic import atomic_file, remove_temporaries, write_atomically
from .documents import parse_json, read_json, read_toml
from .errors import InputError, shorten
from .escape import content_policy, csv_cell, markup, script_json, shown, visible
from .picture import is_plain_svg

__all__ = [
    "InputError",
    "atomic_file",
    "content_policy",
    "csv_cell",
    "is_plain_svg",
    "markup",
    "parse_json",
    "read_csv_numbers",
    "read_json",
    "read_npy",
    "read_toml",
    "remove_temporaries",
    "script_json",
    "shorten",
    "shown",
    "visible",
    "write_atomically",
]
