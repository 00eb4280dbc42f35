"""Colours of the lines of one chart: ordered values have ordered colours, names have colours apart.

Owns: the choice. What single colours mean is in `palette`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .palette import MEASURE, SECOND, TEST, TRAIN
from .ramp import Anchors, colours

LINES = (TEST, TRAIN, SECOND, MEASURE, "#7f9e6b", "#8f6a9e", "#d99a2b", "#4d9aa8")
"""Colours of lines that are names, in the order in which they are drawn."""
ORDERED: Anchors = ((227, 163, 74), (189, 96, 89), (122, 66, 117), (52, 50, 107), (16, 24, 48))
"""From least to most: lightness falls all the way, and all are legible on paper."""


def line_colours(values: Sequence[object]) -> list[str]:
    """Choose a colour for each line.

    Arguments:
        values: what the lines stand for, in the order in which they are drawn.

    Returns:
        Of numbers, two or more, colours along one ramp from the least to the greatest; of others those of
        `LINES`.

    Example:
        >>> line_colours([97, 11]), line_colours(["mlp", "rfm"])
        (['#101830', '#e3a34a'], ['#c2452d', '#2f6690'])
    """
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if not numbers or len(values) < 2:
        return [LINES[i % len(LINES)] for i in range(len(values))]
    palette, ranks = colours(ORDERED), np.argsort(np.argsort(np.array(values, float), kind="stable"))
    places = np.round(ranks * 255 / (len(values) - 1)).astype(int)
    return ["#" + "".join(f"{channel:02x}" for channel in palette[place]) for place in places]


def numbers_or_words(names: Sequence[str]) -> list[float] | list[str]:
    """Read printed coordinates as numbers if all of them are.

    Example:
        >>> numbers_or_words(["11", "1e6"]), numbers_or_words(["11", "mlp"])
        ([11.0, 1000000.0], ['11', 'mlp'])
    """
    try:
        return [float(name) for name in names]
    except ValueError:
        return list(names)
