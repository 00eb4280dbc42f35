"""The basis in which the Fourier measures read a task's networks."""

from __future__ import annotations

import math

import numpy as np

from ...algebra import Basis, natural_basis
from ...decide import Budget, basis, decide_table
from ...tasks import Task

NODES = 500
"""Search nodes that each form of a task may take before training starts; a task not decided by then is read
in the natural order of its values. Counted in nodes, not seconds, so that every machine reads alike."""


def basis_of_task(task: Task) -> Basis:
    """Return the basis of a task: a mixture's is that of its first task if all agree in kind, else natural.

    Example:
        >>> from modgrok.tasks import task_from_text
        >>> [basis_of_task(task_from_text(text, 5)).name for text in ("x*y; x/y", "x + y; x*y")]
        ['multiplicative', 'natural']
    """
    tasks = task.parts or (task,)
    tables = [part.table[(slice(0, task.p),) * part.k] for part in tasks]
    found = [basis_of(table, task.p) for table in tables]
    agree = len({(basis.name, basis.order) for basis in found}) == 1
    return found[0] if agree else natural_basis(task.p, tasks[0].k)


def basis_of(table: np.ndarray, p: int) -> Basis:
    """Return the basis of a task's witness, or the natural one if it has none.

    Arguments:
        table: int64, shape (p,)*k, -1 outside the domain.
        p: modulus.

    Example:
        >>> n = np.arange(5)
        >>> basis_of(n[:, None] * n % 5, 5).name
        'multiplicative'
    """
    if table.size > 1_000_000:
        return natural_basis(p, table.ndim)
    verdict = decide_table(table, p, budget=Budget(nodes=NODES, seconds=math.inf))
    return basis(verdict) or natural_basis(p, table.ndim)
