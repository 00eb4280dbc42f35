"""Cosets: whether functions of cosets explain a network on a group with fewer waves than representations do.

Owns: the greedy choice of subgroups. A function of s that depends on the coset s H alone takes the part of each
representation's functions that H leaves fixed; a network that compares cosets of a few subgroups therefore
needs fewer functions than all matrix elements of the representations that it touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...algebra import composition_table
from ...algebra.subgroups import LARGEST_ORDER, Subgroup, left_cosets, right_cosets, subgroups
from ...tasks import Task
from .explained_count import SLACK, count_explained, shortest
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
        dimension: linearly independent functions of s that they and the constants span.
        representation_dimension: the same number for the representations that the formula lists.
        explains_more: whether cosets explain at least as many inputs with fewer functions, or over 0.01 more.
    """

    spaces: tuple[CosetSpace, ...]
    explained_share: float
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
        dimension: linearly independent functions of s in that formula, the constant among them.

    Returns:
        None where the group has too many elements to list its subgroups, or no subgroup takes fewer functions.
    """
    assert index.group is not None
    if task.p > LARGEST_ORDER:
        return None
    table, candidates = _candidates(index.group)
    base = constant_part(index, means)
    left = means.means - base
    total = float(np.sum(left**2))
    span = np.full((task.p, 1), task.p**-0.5)
    spaces: list[CosetSpace] = []
    dimensions, additions = [1], []
    while len(spaces) < MOST_SUBGROUPS and float(np.sum(left**2)) > NEGLIGIBLE * total:
        best = max(candidates, key=lambda candidate: _gain(candidate[1], candidate[2], left))
        indicators = np.eye(best[2])[best[1]]
        new = indicators - span @ (span.T @ indicators)
        basis, size, _ = np.linalg.svd(new, full_matrices=False)
        basis = basis[:, size > 1e-9]
        if basis.shape[1] == 0 or dimensions[-1] + basis.shape[1] > max(dimension, 2):
            break
        span = np.concatenate([span, basis], axis=1)
        part = basis @ (basis.T @ left)
        left = left - part
        additions.append(part)
        dimensions.append(span.shape[1])
        subgroup, side = best[0], best[3]
        spaces.append(CosetSpace(side, subgroup.order, best[2], tuple(subgroup.elements.tolist())))
    if not spaces:
        return None
    counts, _ = count_explained(task, index, means, rows, base, additions, tests)
    number = shortest(counts.explained, counts.size)
    found = float(counts.explained[number] / counts.size)
    fewer = found >= share - SLACK and dimensions[number] < dimension
    return CosetExplanation(
        spaces=tuple(spaces[:number]),
        explained_share=found,
        dimension=dimensions[number],
        representation_dimension=dimension,
        explains_more=number > 0 and found > 0 and (fewer or found > share + SLACK),
    )


def _gain(cosets: np.ndarray, count: int, left: np.ndarray) -> float:
    """Return the energy of the coset means of what is left, for each function of cosets."""
    sums = np.zeros((count, left.shape[1]))
    np.add.at(sums, cosets, left)
    return float(np.sum(sums**2)) * count / len(left) / (count - 1)


Candidate = tuple[Subgroup, np.ndarray, int, str]


@lru_cache(maxsize=8)
def _candidates(group: str) -> tuple[np.ndarray, tuple[Candidate, ...]]:
    """List the cosets of all subgroups but the trivial one and the group, on both sides where they differ."""
    table = composition_table(group)
    found: list[Candidate] = []
    for subgroup in subgroups(table):
        if 1 < subgroup.order < len(table):
            left, right = left_cosets(table, subgroup.elements), right_cosets(table, subgroup.elements)
            found.append((subgroup, left, len(table) // subgroup.order, "left"))
            if not np.array_equal(left, right):
                found.append((subgroup, right, len(table) // subgroup.order, "right"))
    return table, tuple(found)
