"""Readouts: which arguments t of h a class q reads, R[q, t].

Owns: the forward map (all preimages), its part that inputs reach, and the papers' inverse branch.
"""

from __future__ import annotations

import numpy as np

READOUTS = ("forward", "reachable", "inverse")
"""`forward`: R[q, t] = 1 for every t with h(t) = q. `reachable`: for those t only that some input has, so
that classes without input stay silent. `inverse`: for the smallest reachable t of each class."""


def preimages(h: np.ndarray, reach: np.ndarray, classes: int, readout: str = "forward") -> np.ndarray:
    """Tabulate R[q, t], 1 where class q reads argument t.

    Arguments:
        h: int64 (m,), the class of every argument.
        reach: bool (m,), which arguments some input has.
        classes: c, number of rows.
        readout: one of `READOUTS`. With b preimages per class, `inverse` answers right on about a share 1/b.

    Returns:
        float64 (c, m) of zeros and ones.

    Raises:
        ValueError: another name.

    Example:
        >>> preimages(np.array([0, 1, 4, 4, 1]), np.ones(5, bool), 5).sum(axis=1).tolist()
        [1.0, 2.0, 0.0, 0.0, 2.0]
        >>> preimages(np.array([0, 1, 4, 4, 1]), np.ones(5, bool), 5, "inverse").sum(axis=1).tolist()
        [1.0, 1.0, 0.0, 0.0, 1.0]

    Source: Gromov 2023, Claim II (inverse branch, (n+m)^2 -> about 51%).
    """
    if readout not in READOUTS:
        raise ValueError(f"readout: must be one of {', '.join(READOUTS)}, got {readout!r}")
    t = np.arange(len(h)) if readout == "forward" else np.flatnonzero(reach)
    if readout == "inverse":
        t = t[np.unique(h[t], return_index=True)[1]]
    table = np.zeros((classes, len(h)))
    table[h[t], t] = 1
    return table
