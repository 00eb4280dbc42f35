"""How far a table is from the nearest one with a form: an upper bound, by local search.

Owns: the search, for tables of two operands. Whether a table has a form is decided exactly by `decide_table`;
here it is asked how many results would have to change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .decision import decide_table
from .law import addition, multiplication


@dataclass(frozen=True, eq=False)
class NearbyForm:
    """A table h[(g1[x] + g2[y]) mod p] or h[(g1[x] * g2[y]) mod p] near a given one.

    Arguments:
        form: `additive` or `multiplicative`.
        g: one int64 array (p,) for each operand, entries 0..p-1.
        h: int64 array (p,), entries 0..p-1.
        distance: number of inputs at which the two tables differ, >= 0; that of the nearest table with a
            form may be smaller.
    """

    form: str
    g: tuple[np.ndarray, np.ndarray]
    h: np.ndarray
    distance: int


def nearby_form(table: np.ndarray, p: int, random: np.random.Generator, *, restarts: int = 30) -> NearbyForm:
    """Search for a table with a form that differs from a given one at few inputs.

    Alternates three steps, none of which can lose a match, until none gains one: h takes the commonest result
    of every sum or product, g1 the best value of every row, g2 of every column. Starts are all pairs of
    slopes and random g.

    Arguments:
        table: int64 array (p, p), entries 0..p-1, or -1 outside the domain.
        p: modulus, at least 2.
        random: source of the random starts.
        restarts: random starts for each form, >= 0.

    Returns:
        the nearest one found: its distance is an upper bound of that of the nearest one there is, and 0 if
        `decide_table` finds a witness.

    Example:
        >>> n = np.arange(5)
        >>> changed = (n[:, None] + n) ** 2 % 5
        >>> changed[1, 3] = 4
        >>> near = nearby_form(changed, 5, np.random.default_rng(0))
        >>> near.form, near.distance
        ('additive', 1)
    """
    verdict = decide_table(table, p)
    witness = verdict.witness
    if witness is not None:
        first, second = witness.g
        return NearbyForm(verdict.form, (first, second), witness.h, 0)
    n = np.arange(p)
    best: NearbyForm | None = None
    for form, law in (("additive", addition(p).table), ("multiplicative", multiplication(p).table)):
        starts = [(n, slope * n % p) for slope in range(p if form == "additive" else 2)]
        starts += [(random.integers(p, size=p), random.integers(p, size=p)) for _ in range(restarts)]
        for start in starts:
            nearby = _improved(table, law, form, start)
            if best is None or nearby.distance < best.distance:
                best = nearby
    assert best is not None
    return best


def _improved(
    table: np.ndarray, law: np.ndarray, form: str, start: tuple[np.ndarray, np.ndarray]
) -> NearbyForm:
    p, (g1, g2) = len(law), start
    inside = table >= 0
    before = -1
    while True:
        cells = (law[g1[:, None], g2] * p + table)[inside]
        counts = np.bincount(cells, minlength=p * p).reshape(p, p)
        h, matches = counts.argmax(1), int(counts.max(1).sum())
        if matches == before:
            return NearbyForm(form, (g1, g2), h, int(inside.sum()) - matches)
        before = matches
        g1 = _best_values(table, h[law[:, g2]], g1)
        g2 = _best_values(table.T, h[law[:, g1]], g2)


def _best_values(table: np.ndarray, lines: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Return for each row the value s whose line, `lines[s]`, matches it most; of equals the current one."""
    matches = 2 * (table[:, None, :] == lines).sum(-1)
    matches[np.arange(len(table)), current] += 1
    best: np.ndarray = matches.argmax(1)
    return best
