"""Cosets: whether functions of cosets explain a network on a group with fewer waves than representations do.

Owns: the greedy choice of subgroups. A function of s that depends on the coset s H alone takes the part of
each representation's functions that H leaves fixed; a network that compares cosets of a few subgroups
therefore needs fewer functions than all matrix elements of the representations that it touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...algebra import composition_table
from ...algebra.subgroups import LARGEST_ORDER, Subgroup, left_cosets, right_cosets, subgroups
from ...tasks import Task
from .explained_count import SLACK, count_explained
from .index_means import IndexMeans, constant_part
from .rows import Rows
from .task_index import TaskIndex

MOST_SUBGROUPS = 12
"""Most subgroups that are added one after the other."""
NEGLIGIBLE = 1e-8
"""Share of the energy of F below which nothing is left to explain."""


@dataclass(frozen=True, eq=False)
class CosetSpace:
    """The functions that are constant on the cosets of one subgroup.

    Arguments:
        side: `left` for cosets s H, `right` for H s.
        order: of the subgroup.
        index: number of its cosets.
        elements: of the subgroup.
    """

    side: str
    order: int
    index: int
    elements: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class CosetExplanation:
    """What functions of cosets explain of a network on a group.

    Arguments:
        spaces: the subgroups, in the order in which they were added.
        explained_share: with all of them.
        energy: share of the variation of F over s that they take.
        dimension: linearly independent functions of s that they and the constants span.
        representation_dimension: the same number for the representations that the formula lists.
        explains_more: whether cosets take as much of the variation of F, and explain as many inputs, with
            fewer functions than the representations; as much means at most 0.01 less.
    """

    spaces: tuple[CosetSpace, ...]
    explained_share: float
    energy: float
    dimension: int
    representation_dimension: int
    explains_more: bool


def explain_by_cosets(
    task: Task,
    index: TaskIndex,
    means: IndexMeans,
    rows: Rows,
    tests: np.ndarray,
    share: float,
    energy: float,
    dimension: int,
) -> CosetExplanation | None:
    """Explain F by functions of cosets, as far as they take fewer functions than representations do.

    Subgroups are added by the energy that their cosets take from what is left of F, divided by the number of
    cosets less one; the trivial subgroup, whose cosets are the elements, is no candidate.

    Arguments:
        task: the task of a group.
        index: its index.
        means: F.
        rows: logits over the domain.
        tests: bool, shape (n,): the inputs that count.
        share: explained share of the formula in representations.
        energy: share of the variation of F over s that this formula has.
        dimension: linearly independent functions of s in that formula, the constant among them.

    Returns:
        None where the group has too many elements to list its subgroups, or no subgroup takes fewer
        functions.
    """
    assert index.group is not None
    if task.p > LARGEST_ORDER:
        return None
    candidates = _candidates(index.group)
    base = constant_part(index, means)
    left = means.means - base
    total = float(np.sum(left**2))
    span = np.full((task.p, 1), task.p**-0.5)
    spaces: list[CosetSpace] = []
    dimensions, energies, additions = [1], [0.0], []
    while len(spaces) < MOST_SUBGROUPS and energies[-1] < 1 - NEGLIGIBLE:
        best = max(candidates, key=lambda candidate: _gain(candidate, left), default=None)
        if best is None:
            break
        indicators = np.eye(best.count)[best.cosets]
        left_singular, size, _ = np.linalg.svd(indicators - span @ (span.T @ indicators), full_matrices=False)
        basis = left_singular[:, size > 1e-9]
        if basis.shape[1] == 0 or dimensions[-1] + basis.shape[1] >= dimension:
            break
        span = np.concatenate([span, basis], axis=1)
        part = basis @ (basis.T @ left)
        left = left - part
        additions.append(part)
        dimensions.append(span.shape[1])
        energies.append(1 - float(np.sum(left**2)) / total)
        subgroup = best.subgroup
        spaces.append(CosetSpace(best.side, subgroup.order, best.count, tuple(subgroup.elements.tolist())))
    if not spaces:
        return None
    counts, _ = count_explained(task, index, means, rows, base, additions, tests)
    shares = counts.explained / counts.size
    enough = (shares >= share - SLACK) & (np.array(energies) >= energy - SLACK) & (shares > 0)
    number = int(np.argmax(enough)) if enough.any() else len(spaces)
    return CosetExplanation(
        spaces=tuple(spaces[:number]),
        explained_share=float(shares[number]),
        energy=energies[number],
        dimension=dimensions[number],
        representation_dimension=dimension,
        explains_more=bool(enough.any()) and number > 0,
    )


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A subgroup with the coset of each element, and the elements sorted by coset."""

    subgroup: Subgroup
    side: str
    cosets: np.ndarray
    order: np.ndarray
    count: int


def _gain(candidate: _Candidate, left: np.ndarray) -> float:
    """Return the energy of the coset means of what is left, for each function of cosets."""
    size = len(left) // candidate.count
    sums = left[candidate.order].reshape(candidate.count, size, -1).sum(axis=1)
    return float(np.sum(sums**2)) / size / (candidate.count - 1)


@lru_cache(maxsize=8)
def _candidates(group: str) -> tuple[_Candidate, ...]:
    """List the cosets of all subgroups but the trivial one and the group, on both sides where they differ."""
    table = composition_table(group)
    candidates: list[_Candidate] = []
    for subgroup in subgroups(table):
        if 1 < subgroup.order < len(table):
            left, right = left_cosets(table, subgroup.elements), right_cosets(table, subgroup.elements)
            sides = [("left", left)] if np.array_equal(left, right) else [("left", left), ("right", right)]
            for side, cosets in sides:
                order = np.argsort(cosets, kind="stable")
                candidates.append(_Candidate(subgroup, side, cosets, order, len(table) // subgroup.order))
    return tuple(candidates)
