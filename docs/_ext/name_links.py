"""Links to a module's section of the reference whose words are one of its names lead to that name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from source_names import public_names

REFERENCE = Path(__file__).parents[1] / "reference"


@cache
def places() -> dict[str, tuple[str, frozenset[str]]]:
    """Return the identifier of a module's section -> (module, its public names)."""
    texts = [page.read_text(encoding="utf-8") for page in REFERENCE.glob("*.md")]
    modules = [module for text in texts for module in re.findall(r"^```\{public-names\} (\S+)$", text, re.M)]
    return {
        nodes.make_id(module): (module, frozenset(name.name for name in public_names(module)))
        for module in modules
    }


def lead(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Lengthen such links of a page, once it is known where they lead."""
    for link in tree.findall(nodes.reference):
        target, _, section = link.get("refuri", "").partition("#")
        module, names = places().get(section, ("", frozenset()))
        if link.astext() in names:
            link["refuri"] = f"{target}#{module}.{link.astext()}"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-resolved", lead)
    return {"parallel_read_safe": True}
