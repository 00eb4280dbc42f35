"""Draw the report of a stored run or sweep as a small PNG for the documentation.

    uv run modgrok train "x*y + x + y" --p 31 --fraction 0.7 --width 200
    uv run --with pillow python tools/make_report_picture.py latest docs/images/xy_plus_x_plus_y_mod_31.png

    uv run modgrok sweep rates.toml   # of docs/sweeps.md
    uv run --with pillow python tools/make_report_picture.py rates docs/images/sweep_rates.png

The figure is that of `modgrok report RUN -o FILE.png`, at half its resolution and with 256 colours.
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path

import vl_convert
from PIL import Image

from modgrok.reports.formats.svg import figure_svg
from modgrok.reports.report import run_report
from modgrok.reports.sweep_report import sweep_report
from modgrok.runs import Store


def small_png(svg: str) -> bytes:
    """Render a figure at one pixel per unit, with 256 colours and without dithering."""
    png = bytes(vl_convert.svg_to_png(svg, scale=1, ppi=72))
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small = io.BytesIO()
    image.save(small, "PNG", optimize=True)
    return small.getvalue()


def main() -> None:
    """Read the run, the file and the folder of the store from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", help="id of a run, the beginning of one, latest, or the name of a sweep")
    parser.add_argument("file", type=Path, help="PNG to write")
    parser.add_argument("--runs", type=Path, default=Path(os.environ.get("MODGROK_RUNS", "runs")))
    arguments = parser.parse_args()
    with Store(arguments.runs) as store:
        sweeps = {row["name"] for row in store.select("SELECT name FROM sweeps")}
        report = sweep_report if arguments.run in sweeps else run_report
        arguments.file.write_bytes(small_png(figure_svg(report(store, arguments.run, arguments.file))))


if __name__ == "__main__":
    main()
