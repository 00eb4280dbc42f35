"""The digest of the code that evaluates a claim: its module, and what that imports of papers and measures.

Owns: reading imports from source text, without importing. Which runs a claim needs does not enter here, and
no code enters the id of a run: if the digest changes, numbers are measured again, nothing is trained again.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

DIGESTED_PACKAGES = ("modgrok.papers", "modgrok.measures")
"""Packages whose modules enter a digest. Layers below them are covered by the version and by their tests."""
ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds the package."""


def digest_of_function(function: Callable[..., Any]) -> str:
    """Return the digest of the module that defines a function; see `digest_of_module`.

    Of a module without a file, such as a notebook, the digest is another one in every process, so that
    what it evaluates is always evaluated again.
    """
    while isinstance(function, partial):
        function = function.func
    module = getattr(inspect.unwrap(function), "__module__", "")
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return _unknown()
    path = Path(file).resolve()
    above = len(module.split(".")) - (0 if path.name == "__init__.py" else 1)
    return _known(module, path.parents[above], path.stat().st_mtime_ns)


def digest_of_module(module: str, folder: Path = ROOT, root: Path = ROOT) -> str:
    """Return the SHA-256 of a module's source and of the sources that it imports, directly or not.

    Imports of `DIGESTED_PACKAGES` and of the module's own top package are followed. A name that a package
    imports from one of its modules stands for that module, not for the package.

    Arguments:
        module: dotted name.
        folder: holds the module's top package or file.
        root: holds `modgrok`.

    Raises:
        ModuleNotFoundError: there is no such file.
    """
    sources = closure(module, folder, root)
    text = "".join(f"{name}\n{sources[name]}\n" for name in sorted(sources))
    return hashlib.sha256(text.encode()).hexdigest()


def closure(module: str, folder: Path = ROOT, root: Path = ROOT) -> dict[str, str]:
    """Return name -> source text of a module and all that it imports, as `digest_of_module` follows it.

    Example:
        >>> names = closure("modgrok.papers.claims.neuron_ipr")
        >>> "modgrok.measures.fourier.ipr" in names, "modgrok.measures.fourier.gini" in names
        (True, False)
    """
    own = module.partition(".")[0]
    followed = DIGESTED_PACKAGES if own == "modgrok" else (*DIGESTED_PACKAGES, own)
    sources: dict[str, str] = {}
    left = [module]
    while left:
        name = left.pop()
        if name in sources:
            continue
        path = _path(name, root if _within(name, ("modgrok",)) else folder)
        if path is None:
            raise ModuleNotFoundError(f"no source of {name}")
        sources[name] = path.read_text(encoding="utf-8")
        for base, imported in _imports(sources[name], name, path.name == "__init__.py"):
            if _within(base, followed):
                left += _homes(base, imported, folder, root)
    return sources


def _homes(base: str, name: str | None, folder: Path, root: Path) -> Iterator[str]:
    """Yield the module that an imported name comes from: a submodule, or where a package has it from."""
    where = root if _within(base, ("modgrok",)) else folder
    path = _path(base, where)
    if name is not None and _path(f"{base}.{name}", where) is not None:
        yield f"{base}.{name}"
    elif path is not None and name is not None and path.name == "__init__.py":
        exported = _exports(path.read_text(encoding="utf-8"), base).get(name)
        if exported is None:
            yield base
        else:
            yield from _homes(*exported, folder, root)
    elif path is not None:
        yield base


@cache
def _imports(text: str, module: str, package: bool) -> tuple[tuple[str, str | None], ...]:
    """List (module, name or None) of every import in a source text, inside functions, too."""
    imports: list[tuple[str, str | None]] = []
    parts = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imports += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            imports += [(base, None if alias.name == "*" else alias.name) for alias in node.names]
    return tuple(imports)


@cache
def _exports(text: str, package: str) -> dict[str, tuple[str, str]]:
    """Return name -> (module, name there) of what a package's `__init__.py` imports from its modules."""
    exports = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            for alias in node.names:
                exports[alias.asname or alias.name] = (f"{package}.{node.module}", alias.name)
    return exports


def _path(module: str, folder: Path) -> Path | None:
    """Return the file of a module or package."""
    base = folder.joinpath(*module.split("."))
    files = (base.with_name(f"{base.name}.py"), base / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@cache
def _known(module: str, folder: Path, changed: int) -> str:
    """Return the digest of a module as long as its file is the same: 84 claims share about 20 modules."""
    return digest_of_module(module, folder)


@cache
def _unknown() -> str:
    return uuid4().hex
