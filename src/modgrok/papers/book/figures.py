"""The picture of a claim's numbers against their bounds, made of its result alone.

Owns: which numbers are drawn. How they look is `reports.charts.bound_rows`; curves are in the claim's own
figure, which needs its runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...io import markup
from ...io.charts import draw_here
from ...reports.charts.bound_rows import WIDTH, BoundRow, bound_rows
from ..claims.catalogue import read_paper
from ..claims.claim import Expected
from ..claims.printed import Printed, printed_numbers
from ..claims.result import Result
from .text import name_words, number_words, range_words

_PLACE = re.compile(r'(aria-label="[^"]*")|(-?\d+\.\d{3,})')
_NAMES = re.compile(r' (class|aria-roledescription)="[^"]*"')
_TAG = re.compile(r"<[^>]+>")
_REPEATED = re.compile(r' (aria-hidden="true"|font-family="[^"]*")')


def number_rows(result: Result, printed: tuple[Printed, ...]) -> list[BoundRow]:
    """List the numbers that were judged, those on which the sentence rests first.

    Arguments:
        result: with a verdict.
        printed: what the paper prints; see `Claim.printed`.
    """
    numbers = printed_numbers(printed)

    def row(expected: Expected) -> BoundRow:
        value = result.values.get(expected.name)
        known = numbers.get(expected.name)
        return BoundRow(
            name_words(expected.name),
            value,
            result.seed_values.get(expected.name) or (value,),
            expected.low,
            expected.high,
            None if known is None else known.value,
            "paper" if known is None else known.by,
            expected.essential,
            expected.holds(value),
        )

    ordered = sorted(result.expected, key=lambda expected: not expected.essential)
    return [row(expected) for expected in ordered]


def numbers_text(result: Result) -> str:
    """Say in words what the picture shows.

    Example:
        >>> expected = Expected("delay", "", low=1.05)
        >>> numbers_text(Result("a/b", "laptop", "", "", (expected,), {"delay": 1.25}))
        'delay 1.25, expected at least 1.05.'
    """
    words = [
        f"{name_words(expected.name)} {number_words(result.values.get(expected.name))}, expected "
        f"{range_words(expected)}"
        for expected in result.expected
    ]
    return "; ".join(words) + "."


def numbers_svg(result: Result, printed: tuple[Printed, ...] = ()) -> str:
    """Draw the numbers of a result against their bounds, as an SVG document of about a phone's width.

    Arguments:
        result: with a verdict and at least one expectation.
        printed: what the paper prints; see `Claim.printed`.
    """
    text = numbers_text(result)
    cell = bound_rows(number_rows(result, printed), text, words=number_words)
    picture = next(draw_here([cell.spec(WIDTH)]))
    family = re.search(r'font-family="[^"]*"', picture)
    light = lightened(_REPEATED.sub("", picture))
    font = family[0] if family else ""
    return light.replace("<svg ", f'<svg {font} role="img" aria-label="{markup(text)}" ', 1)


def lightened(picture: str) -> str:
    """Leave out of an SVG what nobody sees or hears: names of marks, and digits below a hundredth of a pixel.

    Example:
        >>> lightened('<path class="mark" aria-label="0.12345" d="M1.23456,2"/>')
        '<path aria-label="0.12345" d="M1.23,2"/>'
    """

    def rounded(tag: re.Match[str]) -> str:
        return _PLACE.sub(lambda place: place[1] or _rounded(place), _NAMES.sub("", tag[0]))

    return _TAG.sub(rounded, picture)


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def numbers_pictures(results: Sequence[Result]) -> dict[str, str]:
    """Return claim id -> picture of its numbers, of the results that have a verdict."""
    printed = {
        claim.id: claim.printed
        for name in dict.fromkeys(result.paper for result in results)
        for claim in read_paper(name).claims
    }
    return {
        result.id: numbers_svg(result, printed.get(result.id, ()))
        for result in results
        if result.verdict is not None and result.expected
    }
