"""Which phase a run with corrupted labels ended in, from its accuracies alone.

Owns: the labels of phase diagrams. The histogram of the neurons' wave phases is in `phases`.
"""

from __future__ import annotations

from typing import Literal

Phase = Literal[
    "coexistence", "partial inversion", "full inversion", "memorisation", "forgetting", "confusion"
]
PHASES: tuple[Phase, ...] = (
    "coexistence",
    "partial inversion",
    "full inversion",
    "memorisation",
    "forgetting",
    "confusion",
)
"""In the order of the source, its last one told apart in two."""
HIGH = 0.9
"""Accuracy that counts as high."""
SLACK = 1.05
"""Training accuracy that counts as fitting some corrupted labels is at least this, less their share."""


def corruption_phase(train: float, test: float, corruption: float, *, generalised: bool = False) -> Phase:
    """Name the phase of a network trained on a share xi of corrupted labels.

    With accuracies as shares: coexistence if both are at least 0.9; partial inversion if test >= 0.9 and
    1.05 - xi <= train < 0.9; full inversion if test >= 0.9 and train is below both; memorisation if only
    train >= 0.9; else forgetting if the network had generalised earlier, and confusion if not.

    Arguments:
        train: accuracy on the training labels, corrupted ones included, in [0, 1].
        test: accuracy on the test set, in [0, 1].
        corruption: xi, share of the training labels redrawn, in [0, 1].
        generalised: whether the test accuracy was at least 0.9 at some earlier step.

    Example:
        >>> corruption_phase(0.9783, 0.9830, 0.35), corruption_phase(0.7855, 1.0, 0.35)
        ('coexistence', 'partial inversion')
        >>> corruption_phase(0.6537, 1.0, 0.35), corruption_phase(0.009, 0.011, 0.35, generalised=True)
        ('full inversion', 'forgetting')

    Source: Doshi et al. 2023 (arXiv 2310.13061), Table 2; forgetting and confusion, one phase there, are told
    apart by whether the test accuracy was ever high.
    """
    if test >= HIGH:
        if train >= HIGH:
            return "coexistence"
        return "partial inversion" if train >= SLACK - corruption else "full inversion"
    if train >= HIGH:
        return "memorisation"
    return "forgetting" if generalised else "confusion"
