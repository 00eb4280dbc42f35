"""What the executed notebook of Doshi, Das, He, Gromov 2023 prints of the numbers of their claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..claims.printed import Printed, PrintedCurve, PrintedNumber

NOTEBOOK = "notebook"
ENDS = {
    "fig1-coexistence": {
        "train_accuracy": 0.9783,
        "test_accuracy": 0.9830,
        "train_loss": 2.80e-3,
        "test_loss": 8.42e-3,
    },
    "fig1-partial-inversion": {
        "train_accuracy": 0.7855,
        "test_accuracy": 1.0,
        "train_loss": 4.59e-3,
        "test_loss": 5.49e-3,
    },
    "fig1-full-inversion": {
        "train_accuracy": 0.6537,
        "test_accuracy": 1.0,
        "train_loss": 8.35e-3,
        "test_loss": 8.17e-3,
    },
    "fig1-forgetting": {"train_accuracy": 0.009, "test_accuracy": 0.011, "test_loss": 0.010309},
}
"""Accuracies and losses at the end of training on corrupted labels, for each phase."""
PRINTED: Mapping[str, Sequence[Printed]] = {
    "fig2-clean": (
        PrintedNumber("memorised_at", 20, "clean labels", NOTEBOOK),
        PrintedNumber("half_at", 34, "clean labels", NOTEBOOK),
        PrintedNumber("grokked_at", 42, "clean labels", NOTEBOOK),
        PrintedNumber("train_loss", 8.1e-4, "clean labels", NOTEBOOK),
        PrintedNumber("test_loss", 1.01e-3, "clean labels", NOTEBOOK),
        PrintedCurve("clean", (34, 42), (0.5, 0.99), "test accuracy", NOTEBOOK),
    ),
    **{
        name: tuple(
            PrintedNumber(number, value, "corrupted labels", NOTEBOOK) for number, value in ends.items()
        )
        for name, ends in ENDS.items()
    },
}
