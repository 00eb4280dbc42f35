"""Draw docs/images/layers.svg from the imports: `uv run python tools/make_layers_picture.py`.

Rows are the layers of the contract in pyproject.toml, the lowest at the bottom; a line joins two folders of
which the upper one imports from the lower one, thicker where more files do.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "modgrok"
PICTURE = ROOT / "docs" / "images" / "layers.svg"
WIDTH, ROW, BOX, HEIGHT = 760, 64, 132, 34
STYLE = """\
<style>
  text { font: 14px system-ui, sans-serif; fill: #1a1a1a; text-anchor: middle; }
  text.note { font-size: 11px; fill: #5a5a5a; }
  rect { fill: #f4f1ea; stroke: #8a8271; }
  rect.jax { fill: #e3ecf5; stroke: #5b7fa3; }
  path { fill: none; stroke: #8a8271; stroke-opacity: 0.35; }
</style>"""


def layers() -> list[list[str]]:
    """Read the layers from the contract, the lowest first; siblings in one row."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    rows = [re.findall(r"modgrok\.(\w+)", row) for row in contract["layers"]]
    return [[name for name in row if (SOURCE / name).is_dir()] for row in reversed(rows)]


def imports() -> Counter[tuple[str, str]]:
    """Count, for each two folders, the files of the first that import from the second."""
    result: Counter[tuple[str, str]] = Counter()
    for file in SOURCE.rglob("*.py"):
        own = file.relative_to(SOURCE).parts
        if len(own) < 2:
            continue
        targets = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == len(own):
                targets.add((node.module or "").split(".")[0])
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("modgrok."):
                targets.add(str(node.module).split(".")[1])
        result.update((own[0], target) for target in targets if (SOURCE / target).is_dir())
    return result


def uses_jax(folder: str) -> bool:
    """Say whether a file of a folder imports JAX or what rests on it."""
    pattern = re.compile(r"^\s*(import|from) (jax|equinox|optax)\b", re.MULTILINE)
    return any(pattern.search(file.read_text(encoding="utf-8")) for file in (SOURCE / folder).rglob("*.py"))


def across(at: int, count: int, level: int) -> float:
    """Return the middle of a box; single ones step aside in turn, so that lines between them can be seen."""
    aside = 0.0 if count > 1 else (-70.0, 70.0)[level % 2]
    return (at + 1) * WIDTH / (count + 1) + aside


def picture() -> str:
    """Return the SVG."""
    rows = layers()
    places = {
        name: (across(at, len(row), level), (len(rows) - 1 - level) * ROW + 8.0)
        for level, row in enumerate(rows)
        for at, name in enumerate(row)
    }
    lines, boxes = [], []
    for (upper, lower), count in sorted(imports().items()):
        if upper in places and lower in places and upper != lower:
            (x, y), (to_x, to_y) = places[upper], places[lower]
            start, middle = y + HEIGHT, (y + HEIGHT + to_y) / 2
            width = 1 + min(count, 20) / 5
            bend = f"{x:.0f},{middle:.0f} {to_x:.0f},{middle:.0f} {to_x:.0f},{to_y:.0f}"
            lines.append(f'<path d="M{x:.0f},{start:.0f} C{bend}" stroke-width="{width:.1f}"/>')
    for name, (x, y) in places.items():
        kind = ' class="jax"' if uses_jax(name) else ""
        boxes.append(
            f'<rect{kind} x="{x - BOX / 2:.0f}" y="{y:.0f}" width="{BOX}" height="{HEIGHT}" rx="5"/>'
            f'<text x="{x:.0f}" y="{y + 22:.0f}">{name}</text>'
        )
    height = len(rows) * ROW + 14
    note = "A folder imports only from rows below its own. Blue: its files import JAX."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"',
            f'  aria-label="The layers of the code, and which folder imports from which">{STYLE}',
            *lines,
            *boxes,
            f'<text class="note" x="{WIDTH / 2:.0f}" y="{height - 4}">{note}</text>',
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
