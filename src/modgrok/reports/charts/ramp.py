"""Colour ramps of the heat maps, as tables of 256 colours."""

from __future__ import annotations

import numpy as np

Anchors = tuple[tuple[int, int, int], ...]

DIVERGING: Anchors = (
    (19, 60, 96),
    (70, 129, 174),
    (178, 205, 223),
    (250, 249, 246),
    (238, 190, 170),
    (205, 96, 66),
    (122, 30, 18),
)
"""Blue below zero, paper at zero, rust above."""
SEQUENTIAL: Anchors = ((255, 255, 255), (208, 221, 230), (126, 163, 190), (47, 102, 144), (16, 42, 70))
"""Paper for nothing, ink blue for most."""


def colours(anchors: Anchors) -> np.ndarray:
    """Interpolate anchors linearly to a palette; uint8, shape (256, 3)."""
    places = np.linspace(0, 1, len(anchors))
    at = np.linspace(0, 1, 256)
    channels = [np.interp(at, places, np.array(anchors, float)[:, c]) for c in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def indices(values: np.ndarray, low: float | int, high: float | int) -> np.ndarray:
    """Map values linearly to palette indices: `low` to 0, `high` to 255; uint8, same shape.

    Example:
        >>> indices(np.array([-1.0, 0.0, 1.0]), -1, 1).tolist()
        [0, 128, 255]
    """
    span = high - low if high > low else 1.0
    scaled = np.nan_to_num((values - low) / span, nan=0.5)
    return np.round(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
