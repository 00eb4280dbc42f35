"""A docstring of this project as parts: paragraphs, formulas and its headed sections.

The house order is a line in the imperative, the formula, `Arguments:`, `Returns:`, `Raises:`, `Example:`,
`Source:`.
"""

from __future__ import annotations

import re
import textwrap
from typing import NamedTuple

HEAD = re.compile(r"^(Arguments|Attributes|Returns|Yields|Raises|Example|Source|Deviation):(?: +(.*))?$")
ITEM = re.compile(r"^(?P<name>[\w*`.][\w*`., ]*): +(?P<text>.*)$")


class Part(NamedTuple):
    """One part.

    Arguments:
        kind: `text`, `formula`, `example` or `items`.
        title: heading of the section that it opens, or empty.
        text: of all kinds but `items`.
        items: (name, meaning) of `items`.
    """

    kind: str
    title: str = ""
    text: str = ""
    items: tuple[tuple[str, str], ...] = ()


def parts(docstring: str) -> list[Part]:
    """Cut a docstring into its parts."""
    result: list[Part] = []
    for title, body in _sections(docstring):
        if title in ("Arguments", "Attributes", "Raises") and (items := _items(body)):
            result.append(Part("items", title, items=items))
        elif title == "Example":
            result.append(Part("example", title, body))
        else:
            blocks = [_block(block) for block in re.split(r"\n\s*\n", body) if block.strip()]
            result += [part._replace(title=title if place == 0 else "") for place, part in enumerate(blocks)]
    return result


def _block(text: str) -> Part:
    if all(line.startswith("    ") for line in text.split("\n")):
        return Part("formula", text=textwrap.dedent(text))
    return Part("text", text=" ".join(text.split()))


def _sections(docstring: str) -> list[tuple[str, str]]:
    """Return (heading, body); the heading is empty at first, and after the end of an indented section."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in docstring.split("\n"):
        if head := HEAD.match(line):
            sections.append((head[1], [head[2]] if head[2] else []))
        elif line and not line.startswith(" ") and _is_over(sections[-1]):
            sections.append(("", [line]))
        else:
            sections[-1][1].append(line)
    return [(title, _dedent(title, lines)) for title, lines in sections]


def _is_over(section: tuple[str, list[str]]) -> bool:
    """Say whether a headed section has ended in an empty line."""
    title, lines = section
    return bool(title) and bool(lines) and not lines[-1].strip()


def _dedent(title: str, lines: list[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return textwrap.dedent(text) if title else text


def _items(body: str) -> tuple[tuple[str, str], ...]:
    """Return (name, meaning) of a list; lines that are indented further continue the item above."""
    items: list[tuple[str, str]] = []
    for line in filter(str.strip, body.split("\n")):
        if item := ITEM.match(line):
            items.append((item["name"], item["text"]))
        elif items:
            items[-1] = (items[-1][0], f"{items[-1][1]} {line.strip()}")
        else:
            return ()
    return tuple(items)
