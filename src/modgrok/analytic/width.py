"""Width: accuracy against the number of neurons, and the smallest number found without an error.

Owns: the search over widths. What is built at a width is the caller's function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np

from ..models.mlp import MLP
from .verify import VerificationReport, verify

Build = Callable[[int], MLP]

LIMIT = 2**14
"""The largest width that `smallest_width` tries."""


@dataclass(frozen=True)
class WidthSearch:
    """What `smallest_width` found.

    Attributes:
        width: the smallest probed width with zero errors.
        below: the largest number of widths just under it that were all probed and all had errors.
        probes: (width, errors) in the order of probing.
    """

    width: int
    below: int
    probes: tuple[tuple[int, int], ...]


def accuracy_table(
    build: Build, table: np.ndarray, p: int, widths: Iterable[int]
) -> tuple[tuple[int, VerificationReport], ...]:
    """Verify the network of each width on every input: pairs (width, report) in the given order.

    Arguments:
        build: width -> network; draw its phases from one seed so that widths are comparable.
        table: int64 (p,)*k, -1 outside the domain.
        p: modulus.
        widths: which ones.

    Source: Gromov 2023, Fig. 4b; Doshi et al. 2024, Fig. 1.
    """
    return tuple((width, verify(padded(build(width)), table, p)) for width in widths)


def smallest_width(
    build: Build, table: np.ndarray, p: int, *, start: int = 8, window: int = 4
) -> WidthSearch:
    """Find a small width with zero errors: double, bisect, then look just below.

    Errors do not fall monotonically with the width of a random network, so the answer is the smallest width
    found, not proved: doubling from `start` until no error is left, bisection between the last two, then the
    `window` widths below the answer, starting over from any of them that has no error either.

    Arguments:
        build: width -> network; raises ValueError for widths too small to build, which count as failing.
        table: int64 (p,)*k, -1 outside the domain.
        p: modulus.
        start: first width tried, at least 1.
        window: how many widths below must all fail.

    Raises:
        ValueError: errors remain at every doubling up to `LIMIT`.
    """
    probes: dict[int, int] = {}

    def fails(width: int) -> bool:
        if width not in probes:
            try:
                probes[width] = verify(padded(build(width)), table, p).errors
            except ValueError:
                if width > start:
                    raise
                probes[width] = int((table >= 0).sum())
        return probes[width] > 0

    low, high = 0, start
    while fails(high):
        low, high = high, 2 * high
        if high > LIMIT:
            raise ValueError(f"width: must reach zero errors by {LIMIT}, got {probes[low]} errors at {low}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fails(middle) else (low, middle)
    while lower := [w for w in range(max(1, high - window), high) if not fails(w)]:
        high = lower[0]
    return WidthSearch(high, min(window, high - 1), tuple(probes.items()))


def padded(net: MLP) -> MLP:
    """Fill a network up with silent neurons to the next power of two, so that many widths compile once.

    Silent neurons add phi(0) * 0 = 0 to every logit.
    """
    extra = (1 << (net.width - 1).bit_length()) - net.width
    embedding = jnp.pad(net.embedding, ((0, 0), (0, 0), (0, extra)))
    readout = jnp.pad(net.readout, ((0, 0), (0, extra)))
    return replace(net, embedding=embedding, readout=readout)
