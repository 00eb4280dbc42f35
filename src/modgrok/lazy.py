"""Packages whose names are loaded when first used, so that importing one of them imports no JAX.

Owns: `__getattr__` and `__dir__` of such packages, and modules of others that are loaded when first used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], loaded: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package.

    Arguments:
        package: its `__name__`.
        homes: public name -> the submodule that defines it; a name that is its own home is that submodule.
        loaded: public names that the package has already.

    Returns:
        `__getattr__`, which loads a name when it is asked for, and `__dir__`, which lists the public
        names and nothing else.

    Example:
        >>> load, names = lazy_names("modgrok", {"parse": "tasks", "tasks": "tasks"})
        >>> names(), load("parse").__name__, load("tasks").__name__
        (['parse', 'tasks'], 'parse', 'modgrok.tasks')
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f".{homes[name]}", package)
        return module if homes[name] == name else getattr(module, name)

    return load, lambda: sorted({*homes, *loaded})


class LazyModule(ModuleType):
    """A module that is imported when one of its names is first asked for.

    Example:
        >>> LazyModule("statistics").mean([1, 2, 3])
        2
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)
