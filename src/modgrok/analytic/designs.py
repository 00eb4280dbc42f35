"""Designs: how few neurons exact phases need, searched and bounded.

A set of phases is exact when every leftover character averages to zero over it. On a finite group of phases a
character averages to zero unless it is trivial there, so a group is exact iff the lattice of its trivial
characters misses every leftover one. All leftover characters have an even sum (shifting all phases by pi
changes nothing), hence groups of n distinct neurons are the sublattices of index n of the even-sum lattice.

Owns: the exhaustive search over those sublattices, that is over all finite abelian groups, and a lower bound
for arbitrary phases and real weights. Nothing here is needed to build a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from .phases import leftover_characters


@dataclass(frozen=True, eq=False)
class GroupDesign:
    """An exact group of phases.

    Attributes:
        neurons: n, its order.
        factors: the diagonal of the lattice basis; their product is n.
        phases: float64 (k, n), radians.
    """

    neurons: int
    factors: tuple[int, ...]
    phases: np.ndarray


def smallest_group(k: int, largest: int, *, start: int = 1) -> GroupDesign | None:
    """Find a smallest finite abelian group of exact phases by trying every one.

    Arguments:
        k: number of operands.
        largest: the largest order tried.
        start: the smallest order tried.

    Returns:
        The first design in ascending order, or None: then no group of order start..largest is exact.
        Milliseconds for k <= 2, a second at k = 3, seconds at k = 4 from 36 on.

    Example:
        >>> [smallest_group(k, 20).neurons for k in (1, 2, 3)]
        [2, 6, 16]

    Source: docs/exact-networks.md.
    """
    basis = _even_basis(k)
    characters = np.rint(_up_to_sign(leftover_characters(k)) @ np.linalg.inv(basis)).astype(np.int64)
    for n in range(start, largest + 1):
        for factors in _factorisations(n, k):
            lattice = _avoiding(factors, characters)
            if lattice is not None:
                return GroupDesign(n, factors, _phases(lattice, basis))
    return None


def gram_bound(k: int) -> int:
    """Bound from below how many neurons any exact phases need, with arbitrary real weights summing to 1.

    Let E be characters whose differences are all leftover ones or their negatives. Then the matrix
    sum_j w_j chi_a(j) conj(chi_b(j)), a, b in E, is the identity, of rank |E|, and a sum of as many rank-one
    matrices as there are neurons: n >= |E|. The largest E is a clique, found by branch and bound.

    Arguments:
        k: number of operands, 1..4 (k = 4 takes about ten seconds, k = 5 is out of reach).

    Returns:
        2, 6, 15, 36 for k = 1..4.

    Example:
        >>> gram_bound(2)
        6

    Source: docs/exact-networks.md.
    """
    leftover = {tuple(int(x) for x in c) for c in leftover_characters(k)}
    allowed = sorted(leftover | {tuple(-x for x in c) for c in leftover})
    place = {c: i for i, c in enumerate(allowed)}
    adjacency = [0] * len(allowed)
    for i, a in enumerate(allowed):
        for b in allowed:
            j = place.get(tuple(x - y for x, y in zip(a, b, strict=True)))
            if j is not None:
                adjacency[i] |= 1 << place[b]
    return 1 + _clique(adjacency, (1 << len(allowed)) - 1, 0, 0)


def _even_basis(k: int) -> np.ndarray:
    """Return a basis of the integer vectors with even sum: e_i - e_(i+1), and 2 e_k."""
    basis = np.eye(k, dtype=np.int64) - np.eye(k, k=1, dtype=np.int64)
    basis[-1, -1] = 2
    return basis


def _up_to_sign(characters: np.ndarray) -> np.ndarray:
    signs = np.array([np.sign(c[np.flatnonzero(c)[0]]) for c in characters])
    return np.unique(characters * signs[:, None], axis=0)


def _factorisations(n: int, k: int) -> Iterator[tuple[int, ...]]:
    if k == 1:
        yield (n,)
        return
    for d in range(1, n + 1):
        if n % d == 0:
            yield from ((d, *rest) for rest in _factorisations(n // d, k - 1))


def _avoiding(factors: tuple[int, ...], characters: np.ndarray) -> np.ndarray | None:
    """Return an upper triangular lattice basis with this diagonal that contains none of the characters.

    Column i of the basis is chosen after columns 0..i-1; a character stays a suspect as long as the
    coordinates fixed so far are integers. The last column is decided for all its entries at once.
    """
    k = len(factors)

    def extend_design(
        i: int, lattice: np.ndarray, suspects: np.ndarray, coordinates: np.ndarray
    ) -> np.ndarray | None:
        d = factors[i]
        if i == k - 1:
            return _last(d, lattice, suspects, coordinates)
        for entries in product(range(d), repeat=i):
            rest = suspects[:, i] - coordinates @ np.array(entries, dtype=np.int64)
            divisible = rest % d == 0
            grown = lattice.copy()
            grown[:i, i], grown[i, i] = entries, d
            extended = np.column_stack([coordinates[divisible], rest[divisible] // d])
            design = extend_design(i + 1, grown, suspects[divisible], extended)
            if design is not None:
                return design
        return None

    return extend_design(
        0, np.zeros((k, k), dtype=np.int64), characters, np.zeros((len(characters), 0), np.int64)
    )


def _last(d: int, lattice: np.ndarray, suspects: np.ndarray, coordinates: np.ndarray) -> np.ndarray | None:
    """Choose the last column so that no suspect has an integer last coordinate, or return None."""
    k = len(lattice)
    hit = np.zeros((d,) * (k - 1), dtype=bool)
    axes = np.ogrid[tuple(slice(d) for _ in range(k - 1))] if k > 1 else ()
    for target, row in zip(suspects[:, -1], coordinates, strict=True):
        hit |= (target - sum((c * a for c, a in zip(row, axes, strict=True)), start=np.int64(0))) % d == 0
        if hit.all():
            return None
    entries = np.unravel_index(int(np.argmin(hit)), hit.shape)
    lattice = lattice.copy()
    lattice[: k - 1, -1], lattice[-1, -1] = entries, d
    return lattice


def _phases(lattice: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """List the phases on which every character of the lattice is trivial, one per element of the group."""
    elements = np.array(list(product(*[range(d) for d in np.diag(lattice)])), dtype=np.float64).T
    phases = 2 * np.pi * np.linalg.solve((lattice @ basis).astype(np.float64), elements)
    assert phases.shape[1] == prod(int(d) for d in np.diag(lattice))
    return phases % (2 * np.pi)


def _clique(adjacency: list[int], pool: int, size: int, best: int) -> int:
    """Return the size of the largest clique: Tomita's colouring bound on bit sets."""
    order, colours = _coloured(adjacency, pool)
    for v, colour in zip(reversed(order), reversed(colours), strict=True):
        if size + colour <= best:
            return best
        best = max(best, size + 1, _clique(adjacency, pool & adjacency[v], size + 1, best))
        pool &= ~(1 << v)
    return best


def _coloured(adjacency: list[int], pool: int) -> tuple[list[int], list[int]]:
    order, colours, colour = [], [], 0
    while pool:
        colour += 1
        free = pool
        while free:
            v = (free & -free).bit_length() - 1
            pool &= ~(1 << v)
            free &= ~(1 << v) & ~adjacency[v]
            order.append(v)
            colours.append(colour)
    return order, colours
