"""Which permutations of operands leave every label of a task unchanged, and the orbits of inputs.

Owns: signed permutations of operands, the search for those that a table allows, orbits. What knowing them is
worth on a split is in `null`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .per_task import once_per_task
from .task import Task

SAMPLE = 64
"""Inputs on which a candidate is tried before the whole table."""
CHUNK = 1024
"""Candidates that are tried on the sample at once."""


@dataclass(frozen=True, order=True)
class SignedPermutation:
    """A map of inputs that permutes operands and negates some: value i of its result is ±x[order[i]].

    Arguments:
        order: a permutation of 0..k-1.
        negated: for each place of the result, whether it is -x mod p.

    Example:
        >>> SignedPermutation((1, 0), (False, True)).moved(np.array([[1, 2]]), 5).tolist()
        [[2, 4]]
    """

    order: tuple[int, ...]
    negated: tuple[bool, ...]

    def moved(self, inputs: np.ndarray, p: int) -> np.ndarray:
        """Map inputs of shape (n, k) with values in 0..p-1."""
        moved = inputs[:, self.order]
        return np.where(self.negated, -moved % p, moved)

    def pulled_back(self, table: np.ndarray) -> np.ndarray:
        """Return the table whose entry at x is the given one's at the image of x; shape (p,)*k."""
        for axis, negated in enumerate(self.negated):
            if negated:
                table = np.roll(np.flip(table, axis), 1, axis)
        return table.transpose(np.argsort(self.order))


def symmetries(task: Task, *, signs: bool = False) -> tuple[SignedPermutation, ...]:
    """List the permutations of operands that leave every label unchanged, the identity among them.

    Each of the k! candidates is compared on the whole table: f(x_s(1), …, x_s(k)) = f(x) for every x, where
    inputs outside the domain must go to inputs outside the domain.

    Arguments:
        task: one task, not a mixture, whose parts may have different symmetries.
        signs: take the 2^k k! permutations that negate any operands as well. -x is p - x; where operands run
            beyond p - 1 (the extended domain) there are no signs.

    Returns:
        The group S, in the order of (order, negated).

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> [symmetry.order for symmetry in symmetries(task_from_expression("x*y", 5))]
        [(0, 1), (1, 0)]
        >>> len(symmetries(task_from_expression("x - y", 5))), len(
        ...     symmetries(task_from_expression("x^2 + y^2", 5), signs=True)
        ... )
        (1, 8)
    """
    return tuple(sorted(_decoded(code) for code in _search(task, signs)[1]))


def orbits(task: Task, *, signs: bool = False) -> np.ndarray:
    """Return for every input the least flat index of its orbit under the task's symmetries.

    Arguments:
        task: one task, not a mixture.
        signs: as in `symmetries`.

    Returns:
        int32, shape of the table; inputs outside the domain included.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> orbits(task_from_expression("x + y", 3)).tolist()
        [[0, 1, 2], [1, 4, 5], [2, 5, 8]]
    """
    return orbits_under(generators_of(task, signs=signs), task)


def orbits_under(generators: Sequence[SignedPermutation], task: Task) -> np.ndarray:
    """Return for every input the least flat index of its orbit under the group that some maps generate.

    Arguments:
        generators: maps of the inputs of the task; none for the identity alone.
        task: gives the shape of the table.

    Returns:
        int32, shape of the table.
    """
    least = np.arange(task.table.size, dtype=np.int32).reshape(task.table.shape)
    changed = bool(generators)
    while changed:
        before = least
        for generator in generators:
            least = np.minimum(least, generator.pulled_back(least))
        changed = not np.array_equal(before, least)
    return least


def generators_of(task: Task, *, signs: bool = False) -> list[SignedPermutation]:
    """Return few symmetries that generate all of them; none if the identity is the only one.

    Arguments:
        task: one task, not a mixture.
        signs: as in `symmetries`.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> [symmetry.order for symmetry in generators_of(task_from_expression("x + y + z", 3))]
        [(0, 2, 1), (1, 0, 2)]
    """
    return list(_search(task, signs)[0])


@once_per_task
def _search(task: Task, signs: bool) -> tuple[list[SignedPermutation], np.ndarray]:
    """Find generators of the group, and the codes of all its elements, ascending.

    All candidates are compared on a few inputs first. One that passes, and is not in the group of those
    before it, is compared on the whole table. A map is coded by the k values 2 order[i] + negated[i].
    """
    table, k = task.table, task.k
    signs = signs and set(table.shape) == {task.p}
    subsets = tuple(itertools.product((0, 1), repeat=k)) if signs else ((0,) * k,)
    orders = 2 * np.array(list(itertools.permutations(range(k))))
    candidates = (orders[:, None] + np.array(subsets)).reshape(-1, k)
    generators: list[SignedPermutation] = []
    codes = group = candidates[:1]  # the identity
    known = set(_keys(group).tolist())
    likely = candidates[_pass_sample(table, candidates)]
    for code, key in zip(likely, _keys(likely).tolist(), strict=True):
        if key in known:
            continue
        candidate = _decoded(code)
        if np.array_equal(candidate.pulled_back(table), table):
            generators.append(candidate)
            codes = np.vstack([codes, code])
            group = _generated(codes)
            known = set(_keys(group).tolist())
    return generators, group


def _pass_sample(table: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Say which candidates leave the labels of a few inputs unchanged."""
    size = table.shape[0]
    inputs = np.random.Generator(np.random.PCG64(0)).integers(0, size, (SAMPLE, table.ndim))
    labels = table[tuple(inputs.T)]
    passed = [np.zeros(0, dtype=bool)]
    for start in range(0, len(candidates), CHUNK):
        chunk = candidates[start : start + CHUNK]
        moved = inputs[:, chunk >> 1]  # sample, candidate, place
        moved = np.where(chunk & 1, -moved % size, moved)
        passed.append((table[tuple(np.moveaxis(moved, -1, 0))] == labels[:, None]).all(axis=0))
    return np.concatenate(passed)


def _generated(generators: np.ndarray) -> np.ndarray:
    """Return the group that coded maps generate, ascending; shape (elements, k)."""
    group, size = generators, 0
    while len(group) > size:
        size = len(group)
        products = np.vstack([group, *(group[:, code >> 1] ^ (code & 1) for code in generators)])
        _, first = np.unique(_keys(products), return_index=True)
        group = products[first]
    return group


def _keys(codes: np.ndarray) -> np.ndarray:
    """Return one integer for each coded map, in their order."""
    k = codes.shape[1]
    return codes @ (2 * k) ** np.arange(k)[::-1]


def _decoded(code: np.ndarray) -> SignedPermutation:
    return SignedPermutation(tuple((code >> 1).tolist()), tuple((code & 1).astype(bool).tolist()))
