"""What Gromov 2023 prints of the numbers that its claims measure; read-offs are named as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..claims.printed import Printed, PrintedNumber

READ_OFF = "read off"
PRINTED: Mapping[str, Sequence[Printed]] = {
    "fig1-accuracy": (
        PrintedNumber("train_accuracy", 1, "Fig. 1c"),
        PrintedNumber("test_accuracy", 1, "Fig. 1c"),
        PrintedNumber("delay_as_read_off", 2, f"Fig. 1c, {READ_OFF}"),
    ),
    "fig1-norm": (
        PrintedNumber("initial", 1, f"Fig. 1b, {READ_OFF}"),
        PrintedNumber("final", 3.7, f"Fig. 1b, {READ_OFF}"),
    ),
    "fig4-width": (
        PrintedNumber("accuracy_200", 1, "Fig. 4b"),
        PrintedNumber("accuracy_500", 1, "Fig. 4b"),
    ),
    "appc-squares": (PrintedNumber("test_accuracy", 1, "App. C"), PrintedNumber("closed_form", 1, "App. C")),
    "appc-square-of-sum": (
        PrintedNumber("test_accuracy", 1, "App. C"),
        PrintedNumber("inverse", 0.51, "App. C"),
    ),
    "appc-product": (PrintedNumber("test_accuracy", 1, "App. C"),),
}
