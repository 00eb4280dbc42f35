"""The sidebar of the site, taken from the index: each heading's links become one group of pages.

One list serves readers of the Markdown and of the site; no page can be in one and not in the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the tests read the index without Sphinx
    from sphinx.application import Sphinx

SECTION = re.compile(r"^## (?P<title>[^\n]+)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PAGE = re.compile(r"^\| \[[^\]]+\]\((?P<page>[\w./-]+)\.(?:md|py)\)", re.MULTILINE)


def groups(index: str) -> list[tuple[str, list[str]]]:
    """Return (heading, pages without suffix) of every section of the index that has a table of pages."""
    groups_of_pages = [
        (section["title"], PAGE.findall(section["body"])) for section in SECTION.finditer(index)
    ]
    return [(title, pages) for title, pages in groups_of_pages if pages]


def tree(title: str, pages: list[str]) -> str:
    """Write a hidden table of contents."""
    return "\n".join(["", "```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```", ""])


def add_trees(app: Sphinx, page: str, source: list[str]) -> None:
    """Append the tables of contents to the index as it is read."""
    if page == app.config.root_doc:
        source[0] += "".join(tree(title, pages) for title, pages in groups(source[0]))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", add_trees)
    return {"parallel_read_safe": True}
