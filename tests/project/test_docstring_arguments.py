"""Docstrings name the arguments that there are: all of them where there is a list, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "modgrok"
SUMMARY = "(the rest)"
"""Stands in a list for arguments that are described elsewhere."""


def described(docstring: str, heading: str) -> list[str] | None:
    """Return the names below a heading; None without such a section."""
    pattern = rf"^( *){heading}:\n((?:\1    .*\n|\n)+)"
    section = re.search(pattern, docstring + "\n", re.MULTILINE)
    if section is None:
        return None
    indent = len(section[1]) + 4
    lines = [line[indent:] for line in section[2].splitlines() if line[indent : indent + 1].strip()]
    names = [line.partition(":")[0] for line in lines]
    return [name.strip().lstrip("*") for line in names for name in line.split(",")]


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the names of a function's parameters, but for the instance or class."""
    arguments = node.args
    ordered = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [one.arg for one in (*ordered, arguments.vararg, arguments.kwarg) if one is not None]
    return [name for name in names if name not in ("self", "cls")]


def fields(node: ast.ClassDef) -> list[str]:
    """Return what a class is made of: the parameters of its `__init__`, or its fields."""
    for entry in node.body:
        if isinstance(entry, ast.FunctionDef) and entry.name == "__init__":
            return parameters(entry)
    annotated = [entry for entry in node.body if isinstance(entry, ast.AnnAssign)]
    names = [
        entry.target.id
        for entry in annotated
        if isinstance(entry.target, ast.Name) and "ClassVar" not in ast.unparse(entry.annotation)
    ]
    return [name for name in names if not name.startswith("_")]


def heading_of(node: ast.AST) -> str:
    """Return what a docstring's list is headed by: a record may call its fields attributes."""
    text = "".join(map(ast.unparse, getattr(node, "decorator_list", [])))
    return "(?:Arguments|Attributes)" if "dataclass" in text else "Arguments"


def lists() -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk through all lists of arguments: (place, names described, names there are)."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            names = described(ast.get_docstring(node) or "", heading_of(node))
            if names is None:
                continue
            real = fields(node) if isinstance(node, ast.ClassDef) else parameters(node)
            if isinstance(node, ast.ClassDef) and not real:  # made as the class that it extends
                continue
            yield f"{path.relative_to(SOURCE).as_posix()}::{node.name}", names, real


def test_a_list_names_every_argument_and_no_other() -> None:
    every = list(lists())
    assert len(every) > 700
    unknown = {place: set(names) - {*real, SUMMARY} for place, names, real in every}
    assert {place: names for place, names in unknown.items() if names} == {}
    missing = {place: set(real) - set(names) for place, names, real in every if SUMMARY not in names}
    assert {place: names for place, names in missing.items() if names} == {}
