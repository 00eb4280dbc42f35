"""One composed figure: panels placed on a grid of 12 columns in a single SVG.

Owns: the layout in pixels. Cells come as SVG and are placed, never scaled, so that type keeps its size; PNG
and PDF are made from the same SVG, without a browser. A figure can be had strip by strip, so that the pixels
of one strip are made while the charts of the next are drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...io import markup, visible
from ...io.charts import Draw, draw_here
from ..charts.chart import Cell, Group, Legend, Panel
from ..charts.palette import FAINT, FONT, INK, PAPER, SOFT
from ..report import Report
from .letters import panel_letter

WIDTH = 1060
EDGE = 36
GAP = 24
ROW_GAP = 18
CAPTION_SIZE, CAPTION_WIDTH, CAPTION_GAP = 10, 660, 2
"""Of captions under their panels: type, the longest line, and the distance from the charts, pixels."""
LEGEND_SIZE, LEGEND_LINE = 10.5, 16
LABEL_SIZE, LABEL_LINE = 11.5, 15
"""Of the words above a group of charts."""
BLANK = 6
"""Pixels above a row of panels in which nothing is drawn."""
LETTER_WIDTHS = {
    letter: width
    for letters, width in (
        ("ijl|'.,:; !", 0.26),
        ("frtI()[]/-", 0.34),
        ("mwMW%@", 0.9),
        ("ABCDEFGHJKLNOPQRSTUVXYZ", 0.7),
    )
    for letter in letters
}
"""Letters of a sans-serif type that are not about as wide as a digit: their widths, as shares of its size."""
BOLD = 1.08
"""How much wider bold type is."""


@dataclass
class _Sheet:
    """SVG elements so far, where the next line goes, and the pictures of the charts to come, in order."""

    pictures: Iterator[str]
    parts: list[str] = field(default_factory=list)
    y: float | int = EDGE
    count: int = 0
    width: int = WIDTH
    edge: int = EDGE

    def text(
        self,
        x: float | int,
        y: float | int,
        words: str,
        size: float | int,
        colour: str = INK,
        weight: str = "normal",
    ) -> None:
        """Write one line with its baseline at y."""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{colour}" font-weight="{weight}">'
            f"{markup(words)}</text>"
        )

    def paragraph(
        self, words: str, size: float | int, colour: str, width: float | int, x: float | int = EDGE
    ) -> None:
        """Write wrapped lines and move on."""
        for line in wrap(words, size, width):
            self.y += round(1.4 * size)
            self.text(x, self.y, line, size, colour)

    def cell(self, cell: Cell, x: float | int, y: float | int) -> None:
        """Place the next chart."""
        svg = visible(next(self.pictures), keep="\n\t")  # Vega reads escapes in text as characters again
        self.count += 1
        self.parts.append(
            f'<g transform="translate({x:g},{y:g})" role="img" aria-label="{markup(cell.text)}">'
            f"{inner(svg, f'c{self.count}-')}</g>"
        )


@dataclass(frozen=True)
class Strip:
    """A part of a figure over its whole width.

    Arguments:
        top, height: in pixels of the figure.
        elements: SVG, in coordinates of the figure.
    """

    top: int
    height: int
    elements: str

    def document(self) -> str:
        """Return this part alone as an SVG document for pixels.

        Images are magnified already; taking the nearest of their pixels saves a third of the time.
        """
        sharp = self.elements.replace("<image ", '<image image-rendering="optimizeSpeed" ')
        top, height = self.top, self.height
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'width="{WIDTH}" height="{height}" viewBox="0 {top} {WIDTH} {height}" font-family="{FONT}">'
            f'<rect y="{top}" width="{WIDTH}" height="{height}" fill="{PAPER}"/>{sharp}</svg>'
        )


def figure_svg(report: Report, draw: Draw = draw_here) -> str:
    """Compose a report as one SVG document.

    Arguments:
        report: title, panels, provenance.
        draw: draws the charts.
    """
    strips = list(figure_strips(report, draw))
    height = strips[-1].top + strips[-1].height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{WIDTH}" '
        f'height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="{FONT}" role="img" '
        f'aria-label="{markup(report.title)}"><title>{markup(report.title)}</title>'
        f"<desc>{markup(report.summary)}</desc>"
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>'
        f"{''.join(strip.elements for strip in strips)}</svg>"
    )


def figure_strips(report: Report, draw: Draw = draw_here) -> Iterator[Strip]:
    """Compose a report strip by strip from the top: the head, each row of panels, the foot.

    Arguments:
        report, draw: as in `figure_svg`.
    """
    rows = rows_of([(panel_letter(place), panel) for place, panel in enumerate(report.panels)])
    sheet = _Sheet(draw(_specs(rows, WIDTH, EDGE)))
    top = 0

    def strip(bottom: int) -> Strip:
        nonlocal top
        elements, sheet.parts = "".join(sheet.parts), []
        above, top = top, bottom
        return Strip(above, bottom - above, elements)

    _head(sheet, report)
    for row in rows:
        yield strip(int(sheet.y) - BLANK)
        _row(sheet, row, captions=True)
    yield strip(int(sheet.y) - BLANK)
    _foot(sheet, report)
    yield strip(round(sheet.y + EDGE))


def panels_svg(panels: Sequence[Panel], *, width: int = 760) -> str:
    """Compose panels alone as one SVG document, for a page that has title and captions around it.

    Arguments:
        panels: in reading order; letters are theirs from a on, if there are several.
        width: pixels.
    """
    letters = [panel_letter(place) for place in range(len(panels))] if len(panels) > 1 else [""] * len(panels)
    rows = rows_of(list(zip(letters, panels, strict=True)))
    sheet = _Sheet(draw_here(_specs(rows, width, 0)), y=1, width=width, edge=0)
    for row in rows:
        _row(sheet, row)
    height = round(sheet.y - ROW_GAP + 4)
    words = " ".join(cell.text for panel in panels for group in panel.groups for cell in group.cells)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" font-family="{FONT}" role="img" '
        f'aria-label="{markup(words)}"><rect width="{width}" height="{height}" fill="{PAPER}"/>'
        f"{''.join(sheet.parts)}</svg>"
    )


def rows_of(panels: list[tuple[str, Panel]]) -> list[list[tuple[str, Panel]]]:
    """Fill rows of 12 columns from left to right."""
    rows: list[list[tuple[str, Panel]]] = []
    used = 12
    for entry in panels:
        if used + entry[1].span > 12:
            rows.append([])
            used = 0
        rows[-1].append(entry)
        used += entry[1].span
    return rows


def _specs(rows: Iterable[list[tuple[str, Panel]]], width: int, edge: int) -> list[dict[str, Any]]:
    """List the specifications of all charts in the order in which `_row` places them."""
    column = (width - 2 * edge + GAP) / 12
    return [
        cell.spec(_cell_width(panel, group, panel.span * column - GAP))
        for row in rows
        for _, panel in row
        for group in panel.groups
        for cell in group.cells
    ]


def _group_width(panel: Panel, width: float | int) -> float:
    return (width - (len(panel.groups) - 1) * GAP) / len(panel.groups)


def _cell_width(panel: Panel, group: Group, width: float | int) -> int:
    """Return the width of each chart of a group, in a panel of a width."""
    each = _group_width(panel, width)
    alone = len(panel.groups) > 1 or len(group.cells) == 1
    return int(each / len(group.cells)) if alone else int(min(each / 2, 320))


def _head(sheet: _Sheet, report: Report) -> None:
    sheet.y += 8
    for line in wrap(report.title, 23, WIDTH - 2 * EDGE, bold=True):
        sheet.text(EDGE, sheet.y + 8, line, 22, INK, "bold")
        sheet.y += 27
    sheet.y -= 10
    if report.summary:
        sheet.paragraph(report.summary, 13, INK, WIDTH - 2 * EDGE)
    sheet.y += 4
    for name, value in report.facts:
        sheet.paragraph(f"{name}: {value}", 10.5, SOFT, WIDTH - 2 * EDGE)
    for note in report.notes:
        sheet.paragraph(note, 10.5, SOFT, WIDTH - 2 * EDGE)
    sheet.y += 22


def _row(sheet: _Sheet, row: list[tuple[str, Panel]], *, captions: bool = False) -> None:
    column = (sheet.width - 2 * sheet.edge + GAP) / 12
    x, deepest = float(sheet.edge), sheet.y
    for letter, panel in row:
        width = panel.span * column - GAP
        lower = _panel(sheet, letter, panel, x, width)
        if captions:
            sheet.y, above = lower + CAPTION_GAP, sheet.y
            sheet.paragraph(panel.caption, CAPTION_SIZE, SOFT, min(width, CAPTION_WIDTH), x)
            lower, sheet.y = sheet.y + 4, above
        deepest = max(deepest, lower)
        x += panel.span * column
    sheet.y = deepest + ROW_GAP


def _panel(sheet: _Sheet, letter: str, panel: Panel, x: float | int, width: float | int) -> float | int:
    """Draw a panel from the sheet's line down; return its lower edge."""
    y = sheet.y
    sheet.parts.append(f'<path d="M{x:g},{y:g}h{width:g}" stroke="{FAINT}" stroke-width="0.8"/>')
    if letter:
        sheet.text(x, y + 18, letter, 13, INK, "bold")
    sheet.text(x + (7 + 9 * len(letter) if letter else 0), y + 18, panel.title, 13, INK, "bold")
    y += 26
    if panel.legend is not None:
        y += _legend(sheet, panel.legend, x, y, width)
    each = _group_width(panel, width)
    labels = [wrap(group.label, LABEL_SIZE, each) for group in panel.groups]
    most_lines = max(map(len, labels), default=0)
    deepest = y
    for i, group in enumerate(panel.groups):
        left, top = x + i * (each + GAP), y
        for number, line in enumerate(labels[i]):
            sheet.text(left, top + 12 + LABEL_LINE * number, line, LABEL_SIZE, SOFT)
        if most_lines:
            top += 18 + LABEL_LINE * (most_lines - 1)
        cells = _cell_width(panel, group, width)
        for j, cell in enumerate(group.cells):
            sheet.cell(cell, left + j * cells, top)
            deepest = max(deepest, top + cell.outer_height(cells))
    return deepest


