"""Verdicts in colour: on the pages of claims, a bold word that is a verdict gets that verdict's class.

The Markdown says `**reproduced**`, which reads well everywhere; the colours are in `_static/site.css`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docutils.nodes import document
    from sphinx.application import Sphinx

FOLDER = "claims/"
VERDICTS = ("reproduced", "deviates", "refuted", "misprint", "open", "not tested")


def add_classes(app: Sphinx, tree: document) -> None:
    """Give verdicts the classes `verdict` and `verdict-<word>`, and sections the class `claims`."""
    from docutils import nodes

    if not app.env.docname.startswith(FOLDER):
        return
    for section in tree.findall(nodes.section):
        section["classes"].append("claims")
    for strong in tree.findall(nodes.strong):
        word = strong.astext()
        if word in VERDICTS:
            strong["classes"] += ["verdict", f"verdict-{word.replace(' ', '-')}"]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", add_classes)
    return {"parallel_read_safe": True}
