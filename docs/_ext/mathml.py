"""Formulas as MathML, which browsers draw by themselves: no script, no fonts to fetch, no network."""

from __future__ import annotations

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

LOG = logging.getLogger(__name__)


def mathml(node: nodes.math | nodes.math_block, display: str) -> str:
    """Convert a formula, and warn of a command that the converter does not know and would print."""
    latex = node.astext()
    try:
        markup = convert(latex, display=display)
    except Exception as error:  # of many kinds, and all of them mean that this formula is not drawn
        LOG.warning("formula: cannot be converted, %r: %s", error, latex, location=node)
        return ""
    if unknown := re.search(r">\\\w+<", markup):
        LOG.warning("formula: unknown command %s in %s", unknown[0][1:-1], latex, location=node)
    return markup


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(f'<div class="formula">{mathml(node, "block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
