"""The directive `public-names`: every public name of a module with its signature and its docstring.

A name without documentation is a warning, and warnings are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from docstring import Part, parts
from source_names import SOURCE, Name, file_of, module_text, public_names

LOG = logging.getLogger(__name__)


class PublicNames(SphinxDirective):
    """Describe the public names of the module that is its argument."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        module = self.arguments[0]
        self.env.note_dependency(str(file_of(module)))
        about = [node for part in parts(module_text(module)) for node in described(part)]
        return [*about, *(self.section(name, module) for name in public_names(module))]

    def section(self, name: Name, module: str) -> nodes.section:
        for missing in name.undocumented():
            LOG.warning("%s.%s: has no documentation", name.home, missing, location=self.get_location())
        self.env.note_dependency(str(file_of(name.home)))
        element = nodes.section(ids=[f"{module}.{name.name}"], names=[f"{module}.{name.name}"])
        element += nodes.title("", "", nodes.literal("", name.name))
        element += list(entry(name))
        path = file_of(name.home).relative_to(SOURCE.parent).as_posix()
        element += nodes.paragraph("", path, classes=["home"])
        return element


def entry(name: Name) -> Iterator[nodes.Node]:
    """Make signature, documentation and members of a name."""
    yield code(name.signature)
    for part in parts(name.text):
        yield from described(part)
    for member in name.members:
        yield nodes.container("", *entry(member), classes=["member"])


def described(part: Part) -> Iterator[nodes.Node]:
    """Make the nodes of a docstring's part."""
    if part.kind == "formula":
        yield nodes.literal_block(part.text, part.text, language="text")
        return
    if part.kind == "example":
        yield code(part.text)
        return
    if part.kind == "items":
        yield nodes.rubric("", part.title)
        rows = [item(*pair) for pair in part.items]
        yield nodes.definition_list("", *rows, classes=["items"])
        return
    head = [nodes.strong("", f"{part.title}: ")] if part.title else []
    yield nodes.paragraph("", "", *head, *inline(part.text))


def item(name: str, meaning: str) -> nodes.definition_list_item:
    term = nodes.term("", "", nodes.literal("", name))
    return nodes.definition_list_item(
        "", term, nodes.definition("", nodes.paragraph("", "", *inline(meaning)))
    )


def inline(text: str) -> Iterator[nodes.Node]:
    """Make text with its `code`. Nothing else is markup: formulas have asterisks and underscores."""
    for place, piece in enumerate(re.split(r"`([^`]+)`", text)):
        if piece:
            yield nodes.literal("", piece) if place % 2 else nodes.Text(piece)


def code(text: str) -> nodes.literal_block:
    language = "pycon" if text.startswith(">>>") else "python"
    return nodes.literal_block(text, text, language=language)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True}
