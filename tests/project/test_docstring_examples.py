"""Examples in docstrings print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import modgrok

EXTRAS = {"sklearn": ("sklearn",), "web": ("starlette", "uvicorn")}
"""What only extras bring, by the package whose modules cannot be imported without it."""
WITHOUT_JAX = ("algebra", "decide", "io", "tasks")
MODULES = [
    module.name
    for module in pkgutil.walk_packages(modgrok.__path__, "modgrok.")
    if "__main__" not in module.name
]


def package_of(name: str) -> str:
    return name.split(".")[1]


PACKAGES = sorted({package_of(name) for name in MODULES})


def examples(name: str) -> list[doctest.DocTest]:
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder().find(module, name, module=module) if test.examples]


def failures(name: str) -> list[str]:
    """Run the examples of a module; return what is wrong with each that fails."""
    complaints: list[str] = []
    for test in examples(name):
        runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
        runner.run(test, out=complaints.append)
    return complaints


@pytest.mark.parametrize(
    "package",
    [
        pytest.param(package, marks=pytest.mark.needs(*EXTRAS[package])) if package in EXTRAS else package
        for package in PACKAGES
    ],
)
def test_examples_of_docstrings(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [name for name in MODULES if package_of(name) == package]
    assert package not in WITHOUT_JAX or sum(len(examples(name)) for name in names) >= 5
    assert not [line for name in names for line in failures(name)]
