"""Notebooks as pages: `notebook` executes a script and writes Markdown, MyST reads it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from docutils import nodes
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx

from notebook import to_markdown


class PercentParser(MystParser):
    """Reads a notebook as the Markdown page that it becomes."""

    supported: ClassVar[tuple[str, ...]] = ("percent",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        super().parse(to_markdown(inputstring, Path(document["source"]).name), document)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_source_suffix(".py", "percent")
    app.add_source_parser(PercentParser)
    return {"parallel_read_safe": True}
