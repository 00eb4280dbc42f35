"""Problems of the RFM experiments that no single expression states: several tasks at once, a case split.

Owns: the input that says which task is meant, and the task x/y if y is odd, else x - y.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..algebra import inverse, is_unit
from ..tasks import InputError, Split, Task, task_from_table
from .problem import Problem, make_problem


class Multitask(NamedTuple):
    """Several tasks behind one head, told apart by one more operand.

    Arguments:
        problem: inputs (x_1, ..., x_k, task); groups as in `GROUPS`, over all tasks.
        sizes: number of values of each operand: p, ..., p, and the number of tasks.
        task: which task each input of the domain belongs to, int32, shape (m,).
        metric: the initial M under which the last operand is a bit.
    """

    problem: Problem
    sizes: tuple[int, ...]
    task: np.ndarray
    metric: Float[Array, "d d"]


def multitask_problem(tasks: Sequence[Task], splits: Sequence[Split]) -> Multitask:
    """Lay several tasks of one modulus out as one problem.

    The task is one more operand, a one-hot of T values. Under the identity it is just that; the paper's
    single bit for T = 2 is the same operand with the first value's row of M zero, since gradients are
    multiples of M and so never leave the row's zeros: pass `metric` as the stored initial M.

    Arguments:
        tasks: T >= 2 tasks with the same p and k.
        splits: one for each; the same indices in all for the paper's shared split.

    Raises:
        InputError: fewer than two tasks, or different p or k.

    Source: Mallinar et al. 2024, App. G: x + y and x^2 + y^2, p = 61, Gaussian, r = 0.8.

    Example:
        >>> from modgrok.tasks import split_task, task_from_expression
        >>> tasks = [task_from_expression(e, 5) for e in ("x + y", "x^2 + y^2")]
        >>> both = multitask_problem(tasks, [split_task(t, 0.8, np.random.PCG64(0)) for t in tasks])
        >>> both.problem.inputs.shape, both.sizes, both.metric.diagonal()[-2:].tolist()
        ((40, 3), (5, 5, 2), [0.0, 1.0])
    """
    if len(tasks) < 2:
        raise InputError(f"tasks: must be at least 2, got {len(tasks)}")
    if len({(task.p, task.k) for task in tasks}) != 1:
        raise InputError(f"tasks: must have one modulus and arity, got {[(t.p, t.k) for t in tasks]}")
    parts = [make_problem(task, split) for task, split in zip(tasks, splits, strict=True)]
    task = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part.all_inputs) for part in parts])
    problem = Problem(
        jnp.concatenate([_marked(part.inputs, t) for t, part in enumerate(parts)]),
        jnp.concatenate([part.labels for part in parts]),
        jnp.concatenate([_marked(part.all_inputs, t) for t, part in enumerate(parts)]),
        jnp.concatenate([part.all_labels for part in parts]),
        jnp.concatenate([part.groups for part in parts], axis=1),
        tasks[0].p,
    )
    sizes = (*((tasks[0].p,) * tasks[0].k), len(tasks))
    metric = jnp.eye(sum(sizes)).at[-len(tasks), -len(tasks)].set(0)
    return Multitask(problem, sizes, task, metric)


def odd_even_task(p: int, *, floor: bool = False) -> Task:
    """Tabulate x/y mod p where y is odd and x - y where y is even, as in the papers' operator list.

    Arguments:
        p: modulus, every odd number below it a unit; that is so for primes.
        floor: take the integer quotient x // y in place of x/y mod p, as the released code of Mallinar et
            al. 2024 computes; then p is any.

    Raises:
        InputError: some odd y has no inverse mod p.

    Source: Power et al. 2022 (arXiv 2201.02177), App. A.1.1; the released code leaves y = 0 out.

    Example:
        >>> odd_even_task(5).table[2].tolist()
        [2, 2, 0, 4, 3]
    """
    x, y = np.arange(p)[:, None], np.arange(p)[None, :]
    if floor:
        return task_from_table(np.where(y % 2 == 1, x // np.maximum(y, 1), (x - y) % p))
    if not is_unit(y[0][1::2], p).all():
        raise InputError(f"p: every odd y below p must have an inverse, got {p}")
    table = np.where(y % 2 == 1, x * inverse(y, p) % p, (x - y) % p)
    return task_from_table(table)


def _marked(inputs: Array, task: int) -> Array:
    return jnp.concatenate([inputs, jnp.full((len(inputs), 1), task, jnp.int32)], axis=1)
