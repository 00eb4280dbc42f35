"""Draw the pictures of a first run for the documentation.

    uv run modgrok train "x + y" --p 97
    uv run python tools/make_learning_pictures.py latest

Writes docs/images/learning_curves.svg and docs/images/overview.svg: panels of the run's report, without its
captions, since the pages have their own.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from modgrok.reports.formats.svg import panels_svg
from modgrok.reports.report import run_report
from modgrok.runs import Store

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PICTURES = {
    "learning_curves.svg": (("accuracy", 6), ("loss", 6)),
    "overview.svg": (("accuracy", 6), ("fourier", 6), ("features", 12)),
}
"""File -> (key of a panel, columns of 12) in reading order."""


def draw(store: Store, run: str) -> None:
    """Write every picture of a stored run of a two-layer network."""
    panels = {panel.key: panel for panel in run_report(store, run, IMAGES / "report.svg").panels}
    for name, picture in PICTURES.items():
        chosen = [replace(panels[key], span=span) for key, span in picture]
        (IMAGES / name).write_text(panels_svg(chosen) + "\n", encoding="utf-8")


def main() -> None:
    """Read the run and the folder of its store from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", help="id of a run, the beginning of one, or latest")
    parser.add_argument("--runs", type=Path, default=Path(os.environ.get("MODGROK_RUNS", "runs")))
    arguments = parser.parse_args()
    with Store(arguments.runs) as store:
        draw(store, arguments.run)


if __name__ == "__main__":
    main()
