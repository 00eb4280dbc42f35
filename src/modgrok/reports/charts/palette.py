"""Colours, type and the chart configuration: the one address of the reports' looks.

Owns: what a colour means. There is no global theme; every chart gets `config()`.
"""

from __future__ import annotations

from typing import Any

INK = "#1d2530"
"""Text, and weights of any source."""
SOFT = "#667080"
"""Secondary text, axis labels."""
FAINT = "#c9ced6"
"""Axis lines, reference lines of no importance."""
PAPER = "#ffffff"
TRAIN = "#2f6690"
"""Whatever is measured on the training inputs."""
TEST = "#c2452d"
"""Whatever is measured on the test inputs; also the one accent."""
PLATEAU = "#f6efe4"
"""The time between memorising and grokking."""
MEASURE = "#3b4252"
"""Measures of the weights."""
REFERENCE_CURVE = "#e3b5aa"
"""Test accuracy where it is only repeated for comparison."""
SECOND = "#8a7340"
"""A second measure in the same axes."""

CLEAN = "#3f8f83"
"""Training inputs whose labels were left alone."""
CORRUPTED = "#8a5aa3"
"""Training inputs whose labels were redrawn."""

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
TICK_SIZE = 10
LABEL_SIZE = 11


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration that every chart carries."""
    return {
        "font": FONT,
        "background": PAPER,
        "view": {"stroke": None},
        "axis": {
            "domainColor": FAINT,
            "tickColor": FAINT,
            "tickSize": 4,
            "grid": False,
            "labelColor": SOFT,
            "labelFontSize": TICK_SIZE,
            "labelPadding": 3,
            "titleColor": SOFT,
            "titleFontSize": LABEL_SIZE,
            "titleFontWeight": "normal",
            "titlePadding": 5,
        },
        "text": {"fontSize": LABEL_SIZE, "color": INK},
        "line": {"strokeCap": "round", "strokeJoin": "round"},
    }
