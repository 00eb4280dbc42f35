"""The package as a whole: what importing it does, what its files say of each other."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    ).stdout.strip()


def test_importing_modgrok_imports_no_jax_and_changes_nothing() -> None:
    code = """
import logging, sys, numpy
before = (numpy.get_printoptions(), logging.root.handlers[:], logging.root.level)
import modgrok
assert (numpy.get_printoptions(), logging.root.handlers, logging.root.level) == before
print([name for name in ("jax", "equinox", "pydantic", "lark") if name in sys.modules])
"""
    assert python(code) == "[]"


def test_deciding_imports_no_jax() -> None:
    code = "import sys, modgrok.cli.decide; print('jax' in sys.modules)"
    assert python(code) == "False"


def test_importing_everything_leaves_jax_as_it_was() -> None:
    code = """
import jax
before = dict(jax.config.values)
import modgrok.runs, modgrok.analytic, modgrok.reports, modgrok.cli.train
print({k for k in before if jax.config.values[k] != before[k]})
"""
    assert python(code) == "set()"


def test_the_names_at_the_top() -> None:
    import modgrok

    for name in modgrok.__all__:
        assert getattr(modgrok, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        modgrok.nothing  # noqa: B018


def scripts() -> list[Any]:
    """Tools and benchmarks; one that imports the estimators needs scikit-learn."""
    paths = sorted([*ROOT.glob("tools/*.py"), *ROOT.glob("benchmarks/*.py")])
    needs = {True: [pytest.mark.needs("sklearn")], False: []}
    return [
        pytest.param(path, id=path.name, marks=needs["modgrok.sklearn" in path.read_text(encoding="utf-8")])
        for path in paths
    ]


@pytest.mark.parametrize("path", scripts())
def test_scripts_import_only_names_that_exist(path: Path) -> None:
    """Most scripts are run by hand, and types are checked in src alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "modgrok":
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")


def test_the_command_reference_is_what_help_prints(tmp_path: Path) -> None:
    page = tmp_path / "commands.md"
    tool = ROOT / "tools" / "make_command_reference.py"
    # in a process of its own: consoles keep the width that they had when first used
    subprocess.run([sys.executable, str(tool), str(page)], check=True)
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == page.read_text(encoding="utf-8")


def test_ci_begins_with_the_two_commands_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = re.findall(r"^pip install uv && .+$", readme, re.MULTILINE)
    assert len(commands) == 2
    stages = [line for line in ci.splitlines() if line.startswith("stage ")]
    for command, stage in zip(commands, stages, strict=False):
        assert stage.endswith(f" '{command}'")
    assert not re.search(r"\b(pip install|uv sync|apt)\b", ci[: ci.index(stages[0])])
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme):
        assert (ROOT / picture).is_file(), picture


def test_tests_of_optional_modules_run_in_ci() -> None:
    """Whatever `needs` names is in the group that CI's last stage installs, and nothing is skipped there."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace("\\\n", "")
    assert re.search(r"pytest -m \"needs and [^\"]*\" --require-needs --types\n", ci)
    assert "uv sync --quiet --group dev" in ci
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert {each["include-group"] for each in groups["dev"]} == {"test", "readers", "lint", "docs"}


def test_pinned_versions_are_within_the_bounds() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    bounds = {r.name: r for r in map(Requirement, project["project"]["dependencies"])}
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    for name, requirement in bounds.items():
        assert requirement.specifier.contains(pins[name]), name


def test_nothing_names_a_registry() -> None:
    files = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.split()
    assert "uv.lock" not in files
    for name in files:
        if name.endswith((".py", ".toml", ".md", ".txt", ".cff", ".yml")) and "test_package" not in name:
            text = (ROOT / name).read_text(encoding="utf-8")
            assert "index-url" not in text, name
            assert "/simple/" not in text, name
