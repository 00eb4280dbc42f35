"""How much memory a run takes, asked before any of it is allocated.

Owns: what is available, the refusal, and the parts of the estimate that networks share. Each learner has its
own formula in its folder (`LearnerDefinition.memory`); `sweep --dry-run` prints the same number.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import jax

from ...tasks import InputError, Task

GIB = 2**30
EVALUATED = 16_384
"""Inputs of the full table that are evaluated at once."""
OPTIMISER_COPIES = {"gd": 0, "momentum": 1, "adamw": 2, "adam": 2, "muon": 1}
"""Numbers that an optimiser remembers per weight."""
_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


@dataclass(frozen=True)
class MemoryNeed:
    """What a run needs at its peak.

    Arguments:
        bytes: estimated, without the runtime's own, a few hundred MiB.
        argument: the setting to blame when it is too much.
        reason: what of it is so large, in words.
    """

    bytes: int
    argument: str
    reason: str


def check_memory(need: MemoryNeed, available: int | None = None) -> MemoryNeed:
    """Refuse a run that memory does not hold, before it is allocated.

    Arguments:
        need: of the run.
        available: bytes; what the system says if None.

    Returns:
        The need.

    Raises:
        InputError: more is needed than available.

    Example:
        >>> check_memory(MemoryNeed(2**33, "width", "a layer"), available=2**34).argument
        'width'
    """
    have = memory_available() if available is None else available
    if have is not None and need.bytes > have:
        raise InputError(
            f"{need.argument}: {need.reason} needs about {need.bytes / GIB:.1f} GiB, which must fit the "
            f"memory available, got {have / GIB:.1f} GiB"
        )
    return need


def memory_available() -> int | None:
    """Return the bytes that may still be allocated where arrays live; None if the system does not say."""
    device = jax.local_devices()[0]
    if device.platform != "cpu":
        stats = device.memory_stats() or {}
        limit = stats.get("bytes_limit")
        return None if limit is None else int(limit) - int(stats.get("bytes_in_use", 0))
    limits = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        limits += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
            limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for most, used in _GROUPS:
        try:
            limits.append(int(Path(most).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):
            continue
    return min(limits, default=None)


def table_bytes(task: Task) -> int:
    """Return the bytes of the full table on host and device: entries, inputs, labels and groups.

    Arguments:
        task: with m inputs of k operands.
    """
    columns = task.table.ndim
    return task.size * (8 + 8 * columns + 4 * columns + 4 + 8)


def network_bytes(parameters: int, optimiser: str, *, filtered: bool, training: int, evaluation: int) -> int:
    """Return the bytes of a network's training in float32.

    Weights and what the optimiser remembers, before and after the update; the gradient before and after it,
    the update and what is measured of them; and the larger of activations on the training set and on the
    evaluated inputs.

    Arguments:
        parameters: number of weights.
        optimiser: name in `OPTIMISER_COPIES`.
        filtered: whether Grokfast keeps a mean of gradients.
        training: numbers that the activations and their gradients hold.
        evaluation: the same, without gradients, of the part of the table that is evaluated at once.
    """
    state = parameters * (1 + OPTIMISER_COPIES.get(optimiser, 2) + filtered)
    return 4 * (2 * state + 4 * parameters + max(training, evaluation))
