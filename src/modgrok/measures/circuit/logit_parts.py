"""The logits over all pairs, split by the frequencies of the task's group.

    logits = constant + key + nonkey + residual

Owns: the split. Which frequencies are key is in `key_frequencies`, the losses of the parts in
`restricted_loss`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .pair_grid import PairGrid


@dataclass(frozen=True, eq=False)
class SumLogits:
    """The logits of all pairs, and their means over the pairs of equal sum.

    Arguments:
        logits: float64, shape (r s, c), in the order of the grid.
        grid: the pairs.
    """

    logits: np.ndarray
    grid: PairGrid

    @cached_property
    def means(self) -> np.ndarray:
        """Mean logits of the pairs of each sum, shape (n, c): the projection on functions of the sum.

        A sum that no pair has takes the mean of the others.
        """
        counts = np.bincount(self.grid.sums, minlength=self.grid.order)[:, None]
        order = np.argsort(self.grid.sums, kind="stable")
        present, first = np.unique(self.grid.sums[order], return_index=True)
        totals = np.zeros((self.grid.order, self.logits.shape[1]))
        totals[present] = np.add.reduceat(self.logits[order], first, axis=0)
        averages = totals / np.maximum(counts, 1)
        return np.where(counts > 0, averages, averages[counts[:, 0] > 0].mean(axis=0))

    @cached_property
    def constant(self) -> np.ndarray:
        """Mean over the sums of the mean logits, shape (c,): over all pairs where labels are one to one."""
        return self.means.mean(axis=0)

    @cached_property
    def transform(self) -> np.ndarray:
        """Real DFT of the mean logits over the sums, shape (n//2 + 1, c)."""
        return np.fft.rfft(self.means, axis=0)

    def part(self, frequencies: Sequence[int]) -> np.ndarray:
        """Return the waves cos and sin of 2 pi k (g_1(x) + g_2(y))/n, k in `frequencies`, in the logits.

        Where labels are one to one this is what the 2-D DFT of the logits keeps of those frequencies in the
        direction of the sum.

        Returns:
            Values at every sum, shape (n, c).
        """
        part = np.zeros_like(self.transform)
        chosen = list(frequencies)
        part[chosen] = self.transform[chosen]
        return np.fft.irfft(part, n=self.grid.order, axis=0)

    @cached_property
    def residual(self) -> np.ndarray:
        """What does not depend on the sum alone, shape (r s, c)."""
        return self.logits - self.means[self.grid.sums]


def split_logits(logits: SumLogits, key: Sequence[int]) -> dict[str, np.ndarray]:
    """Split the logits into parts that add up to them.

    Arguments:
        logits: over all pairs.
        key: key frequencies, in 1..n//2.

    Returns:
        Arrays that broadcast to (r s, c): `constant`, the mean; `key`, the waves of key
        frequencies in the sum; `nonkey`, all other functions of the sum; `residual`, the rest.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.measures.circuit.pair_grid import pair_grid
        >>> n = np.arange(5)
        >>> grid = pair_grid(natural_basis(5, 2), (n[:, None] + n) % 5)
        >>> wave = np.cos(2 * np.pi * (grid.sums[:, None] - n) / 5)
        >>> parts = split_logits(SumLogits(3 + wave + grid.inputs[:, :1], grid), [1])
        >>> bool(np.allclose(parts["key"], wave)), bool(np.allclose(parts["nonkey"], 0))
        (True, True)

    Source: Nanda et al. 2023, Sec. 5.1; Furuta et al. 2024, App. E.
    """
    sums = logits.grid.sums
    key_part = logits.part(key)
    return {
        "constant": logits.constant[None],
        "key": key_part[sums],
        "nonkey": (logits.means - logits.constant - key_part)[sums],
        "residual": logits.residual,
    }
