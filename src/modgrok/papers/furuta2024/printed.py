"""What Furuta et al. 2024 print of the numbers that their claims measure: Tables 1, A.4 and A.5, p = 97."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..claims.printed import Printed, PrintedCurve, PrintedNumber

TABLE = "Table A.5, p = 97"
FRACTIONS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
BEST: Mapping[str, tuple[float, ...]] = {
    "tableA5-linear": (0.033, 1, 1, 1, 1, 1, 1),
    "tableA5-shifted-product": (0.061, 0.097, 1, 1, 1, 1, 1),
    "tableA5-quadratic": (0.34, 0.47, 0.56, 0.65, 0.74, 1, 1),
    "tableA5-cubic": (0.049, 0.094, 0.11, 0.13, 0.14, 0.16, 1),
}
"""Best test accuracy of 2a + 3b, ab + b, a^2 + ab + b^2 and a^3 + ab at each fraction."""
CHANCE = math.log(97)
FULL, RESTRICTED, KEY_NONKEY, KEY_RESIDUAL, NONKEY, RESIDUAL = (
    1.008e-7,
    4.985e-8,
    4.989e-8,
    1.015e-7,
    4.576,
    5.385,
)
"""Losses of the sum with parts of its logits, Table A.4."""


def row(name: str) -> PrintedCurve:
    """Return a row of Table A.5."""
    return PrintedCurve("map", FRACTIONS, BEST[name], TABLE)


PRINTED: Mapping[str, Sequence[Printed]] = {
    "tableA4-sum": (
        PrintedNumber("restricted_over_full", RESTRICTED / FULL, "Table A.4"),
        PrintedNumber("key_nonkey_over_full", KEY_NONKEY / FULL, "Table A.4"),
        PrintedNumber("key_residual_over_full", KEY_RESIDUAL / FULL, "Table A.4"),
        PrintedNumber("nonkey_over_chance", NONKEY / CHANCE, "Table A.4"),
        PrintedNumber("residual_over_chance", RESIDUAL / CHANCE, "Table A.4"),
    ),
    "tableA4-difference": (PrintedNumber("restricted_over_full", 0.7141 / 1.336e-7, "Table A.4"),),
    "tableA5-linear": (
        PrintedNumber("least_accuracy", 0.033, TABLE),
        PrintedNumber("grok_fraction", 0.4, TABLE),
        row("tableA5-linear"),
    ),
    "tableA5-shifted-product": (
        PrintedNumber("least_accuracy", 0.061, TABLE),
        PrintedNumber("grok_fraction", 0.5, TABLE),
        row("tableA5-shifted-product"),
    ),
    "tableA5-quadratic": (
        PrintedNumber("least_accuracy", 0.34, TABLE),
        PrintedNumber("most_accuracy", 1, TABLE),
        row("tableA5-quadratic"),
    ),
    "tableA5-cubic": (PrintedNumber("accuracy_below_90", 0.16, TABLE), row("tableA5-cubic")),
    "table1-linear": (PrintedNumber("accuracy_2a_3b", 0.033, TABLE),),
    "table1-shifted-product": (PrintedNumber("accuracy_scratch", 0.061, TABLE),),
    "fig11-mixture": (PrintedNumber("accuracy_single", 0.34, TABLE),),
    "fig11-product": (PrintedNumber("accuracy_single", 0.061, TABLE),),
    "fig11-cubic": (PrintedNumber("accuracy_single", 0.049, TABLE),),
    "fig11-cubic-never": (PrintedNumber("accuracy_single", 0.04, TABLE),),
    "fig9-linear": (PrintedNumber("most_from_scratch", 0.037, TABLE),),
    "tableA5-differences": (
        PrintedNumber("test_accuracy_3", 0.059, TABLE),
        PrintedNumber("test_accuracy_4", 0.85, TABLE),
    ),
}