def _legend(sheet: _Sheet, legend: Legend, x: float | int, y: float | int, width: float | int) -> int:
    """Name colours from left to right, in as many lines as that takes; return the height of the lines."""
    at, line = float(x), 0
    entries: list[tuple[float, Callable[[float | int, float | int], None]]] = []
    if legend.ramp is not None:
        entries.append(_ramp(sheet, legend.ramp))
    entries += [_swatch(sheet, words, colour) for words, colour in legend.swatches]
    for wide, draw in entries:
        if at > x and at + wide > x + width:
            at, line = float(x), line + 1
        draw(at, y + 12 + LEGEND_LINE * line)
        at += wide + 16
    return LEGEND_LINE * (line + 1) + 4


def _swatch(
    sheet: _Sheet, words: str, colour: str
) -> tuple[float, Callable[[float | int, float | int], None]]:
    def draw(x: float | int, y: float | int) -> None:
        sheet.parts.append(
            f'<rect x="{x:g}" y="{y - 9:g}" width="10" height="10" fill="{markup(colour)}" stroke="{FAINT}" '
            'stroke-width="0.5"/>'
        )
        sheet.text(x + 15, y, words, LEGEND_SIZE, SOFT)

    return 15 + text_width(words, LEGEND_SIZE), draw


def _ramp(
    sheet: _Sheet, ramp: tuple[str, str, str]
) -> tuple[float, Callable[[float | int, float | int], None]]:
    low, high, uri = ramp
    left = text_width(low, LEGEND_SIZE) + 5

    def draw(x: float | int, y: float | int) -> None:
        sheet.text(x, y, low, LEGEND_SIZE, SOFT)
        sheet.parts.append(
            f'<image x="{x + left:g}" y="{y - 8:g}" width="96" height="8" preserveAspectRatio="none" '
            f'xlink:href="{markup(uri)}"/>'
        )
        sheet.text(x + left + 101, y, high, LEGEND_SIZE, SOFT)

    return left + 101 + text_width(high, LEGEND_SIZE), draw


