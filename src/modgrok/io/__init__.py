"""The border of the package: bytes that come in are checked, text that goes out is escaped.

Nothing that is read here is trusted: a reader returns what it promises or raises `InputError`. Every kind of
output has one function that escapes, and every file one that writes it.
"""

from typing import TYPE_CHECKING

from ..lazy import lazy_names as _lazy_names

if TYPE_CHECKING:
    from .array_file import csv_numbers, npy_array, read_csv_numbers, read_npy, read_npz
    from .atomic import atomic_file, made_folder, new_file, remove_temporaries, write_atomically
    from .documents import parse_json, read_json, read_toml
    from .errors import InputError, shorten
    from .escape import content_policy, csv_cell, in_script, markup, shown, shown_json, visible
    from .framework_array import numpy_array
    from .picture import is_plain_svg
    from .whole_file import check_new_path, is_file, is_folder, path_exists, read_bytes

__all__ = [
    "InputError",
    "atomic_file",
    "check_new_path",
    "content_policy",
    "csv_cell",
    "csv_numbers",
    "in_script",
    "is_file",
    "is_folder",
    "is_plain_svg",
    "made_folder",
    "markup",
    "new_file",
    "npy_array",
    "numpy_array",
    "parse_json",
    "path_exists",
    "read_bytes",
    "read_csv_numbers",
    "read_json",
    "read_npy",
    "read_npz",
    "read_toml",
    "remove_temporaries",
    "shorten",
    "shown",
    "shown_json",
    "visible",
    "write_atomically",
]

_HOMES = {
    "InputError": "errors",
    "atomic_file": "atomic",
    "check_new_path": "whole_file",
    "content_policy": "escape",
    "csv_cell": "escape",
    "in_script": "escape",
    "is_file": "whole_file",
    "is_folder": "whole_file",
    "is_plain_svg": "picture",
    "made_folder": "atomic",
    "markup": "escape",
    "new_file": "atomic",
    "csv_numbers": "array_file",
    "npy_array": "array_file",
    "numpy_array": "framework_array",
    "parse_json": "documents",
    "path_exists": "whole_file",
    "read_bytes": "whole_file",
    "read_csv_numbers": "array_file",
    "read_json": "documents",
    "read_npy": "array_file",
    "read_npz": "array_file",
    "read_toml": "documents",
    "remove_temporaries": "atomic",
    "shorten": "errors",
    "shown": "escape",
    "shown_json": "escape",
    "visible": "escape",
    "write_atomically": "atomic",
}
__getattr__, __dir__ = _lazy_names(__name__, _HOMES)
