"""The public names of a module, found by reading its source: nothing is imported, and JAX is not needed."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from docstring import parts

SOURCE = Path(__file__).parents[2] / "src"

Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Name:
    """A public name as a reader sees it.

    Arguments:
        name: without its module.
        home: dotted name of the module that defines it.
        signature: how it is written in Python, without its body.
        text: its documentation, unindented; empty if there is none.
        members: of a class, its public methods and properties.
    """

    name: str
    home: str
    signature: str
    text: str
    members: tuple[Name, ...] = field(default=())

    def undocumented(self) -> Iterator[str]:
        """Go through the names that say nothing of themselves."""
        if not self.text:
            yield self.name
        for member in self.members:
            yield from (f"{self.name}.{name}" for name in member.undocumented())


def file_of(module: str) -> Path:
    """Return the file of a dotted module name."""
    path = SOURCE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def tree_of(module: str) -> ast.Module:
    return _parse(file_of(module))


@cache
def _parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def public_names(module: str) -> list[Name]:
    """Return what `__all__` lists, or what the module itself defines without an underscore."""
    tree = tree_of(module)
    exports = [ast.literal_eval(node.value) for node in tree.body if _assigns(node, "__all__")]
    own = [node.name for node in tree.body if isinstance(node, Definition)]
    chosen = exports[0] if exports else [name for name in own if not name.startswith("_")]
    return [find(name, module) for name in chosen]


def module_text(module: str) -> str:
    return ast.get_docstring(tree_of(module)) or ""


def find(name: str, module: str) -> Name:
    """Follow a name through imports to where it is defined.

    Raises:
        LookupError: it is neither defined nor imported from this package.
    """
    tree = tree_of(module)
    for place, node in enumerate(tree.body):
        if isinstance(node, Definition) and node.name == name:
            return _definition(node, module)
        if _assigns(node, name):
            return Name(name, module, _assignment(node), _about(tree, place))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _imported(alias.name, _absolute(node, module))
    raise LookupError(f"{module} lists {name}, which it neither defines nor imports")


def _imported(name: str, module: str) -> Name:
    inner = f"{module}.{name}"
    if file_of(inner).is_file():
        return Name(name, inner, f"import {inner}", module_text(inner))
    return find(name, module)


def _absolute(node: ast.ImportFrom, module: str) -> str:
    steps = module.split(".")
    package = steps if file_of(module).name == "__init__.py" else steps[:-1]
    ancestors = package[: len(package) - node.level + 1]
    return ".".join([*ancestors, *([node.module] if node.module else [])])


def _assigns(node: ast.stmt, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _assignment(node: ast.stmt) -> str:
    """Write an assignment, with dots for a long value."""
    whole = ast.unparse(node)
    if len(whole) <= 84:
        return whole
    value = node.value
    short = f"{ast.unparse(value.func)}(...)" if isinstance(value, ast.Call) else "..."
    return f"{whole.split(' = ')[0]} = {short}"


def _about(tree: ast.Module, place: int) -> str:
    """Return the string below an assignment, or the title of the record that it makes."""
    after = tree.body[place + 1] if place + 1 < len(tree.body) else None
    if (
        isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    ):
        return inspect.cleandoc(after.value.value)
    statement = tree.body[place].value
    titles = [word.value for word in getattr(statement, "keywords", []) if word.arg == "title"]
    return str(ast.literal_eval(titles[0])) if titles else ""


def _definition(node: Definition, module: str) -> Name:
    text = ast.get_docstring(node) or ""
    if isinstance(node, ast.FunctionDef):
        return Name(node.name, module, _function(node), text)
    methods = [
        part for part in node.body if isinstance(part, ast.FunctionDef) and not part.name.startswith("_")
    ]
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    fields = [
        ast.unparse(part) for part in node.body if isinstance(part, ast.AnnAssign) and not _private(part)
    ]
    head = f"class {node.name}({bases}):" if bases else f"class {node.name}:"
    described = {name for part in parts(text) for name, _ in part.items}
    members = tuple(_definition(part, module) for part in methods if part.name not in described)
    return Name(node.name, module, "\n    ".join([head, *(fields or ["..."])]), text, members)


def _private(node: ast.AnnAssign) -> bool:
    return ast.unparse(node.target).startswith("_")


def _function(node: ast.FunctionDef) -> str:
    """Write a function's head on one line, or with a line for each argument if that is too long."""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    marks = [
        f"@{ast.unparse(mark)}\n"
        for mark in node.decorator_list
        if ast.unparse(mark) in ("property", "classmethod")
    ]
    short = f"{node.name}({ast.unparse(node.args)}){returns}"
    if len(short) <= 84:
        return "".join([*marks, short])
    inside = "\n".join(f"    {argument}," for argument in _arguments(node.args))
    return "".join([*marks, f"{node.name}(\n{inside}\n){returns}"])


def _arguments(parameters: ast.arguments) -> list[str]:
    plain = [*parameters.posonlyargs, *parameters.args]
    defaults = [None] * (len(plain) - len(parameters.defaults)) + list(parameters.defaults)
    written = [_argument(a, d) for a, d in zip(plain, defaults, strict=True)]
    if parameters.vararg:
        written.append(f"*{_argument(parameters.vararg, None)}")
    elif parameters.kwonlyargs:
        written.append("*")
    written += [_argument(a, d) for a, d in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)]
    return [*written, f"**{_argument(parameters.kwarg, None)}"] if parameters.kwarg else written


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    typed = argument.arg + (f": {ast.unparse(argument.annotation)}" if argument.annotation else "")
    return typed if default is None else f"{typed} = {ast.unparse(default)}"
