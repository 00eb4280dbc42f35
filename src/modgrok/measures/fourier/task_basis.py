"""The basis in which the Fourier measures read a task's networks."""

from __future__ import annotations

import math

import numpy as np

from ...algebra import Basis, composition_table, group_basis, natural_basis
from ...decide import Budget, Verdict, basis, decide_table
from ...tasks import Task
from ...tasks.per_task import once_per_task

NODES = 500
"""Search nodes that each form of a task may take before training starts; a task not decided by then is read
in the natural order of its values. Counted in nodes, not seconds, so that every machine reads alike."""
LARGEST_DECIDED = 10**7
"""Most entries of a table whose form is decided for measures."""


def group_of(task: Task) -> str | None:
    """Return the name of the group whose composition a task is, None if there is none that has its numbering.

    The task says so by its name; the table of a file is compared with those of the groups of its order.

    Example:
        >>> from modgrok.tasks import task_from_expression, task_from_group
        >>> group_of(task_from_group("S3")), group_of(task_from_expression("x + y", 6))
        ('S3', None)
    """
    names = [task.name]
    if task.name.startswith("table:") and task.k == 2 and task.is_plain:
        factorials = {math.factorial(n): f"S{n}" for n in range(3, 6)}
        names = [f"C{task.p}", f"D{task.p // 2}", f"Q{task.p}", factorials.get(task.p, "")]
    for name in names:
        try:
            table = composition_table(name)
        except ValueError:
            continue
        if np.array_equal(table, task.table):
            return name
    return None


@once_per_task
def basis_of_task(task: Task) -> Basis:
    """Return the basis of a task: a mixture's is that of its first task if all agree in kind, else natural.

    Of a group that is not given as a cyclic one, the basis are its irreducible representations.

    Example:
        >>> from modgrok.tasks import task_from_text
        >>> [basis_of_task(task_from_text(text, 5)).name for text in ("x*y; x/y", "x + y; x*y")]
        ['multiplicative', 'natural']
    """
    group = group_of(task)
    if group is not None and not group.startswith("C"):
        return group_basis(group, task.p)
    tasks = task.parts or (task,)
    bases = [_basis_of_verdict(verdict_of_task(part), part.p, part.k) for part in tasks]
    agree = len({(basis.name, basis.order) for basis in bases}) == 1
    return bases[0] if agree else natural_basis(task.p, tasks[0].k)


def basis_of(table: np.ndarray, p: int) -> Basis:
    """Return the basis of a task's witness, or the natural one if none is known (`verdict_of_task`).

    Arguments:
        table: int64, shape (p,)*k, -1 outside the domain.
        p: modulus.

    Example:
        >>> n = np.arange(5)
        >>> basis_of(n[:, None] * n % 5, 5).name
        'multiplicative'
    """
    return _basis_of_verdict(_verdict_of_table(table, p), p, table.ndim)


def _basis_of_verdict(verdict: Verdict | None, p: int, k: int) -> Basis:
    own = None if verdict is None else basis(verdict)
    return own if own is not None and own.order > 1 else natural_basis(p, k)


@once_per_task
def verdict_of_task(task: Task) -> Verdict | None:
    """Decide the form of one task for its measures; None for tables of more than `LARGEST_DECIDED` entries.

    Arguments:
        task: its operand values 0..p-1 count.
    """
    return _verdict_of_table(task.table[(slice(0, task.p),) * task.k], task.p)


def _verdict_of_table(table: np.ndarray, p: int) -> Verdict | None:
    if table.size > LARGEST_DECIDED:
        return None
    return decide_table(table, p, budget=Budget(nodes=NODES, seconds=math.inf))


NO_PHASES = (
    "{group} is not cyclic: frequencies are its irreducible representations, and there are no phases, no "
    "spectra "
    "over pairs and no circulant measures"
)
NO_ORDER = (
    "{group} is not cyclic: tokens and pairs have no order in which weights or activations could be waves; "
    "see "
    "modgrok explain for its representations"
)
"""Why measures and pictures are absent."""
