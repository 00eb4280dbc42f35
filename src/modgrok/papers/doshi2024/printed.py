"""What Doshi, He, Das, Gromov 2024 print of the numbers that their claims measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..claims.printed import Printed, PrintedNumber

ERRORS = {97: (0.007674, 0.007660, 0.007683), 23: (0.009758, 0.009757, 0.010201)}
"""Mean squared errors of the table of App. B."""
PERTURBED = {97: (0.0227, 0.0393, 0.7232), 23: (0.0189, 0.0717, 0.0264)}
"""Test accuracies of the perturbed targets in the table of App. C."""


COMPOSED: tuple[Printed, ...] = tuple(PrintedNumber(f"accuracy_{i}", 1, "App. B") for i in (1, 2, 3))
"""Accuracies of App. B, at both moduli."""


def targets(p: int) -> tuple[Printed, ...]:
    """Return the test accuracies of App. C at a modulus."""
    sums = [PrintedNumber(f"sum_{i}", 1, "App. C") for i in (1, 2, 3)]
    others = [PrintedNumber(f"perturbed_{i}", share, "App. C") for i, share in enumerate(PERTURBED[p], 1)]
    return (PrintedNumber("train_accuracy", 1, "App. C"), *sums, *others)


PRINTED: Mapping[str, Sequence[Printed]] = {
    "appB-97": COMPOSED,
    "appB-23": COMPOSED,
    "appB-printed-errors": tuple(
        PrintedNumber(f"{kind}mse_{p}_{i}", error, "App. B")
        for kind in ("", "fitted_")
        for p, errors in ERRORS.items()
        for i, error in enumerate(errors, 1)
    ),
    "appC-97": targets(97),
    "appC-23": targets(23),
    "fig2-accuracy": (
        PrintedNumber("train_accuracy", 1, "Fig. 2"),
        PrintedNumber("test_accuracy", 1, "Fig. 2"),
        PrintedNumber("grokked_at", 400, "Fig. 2, read off"),
    ),
    "fig3-accuracy": (
        PrintedNumber("train_accuracy", 1, "Fig. 3"),
        PrintedNumber("test_accuracy", 1, "Fig. 3"),
        PrintedNumber("grokked_at", 60, "Fig. 3, read off"),
    ),
}
