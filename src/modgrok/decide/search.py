"""Search: guess, propagate, retreat; exhaustive up to the symmetries of the law.

Owns: `find`, the depth-first search for elements g_s of all classes.
Symmetry: shifting every g_s by its own constant (an invertible element) gives a witness again, so the
classes of one chosen entry start at base elements; automorphisms that fix every earlier guess permute the
candidates of the next one, so one candidate of each orbit is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from .budget import Meter
from .merge import UNDEFINED
from .propagate import Contradiction, assign, settle
from .state import SearchProblem, SearchState, blank

Guess = tuple[int, int, int]


def find(problem: SearchProblem, meter: Meter, variant: int = 0) -> tuple[np.ndarray, ...] | None:
    """Find elements of all classes, or exhaust every possibility.

    Arguments:
        problem: the reduced table under a law.
        meter: counts one node for every guess.
        variant: seed of the order in which equally good choices are taken; any variant is exhaustive, but
            the size of the search tree differs widely between them.

    Returns:
        For each operand an int64 array of elements of its classes, or None when no witness exists
        within `problem.extra`.

    Raises:
        BudgetSpent: the meter ran out first.
    """
    stream = np.random.Generator(np.random.PCG64(variant))
    pivot = _pivot(problem, stream)
    ties = [np.asarray(stream.random(size)) for size in problem.table.shape]
    for bases in _roots(problem, stream):
        meter.spend()
        state = blank(problem)
        try:
            for operand, (index, element) in enumerate(zip(pivot, bases, strict=True)):
                if state.chosen[operand][index] != element:
                    assign(problem, state, operand, index, element)
            settle(problem, state)
        except Contradiction:
            continue
        solution = _branch(problem, state, meter, ties)
        if solution is not None:
            return solution
    return None


def _roots(problem: SearchProblem, stream: np.random.Generator) -> list[tuple[int, ...]]:
    """Every choice of base elements for the pivot: all invertible first, the others in a drawn order."""
    roots = list(product(problem.operation.bases, repeat=problem.table.ndim))
    keys = stream.random(len(roots))
    first = (problem.operation.identity,) * problem.table.ndim
    return [roots[i] for i in sorted(range(len(roots)), key=lambda i: (roots[i] != first, keys[i]))]


def _pivot(problem: SearchProblem, stream: np.random.Generator) -> tuple[int, ...]:
    """Choose an entry whose value has the fewest arguments: it pins h most.

    In a monoid choose slices with many values: they are likely to have invertible g.
    """
    if problem.least is None:
        return tuple(int(np.argmax(v + 2 * stream.random(len(v)))) for v in problem.variety)
    rarity = np.append(problem.least, np.iinfo(np.int64).max)[problem.table].ravel()
    rarest = np.flatnonzero(rarity == rarity.min())
    return tuple(int(i) for i in np.unravel_index(stream.choice(rarest), problem.table.shape))


def _branch(
    problem: SearchProblem, root: SearchState, meter: Meter, ties: list[np.ndarray]
) -> tuple[np.ndarray, ...] | None:
    if _complete(root):
        return tuple(root.chosen)
    stack: list[tuple[SearchState, Iterator[Guess]]] = [(root, _guesses(problem, root, ties))]
    while stack:
        state, guesses = stack[-1]
        guess = next(guesses, None)
        if guess is None:
            stack.pop()
            continue
        meter.spend()
        child = state.copy()
        try:
            _take(problem, child, guess)
        except Contradiction:
            continue
        if _complete(child):
            return tuple(child.chosen)
        stack.append((child, _guesses(problem, child, ties)))
    return None


def _take(problem: SearchProblem, state: SearchState, guess: Guess) -> None:
    operand, index, element = guess
    units = state.stabiliser
    state.stabiliser = units[units * element % problem.operation.order == element]
    assign(problem, state, operand, index, element)
    settle(problem, state)


def _complete(state: SearchState) -> bool:
    return all((chosen >= 0).all() for chosen in state.chosen)


def _guesses(problem: SearchProblem, state: SearchState, ties: list[np.ndarray]) -> Iterator[Guess]:
    """Candidates of the class with the fewest, most corroborated first, one of each orbit."""
    operand, index = _narrowest(state, ties)
    candidates = np.flatnonzero(state.domain[operand][index])
    if len(state.stabiliser) > 1:
        orbits = state.stabiliser[:, None] * candidates[None, :] % problem.operation.order
        candidates = candidates[orbits.min(axis=0) == candidates]
    support = _support(problem, state, operand, index)[candidates]
    for element in candidates[np.argsort(-support, kind="stable")]:
        yield operand, index, int(element)


def _narrowest(state: SearchState, ties: list[np.ndarray]) -> tuple[int, int]:
    """The undetermined class with the fewest candidates."""
    best: tuple[float, int, int] | None = None
    for operand, (domain, chosen) in enumerate(zip(state.domain, state.chosen, strict=True)):
        remaining = np.where(chosen >= 0, np.inf, domain.sum(axis=1) + ties[operand])
        index = int(np.argmin(remaining))
        if chosen[index] < 0 and (best is None or remaining[index] < best[0]):
            best = (float(remaining[index]), operand, index)
    assert best is not None
    return best[1], best[2]


def _support(problem: SearchProblem, state: SearchState, operand: int, index: int) -> np.ndarray:
    """Count, for every element, the known values of h it would confirm: int64 array of length m."""
    places = np.flatnonzero(state.seen[operand])
    line = state.column[operand][places, index]
    agrees = state.h[problem.operation.table[:, places]] == line[None, :]
    return (agrees & (line != UNDEFINED)[None, :]).sum(axis=1)
