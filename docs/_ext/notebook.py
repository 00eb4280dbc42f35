"""Notebooks: Python scripts in the percent format, executed as the site is built.

A cell begins with `# %%`, a cell of text with `# %% [markdown]`, as in Jupytext; the tag `hide-input` folds a
cell's code away. What a cell prints stands
below it, and so does the value of its last expression: a chart as a picture, anything else as displayed.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import html
import io
import re
from typing import Any, NamedTuple

MARK = re.compile(r"^# %%(?P<kind> \[markdown\])?(?P<tags>.*)\n", re.MULTILINE)
HIDDEN = 'tags=["hide-input"]'


class Cell(NamedTuple):
    """A part of a notebook.

    Arguments:
        text: Markdown, or code.
        is_code: which of the two.
        line: line of the file before its first one.
        hidden: whether the page folds the code away, which says how to draw and nothing else.
    """

    text: str
    is_code: bool
    line: int
    hidden: bool = False


def cells(script: str) -> list[Cell]:
    """Cut a script at its marks; what stands before the first one is left out."""
    marks = list(MARK.finditer(script))
    ends = [*(mark.start() for mark in marks[1:]), len(script)]
    result = []
    for mark, end in zip(marks, ends, strict=True):
        text = script[mark.end() : end].strip("\n")
        if mark["kind"]:
            text = re.sub(r"^# ?", "", text, flags=re.MULTILINE)
        line = script.count("\n", 0, mark.end())
        result.append(Cell(text, not mark["kind"], line, HIDDEN in mark["tags"]))
    return result


def execute(cell: Cell, names: dict[str, Any], file: str) -> tuple[str, Any]:
    """Run a cell of code; return what it printed, and the value of the expression that it ends in."""
    tree = ast.parse("\n" * cell.line + cell.text, file)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, file, "exec"), names)
        value = None if last is None else eval(compile(ast.Expression(last.value), file, "eval"), names)
    return printed.getvalue(), value


def picture(chart: Any) -> str:
    """Draw an Altair chart into the page. Its description is the text for those who do not see it."""
    import vl_convert

    svg = base64.b64encode(vl_convert.vegalite_to_svg(chart.to_json()).encode()).decode()
    words = html.escape(chart.to_dict()["description"])
    return f'<img class="chart" alt="{words}" src="data:image/svg+xml;base64,{svg}">\n'


def output_of(printed: str, value: Any) -> str:
    """Write a cell's output in Markdown."""
    if hasattr(value, "to_dict") and hasattr(value, "to_json"):
        return (block("text", printed) if printed else "") + picture(value)
    output = printed + ("" if value is None else f"{value!r}\n")
    return block("text", output) if output else ""


def block(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def to_markdown(script: str, file: str) -> str:
    """Execute a notebook and write it as a page."""
    names: dict[str, Any] = {"__name__": "__main__"}
    page = []
    for cell in cells(script):
        if not cell.is_code:
            page.append(cell.text + "\n")
            continue
        written = block("python", cell.text)
        page.append(
            f"<details><summary>Code</summary>\n\n{written}\n</details>\n" if cell.hidden else written
        )
        page.append(output_of(*execute(cell, names, file)))
    return "\n".join(page)
