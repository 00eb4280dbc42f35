"""A network as it is read against the logits that it gave where it was trained.

Owns: what counts as the same. Part of a forward pass is in no weight: sinusoidal or rotary positions, the
kind of a norm and its eps, the scale of attention, skip connections. Only logits show it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...io import read_npy
from ...io.framework_array import read_array
from ...measures.logits.rows import rows_of_network
from ...tasks import InputError, Task

TOLERANCE = 0.01
"""Largest difference, over the largest distance of a logit from its input's mean. Weights that were kept with
16 bits, and approximations of gelu, differ by a fifth of it."""
SAME_SCALE = 0.01
"""Relative difference of a common factor from 1 up to which nothing is said of it."""


def check_logits(task: Task, network: Any, logits: Any) -> tuple[str, ...]:
    """Refuse a network that does not compute given logits, up to constants and a common factor.

    Arguments:
        task: of the network.
        network: as it was read.
        logits: on all inputs, shape (p^k, p) or the table's shape and p; an array, or the path of an .npy
            file.

    Returns:
        a sentence on the common factor, if it is not 1.

    Raises:
        InputError: another shape, numbers that are not finite, or other logits.
    """
    values = read_npy(Path(logits), "logits") if isinstance(logits, str | Path) else read_array(logits)
    shapes = ((task.size, task.p), (*task.table.shape, task.p))
    if values.shape not in shapes:
        raise InputError(f"logits: must have shape {shapes[0]} or {shapes[1]}, got {values.shape}")
    theirs = values.reshape(task.size, task.p).astype(np.float64)
    if not np.isfinite(theirs).all():
        raise InputError("logits: must be finite numbers, got others")
    ours = rows_of_network(task, network)(0, task.size).astype(np.float64)
    ours, theirs = (rows - rows.mean(axis=1, keepdims=True) for rows in (ours, theirs))
    size = float(np.sum(ours * ours))
    factor = float(np.sum(ours * theirs)) / size if size > 0 else 0.0
    largest = float(np.abs(theirs).max())
    apart = float(np.abs(theirs - factor * ours).max())
    if not apart <= TOLERANCE * largest or factor <= 0:
        same = float((ours.argmax(1) == theirs.argmax(1)).mean())
        raise InputError(
            f"logits: must be those of the network as it is read (to {TOLERANCE:.0%} of the largest, "
            f"{largest:.3g}), got ones that differ by up to {apart:.3g}, with the same answer to {same:.1%} "
            "of the inputs; what no weight shows may differ: positions, norms, scales, skip connections"
        )
    if abs(factor - 1) <= SAME_SCALE:
        return ()
    return (
        f"The logits given are {factor:.4g} times those of the network as it is read; losses and margins are "
        "of the latter.",
    )
