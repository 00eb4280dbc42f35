"""What Mallinar et al. 2024 print of the numbers of their claims, and what a reproduction reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..claims.printed import Printed, PrintedCurve, PrintedNumber

REPORT = "report"
OPERATIONS = ("add", "sub", "mul", "div")
CORRELATIONS = (0.955, 0.942, 0.924, 0.929)
"""Of NFM and sqrt(AGOP) of trained networks, one an operation."""
FRACTIONS = (0.05, 0.10, 0.20, 0.25, 0.30)
ACCURACIES = (0.0, 0.0, 0.0, 0.004, 0.053)
"""Of the quadratic kernel machine after 30 iterations at those fractions."""
DEVIATIONS = (0.0159, 0.0155, 0.0118, 0.0071, 0.0036)
PRINTED: Mapping[str, Sequence[Printed]] = {
    "fig2-quadratic": (
        PrintedNumber("final_least", 1, "App. Fig. 1"),
        *(PrintedNumber(f"half_{name}", 14, "iteration", REPORT) for name in OPERATIONS),
    ),
    "appfig1-gaussian": (PrintedNumber("final_least", 1, "App. Fig. 1"),),
    "fractions-quadratic": (
        *(
            PrintedNumber(f"accuracy30_{round(100 * share):02}", value, "30 iterations", REPORT)
            for share, value in zip(FRACTIONS, ACCURACIES, strict=True)
        ),
        *(
            PrintedNumber(f"deviation30_{round(100 * share):02}", value, "30 iterations", REPORT)
            for share, value in zip(FRACTIONS, DEVIATIONS, strict=True)
        ),
        PrintedCurve("fraction", FRACTIONS, ACCURACIES, "accuracy", REPORT),
    ),
    "fig5-networks": (
        PrintedNumber("final_least", 1, "Fig. 5"),
        *(PrintedNumber(f"half_{name}", 14, "epoch", REPORT) for name in OPERATIONS),
    ),
    "appfig4-two-tasks": (
        PrintedNumber("final_add", 1, "App. Fig. 4"),
        PrintedNumber("final_squares", 1, "App. Fig. 4"),
    ),
    "appfig6-features": tuple(
        PrintedNumber(f"block_{name}", value, "App. Fig. 6 and 7")
        for name, value in zip(OPERATIONS, CORRELATIONS, strict=True)
    ),
    "appk-low-rank": (PrintedNumber("waves_rank", 4, "App. K"),),
}