def _foot(sheet: _Sheet, report: Report) -> None:
    sheet.parts.append(
        f'<path d="M{EDGE},{sheet.y:g}h{WIDTH - 2 * EDGE}" stroke="{FAINT}" stroke-width="0.8"/>'
    )
    sheet.y += 8
    for what, command in report.commands:
        if command:
            sheet.paragraph(f"$ {command}   # {what}", 9.5, INK, WIDTH - 2 * EDGE)
    sheet.paragraph(report.colophon, 9.5, SOFT, WIDTH - 2 * EDGE)


def text_width(words: str, size: float | int) -> float:
    """Estimate the width of a line of sans-serif type, pixels.

    Example:
        >>> round(text_width("100%", 10)), round(text_width("ill", 10))
        (26, 8)
    """
    return size * sum(LETTER_WIDTHS.get(letter, 0.556) for letter in words)


def wrap(words: str, size: float | int, width: float | int, *, bold: bool = False) -> list[str]:
    """Break text into lines of at most a width in pixels; a word that is longer than a line is broken too.

    Example:
        >>> wrap("one two three", 10, 45), wrap("aaaaaaaaaaaa", 10, 45)
        (['one two', 'three'], ['aaaaaaaa', 'aaaa'])
    """
    most = width / (BOLD if bold else 1)
    lines: list[str] = []
    for word in words.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= most:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and text_width(lines[-1] + letter, size) > most:
                lines.append("")
            lines[-1] += letter
    return lines


def inner(svg: str, prefix: str) -> str:
    """Return what is inside an SVG document, its identifiers made unique by a prefix."""
    body = re.sub(r"^.*?<svg[^>]*>(.*)</svg>\s*$", r"\1", svg, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{prefix}', body)
    return re.sub(r"url\(#", f"url(#{prefix}", body)
