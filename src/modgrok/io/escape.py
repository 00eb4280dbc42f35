"""Text on its way out: one function for markup, one for JSON in a script, one for a terminal, one for CSV.

Owns: which characters are replaced. Text from a store, a file or a request may hold anything; nothing else in
the package escapes, and nothing leaves it unescaped.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import unicodedata
from collections.abc import Sequence
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""First characters by which spreadsheets take text for a formula; four are the full-width forms."""
_SCRIPT = {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def visible(text: str, keep: str = "") -> str:
    r"""Show characters that a terminal would obey, or that no encoding has, as escapes of Python.

    These are control and format characters (escape, the direction of writing, byte-order marks), line
    separators, and the halves of surrogate pairs by which Python writes paths that are not UTF-8.

    Arguments:
        text: any.
        keep: characters that are left as they are, such as line feeds.

    Example:
        >>> visible("x\x1b[2J"), visible("p\udcff.html"), visible("x² + y·z")
        ('x\\x1b[2J', 'p\\udcff.html', 'x² + y·z')
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep or unicodedata.category(c) == "Zs" else _escaped(c) for c in text
    )


def shown(value: Any) -> Any:
    r"""Apply `visible` to every string of nested lists and mappings, such as the specification of a chart.

    Vega's renderers abort the process at some control characters.

    Example:
        >>> shown({"title": ["a\x07", 1]})
        {'title': ['a\\x07', 1]}
    """
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return _shown(value)
    return value if _is_shown(text) else _shown(value)


def shown_json(value: Any) -> str:
    r"""Print the JSON of `shown(value)`, serialised once where nothing is to be replaced.

    Arguments:
        value: strings, lists, mappings, and numbers that `float` takes; no nan and no infinities.

    Example:
        >>> shown_json({"title": ["a\x07", 1]})
        '{"title":["a\\\\x07",1]}'
    """
    text = _compact(value)
    return text if _is_shown(text) else _compact(_shown(value))


def _is_shown(text: str) -> bool:
    """Say whether JSON holds nothing to replace: such characters have a backslash there, or are left."""
    return "\\" not in text.replace('\\"', "") and text.isprintable()  # quotation marks may stay


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=float)


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else visible(value, keep="\n\t")
    if isinstance(value, dict):
        return {_shown(key): _shown(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(entry) for entry in value]
    return value


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def markup(text: object) -> str:
    r"""Escape text for HTML and SVG: between tags as well as in a quoted attribute.

    Control characters but for tabs and line feeds, which XML forbids, are shown as by `visible`.

    Example:
        >>> markup('q"><img src=x>'), markup("a\x00\udcff")
        ('q&quot;&gt;&lt;img src=x&gt;', 'a\\x00\\udcff')
    """
    return html.escape(visible(str(text), keep="\n\t"), quote=True)


def in_script(text: str) -> str:
    r"""Escape JSON so that it can stand in a script element, whatever its strings hold.

    `<`, `>` and `&` are written as escapes, which JSON and JavaScript read as the same characters.

    Example:
        >>> in_script('["<!--"]')
        '["\\u003c!--"]'
    """
    for character, escape in _SCRIPT.items():  # much faster than `translate` on megabytes
        text = text.replace(character, escape)
    return text


def content_policy(styles: Sequence[str], scripts: Sequence[str] = ()) -> str:
    """Return a content security policy that allows a page its own styles and scripts, and nothing else.

    Arguments:
        styles: content of each style element, to the character.
        scripts: content of each script element.

    Example:
        >>> content_policy([])
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
    """
    allowed = {"style-src": styles, "script-src": scripts}
    sources = [f"{name} {' '.join(map(_source, texts))}" for name, texts in allowed.items() if texts]
    return "; ".join(
        ["default-src 'none'", "img-src data:", *sources, "base-uri 'none'", "form-action 'none'"]
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def csv_cell(value: Any) -> Any:
    """Return a value for a CSV: text that a spreadsheet would compute gets an apostrophe in front.

    None becomes empty, truths are written in lower case as pandas, polars and DuckDB read them, numbers are
    left alone, and text that begins with one of `FORMULA_STARTS` is guarded.

    Example:
        >>> csv_cell("=1+1"), csv_cell("x + y"), csv_cell(-1.5), csv_cell(True), csv_cell(None)
        ("'=1+1", 'x + y', -1.5, 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return value
    text = visible(value, keep="\t\r\n")
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
