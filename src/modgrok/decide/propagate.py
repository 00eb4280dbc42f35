"""Propagation: every deduction that one guess forces.

Owns: `assign` (one class gets its element) and `settle` (run all deductions to a fixed point).
Deductions are sound: they remove only what no witness extending the guesses can have. They are also
equivariant under the symmetries of the law, which `search` relies on.
"""

from __future__ import annotations

import numpy as np

from .merge import UNDEFINED
from .state import SearchProblem, SearchState


class Contradiction(Exception):
    """No witness extends the guesses made so far."""


def assign(problem: SearchProblem, state: SearchState, operand: int, index: int, element: int) -> None:
    """Set g_operand of one class, and read off every new line of the table.

    Raises:
        Contradiction: the element is not possible, or a line contradicts what is known.
    """
    if not state.domain[operand][index, element]:
        raise Contradiction
    state.domain[operand][index] = False
    state.domain[operand][index, element] = True
    state.domain[operand][problem.clash[operand][index], element] = False
    state.chosen[operand][index] = element
    for other in range(problem.table.ndim):
        if other != operand:
            _read_lines(problem, state, other, operand, index)
    if problem.table.ndim == 1:
        _set_h(state, np.array([element]), problem.table[[index]])


def _read_lines(problem: SearchProblem, state: SearchState, along: int, operand: int, index: int) -> None:
    """Enter the lines along one operand that became known because `operand` got `index`."""
    others = [s for s in range(problem.table.ndim) if s != along]
    known = [np.array([index]) if s == operand else np.flatnonzero(state.chosen[s] >= 0) for s in others]
    if any(len(k) == 0 for k in known):
        return
    partial = np.array([problem.operation.identity])
    for s, k in zip(others, known, strict=True):
        partial = problem.operation.table[partial[:, None], state.chosen[s][k][None, :]].ravel()
    lines = problem.lines[along][np.ix_(*known)].reshape(len(partial), -1)
    for q, line in _combine(partial, lines):
        _enter_line(problem, state, along, q, line)


def _combine(partial: np.ndarray, lines: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Lines at the same place q must agree wherever both have a value; holes are filled in."""
    if len(partial) == 1:
        return [(int(partial[0]), lines[0])]
    order = np.argsort(partial, kind="stable")
    starts = np.flatnonzero(np.diff(partial[order], prepend=-1))
    highest = np.maximum.reduceat(lines[order], starts, axis=0)
    filled = np.where(lines[order] == UNDEFINED, np.iinfo(np.int64).max, lines[order])
    lowest = np.minimum.reduceat(filled, starts, axis=0)
    if ((lowest < highest) & (highest != UNDEFINED)).any():
        raise Contradiction
    return [(int(q), line) for q, line in zip(partial[order][starts], highest, strict=True)]


def _enter_line(problem: SearchProblem, state: SearchState, along: int, q: int, line: np.ndarray) -> None:
    column = state.column[along][q]
    if state.seen[along][q]:
        if ((column != line) & (column != UNDEFINED) & (line != UNDEFINED)).any():
            raise Contradiction
        line = np.where((column == UNDEFINED), line, UNDEFINED)
        if (line == UNDEFINED).all():
            return
    state.seen[along][q] = True
    state.column[along][q] = np.where(line == UNDEFINED, column, line)
    places = problem.operation.table[:, q]
    state.domain[along] &= state.possible[line[:, None], places[None, :]]
    placed = np.flatnonzero((state.chosen[along] >= 0) & (line != UNDEFINED))
    _set_h(state, places[state.chosen[along][placed]], line[placed])


def _set_h(state: SearchState, arguments: np.ndarray, values: np.ndarray) -> None:
    """Set h at several arguments."""
    if not state.possible[values, arguments].all():
        raise Contradiction
    fresh = state.h[arguments] != values
    arguments, values = arguments[fresh], values[fresh]
    if len(arguments) == 0:
        return
    state.h[arguments] = values
    if (state.h[arguments] != values).any():
        raise Contradiction
    state.possible[:-1, arguments] = False
    state.possible[values, arguments] = True
    state.dirty.update(arguments.tolist())


def settle(problem: SearchProblem, state: SearchState) -> None:
    """Run all deductions until nothing changes.

    Raises:
        Contradiction: no witness extends the state.
    """
    while True:
        if problem.least is not None:
            _respect_needs(problem, state)
        _use_arguments(problem, state)
        if not _choose_singles(problem, state) and not state.dirty:
            return


def _respect_needs(problem: SearchProblem, state: SearchState) -> None:
    """Hold the size of every h^-1(v) between its lower bound and what the extra arguments allow."""
    assert problem.least is not None
    used = np.bincount(state.h + 1, minlength=problem.values + 1)[1:]
    left = problem.extra - int(np.maximum(used - problem.least, 0).sum())
    if left < 0:
        raise Contradiction
    possible, open_ = state.possible[:-1], state.h < 0
    closed = used >= problem.least + left
    cut = possible & closed[:, None] & open_[None, :]
    if cut.any():
        state.dirty.update(np.flatnonzero(cut.any(axis=0)).tolist())
        possible &= ~cut
    sizes = possible.sum(axis=1)
    if (sizes < problem.least).any():
        raise Contradiction
    forced = possible & (sizes == problem.least)[:, None] & open_[None, :]
    if forced.any():
        values, arguments = np.nonzero(forced)
        _set_h(state, arguments, values)


def _use_arguments(problem: SearchProblem, state: SearchState) -> None:
    """Remove from the domains what the shrunken possibilities of h rule out."""
    operation, dirty = problem.operation, sorted(state.dirty)
    state.dirty.clear()
    if not dirty:
        return
    for s, column in enumerate(state.column):
        places = np.flatnonzero(state.seen[s])
        if len(places) == 0:
            continue
        lines = column[places]
        for t in dirty:
            fine = state.possible[:, t][lines]
            if operation.group:
                state.domain[s][:, (t - places) % operation.order] &= fine.T
            else:
                hits = (operation.table[:, places] == t).astype(np.int64)
                state.domain[s] &= ((~fine).T.astype(np.int64) @ hits.T) == 0


def _choose_singles(problem: SearchProblem, state: SearchState) -> bool:
    """Assign every class with one element left, and every element of a bijection with one class left."""
    progress = False
    for s, domain in enumerate(state.domain):
        sizes = domain.sum(axis=1)
        if (sizes == 0).any():
            raise Contradiction
        for index in np.flatnonzero((sizes == 1) & (state.chosen[s] < 0)):
            if state.chosen[s][index] < 0:
                elements = np.flatnonzero(state.domain[s][index])
                if len(elements) == 0:
                    raise Contradiction
                assign(problem, state, s, int(index), int(elements[0]))
                progress = True
        if problem.bijective[s]:
            takers = state.domain[s].sum(axis=0)
            if (takers == 0).any():
                raise Contradiction
            for element in np.flatnonzero(takers == 1):
                candidates = np.flatnonzero(state.domain[s][:, element])
                if len(candidates) == 0:
                    raise Contradiction
                if state.chosen[s][candidates[0]] < 0:
                    assign(problem, state, s, int(candidates[0]), int(element))
                    progress = True
    return progress
