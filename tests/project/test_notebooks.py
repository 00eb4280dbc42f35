"""The notebooks for Jupyter: cell for cell the scripts that the site executes, and without outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from notebook import cells

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "docs" / "notebooks").glob("*.py"))
COMMAND = "uv run --group docs python tools/make_notebooks.py"


def test_every_script_has_its_notebook() -> None:
    assert len(SCRIPTS) >= 3
    notebooks = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
    assert [path.stem for path in notebooks] == [path.stem for path in SCRIPTS]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_has_the_cells_of_its_script(script: Path) -> None:
    notebook = json.loads(script.with_suffix(".ipynb").read_text(encoding="utf-8"))
    written = [(cell["cell_type"] == "code", "".join(cell["source"])) for cell in notebook["cells"]]
    expected = [(cell.is_code, cell.text) for cell in cells(script.read_text(encoding="utf-8"))]
    assert written == expected, f"write it again: {COMMAND}"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert {cell["execution_count"] for cell in code} == {None}


@pytest.mark.needs("jupytext")
def test_the_command_writes_what_is_committed(tmp_path: Path) -> None:
    assert COMMAND in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    subprocess.run([sys.executable, str(ROOT / "tools" / "make_notebooks.py"), str(tmp_path)], check=True)
    for script in SCRIPTS:
        committed = script.with_suffix(".ipynb").read_text(encoding="utf-8")
        assert (tmp_path / f"{script.stem}.ipynb").read_text(encoding="utf-8") == committed
