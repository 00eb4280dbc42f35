"""Write docs/notebooks/*.ipynb: `uv run --group docs python tools/make_notebooks.py`.

The scripts beside them, in Jupytext's percent format, are the source: they read well in a diff, and the site
executes them. The notebooks are for Jupyter, without outputs; a test keeps both the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "docs" / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook_of(script: str) -> str:
    """Return the notebook of a percent script as JSON; the same script gives the same bytes."""
    notebook = jupytext.reads(script, fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata.pop("lines_to_next_cell", None)
    text: str = nbformat.writes(notebook, version=4)
    return text + "\n"


def main(folder: Path) -> None:
    """Write every notebook into a folder."""
    for script in sorted(NOTEBOOKS.glob("*.py")):
        notebook = notebook_of(script.read_text(encoding="utf-8"))
        (folder / f"{script.stem}.ipynb").write_text(notebook, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else NOTEBOOKS)
