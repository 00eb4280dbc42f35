"""The index of an input: the one number on which a task's value depends.

Owns: reading the index off a task's form or group, and the real waves in which functions of the index are
expanded. An index is a group element; for products the value 0, which has no logarithm, stands apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ...algebra import (
    exponential_table,
    is_prime,
    logarithm_table,
    primitive_root,
    real_components,
)
from ...decide import FORMS, Witness
from ...tasks import InputError, Task, parse
from ...tasks.errors import shorten
from ..fourier.task_basis import group_of as group_of
from ..fourier.task_basis import verdict_of_task

LARGEST_GROUP = 512
"""Largest order of a non-cyclic group whose representations are expanded in."""

Frequency = int | str
_INDICES: WeakKeyDictionary[Task, TaskIndex | None] = WeakKeyDictionary()
"""Index of each task in use: a run asks for it at every kept network, and deciding takes its time."""


@dataclass(frozen=True, eq=False)
class TaskIndex:
    """The index s of every input of a task, and the group that it belongs to.

    Arguments:
        form: `additive`, `multiplicative` or `group`.
        description: what s is, in the words of the task: `x + y`, `g1(x) + g2(y)`.
        values: s of each input of the domain, int64, shape (n,), entries in 0..m-1.
        size: m, the number of values of s.
        order: of the group in which functions of s are expanded; None where there is none, so that they are
            averaged alone (a product mod a composite number).
        position: group element of each value of s, shape (m,), in 0..order-1; -1 for a value that is averaged
            and not expanded.
        frequencies: names of the parts of an expansion: k = 1..order//2, each standing for {k, -k}, or the
            names of the non-trivial irreducible representations, conjugate ones together.
        classes: the index value that each class answers, shape (p,), where the label fixes it, else None.
        shift: for a product that is its label moved, what is added to a label to give s.
        root: the primitive root of the logarithms, for products mod a prime.
        group: name of the group, for the task of a group.
        waves_on_group: number of a frequency -> its waves on the group, shape (order, r).
    """

    form: str
    description: str
    values: np.ndarray
    size: int
    order: int | None
    position: np.ndarray
    frequencies: tuple[Frequency, ...]
    waves_on_group: Callable[[int], np.ndarray]
    classes: np.ndarray | None = None
    shift: int = 0
    root: int | None = None
    group: str | None = None

    def waves(self, number: int) -> np.ndarray:
        """Return an orthonormal basis of the real functions of s that one of `frequencies` stands for.

        Returns:
            float64, shape (m, r); rows of values that are not expanded are 0.
        """
        return np.where((self.position >= 0)[:, None], self.waves_on_group(number)[self.position], 0.0)


def task_index(task: Task, form: str | None = None) -> TaskIndex | None:
    """Return the index of a task's inputs; None where the task has no known form (`verdict_of_task`).

    The values of the index partition the domain. For the task of a group they are the group's elements. Else
    they are the arguments of h in h(g1(x) + g2(y)) or h(g1(x)*g2(y)), as `decide_table` gives them; and the
    label itself where h is invertible and carries one numbering into the other, h(s) = a s + b for sums and
    h(s) = a s^e + b for products, which counts from h(0). Where h is invertible in another way, label and
    argument are the same partition, and the argument numbers it.

    Arguments:
        task: one task; of a mixture ask for each of `task.parts`.
        form: `additive` or `multiplicative` instead of the first that holds.

    Raises:
        InputError: a mixture, or a form that the task is not known to have.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> index = task_index(task_from_expression("x*y", 7))
        >>> index.form, index.order, index.root, index.position.tolist(), index.frequencies
        ('multiplicative', 6, 3, [-1, 0, 2, 1, 4, 5, 3], (1, 2, 3))
        >>> index.values[8 * 2].tolist()  # 2*2
        4
    """
    if task.parts:
        raise InputError(f"task: must be one task, got a mixture of {len(task.parts)}")
    if form is not None and form not in FORMS:
        raise InputError(f"form: must be one of {', '.join(FORMS)}, got {shorten(form)}")
    if form is not None:
        return _build_index(task, form)
    if task not in _INDICES:
        _INDICES[task] = _build_index(task, None)
    return _INDICES[task]


def _build_index(task: Task, form: str | None) -> TaskIndex | None:
    if form is None and (group := group_of(task)) is not None:
        return _of_group(task, group)
    witness = _witness(task, form)
    return None if witness is None else _of_witness(task, witness)


def _of_group(task: Task, group: str) -> TaskIndex:
    if group.startswith("C"):
        return _cyclic_index("group", task, task.labels().astype(np.int64), group=group)
    if task.p > LARGEST_GROUP:
        raise InputError(f"group: must have at most {LARGEST_GROUP} elements to be expanded, got {task.p}")
    components = real_components(group)[1:]
    return TaskIndex(
        form="group",
        description=f"x y in {group}",
        values=task.labels().astype(np.int64),
        size=task.p,
        order=task.p,
        position=np.arange(task.p),
        frequencies=tuple(part.name for part in components),
        waves_on_group=lambda number: components[number].waves.T,
        classes=np.arange(task.p),
        group=group,
    )


def _witness(task: Task, form: str | None) -> Witness | None:
    """Return the witness of a form, over all operand values of the task's table."""
    verdict = verdict_of_task(task)
    if verdict is None:
        return None
    witnesses = [witness for witness in (verdict.witness, verdict.also) if witness is not None]
    if form is None:
        return witnesses[0] if witnesses else None
    matching = [witness for witness in witnesses if witness.form == form]
    if not matching:
        raise InputError(f"form: must be one that {task.name} mod {task.p} is known to have, got {form}")
    return matching[0]


def _of_witness(task: Task, witness: Witness) -> TaskIndex:
    p = task.p
    extended = tuple(
        np.asarray(g)[np.arange(size) % p] for g, size in zip(witness.g, task.table.shape, strict=True)
    )
    arguments = Witness(witness.form, extended, witness.h).arguments(p).ravel()[task.domain]
    labels = task.labels().astype(np.int64)
    symbol = " + " if witness.form == "additive" else "*"
    generic = symbol.join(f"g{i}({name})" for i, name in enumerate(task.operands, start=1))
    h = np.asarray(witness.h)
    invertible = len(np.unique(h)) == p
    if witness.form == "additive":
        if invertible and _is_affine(h, p):
            return _cyclic_index("additive", task, labels, description=task.name)
        inverse = np.argsort(h) if invertible else None
        return _cyclic_index("additive", task, arguments, description=generic, classes=inverse)
    if not is_prime(p):
        return _unexpanded(task, arguments, generic)
    shift = -int(h[0]) % p
    if invertible and _is_power(h, p):
        signed = shift if 2 * shift <= p else shift - p
        description = (_shifted(task.name, signed) or generic) if shift else task.name
        return _unit_index(task, (labels + shift) % p, description, (np.arange(p) + shift) % p, signed)
    return _unit_index(task, arguments, generic, np.argsort(h) if invertible else None)


def _is_affine(h: np.ndarray, p: int) -> bool:
    return bool(np.array_equal(h, (h[0] + (h[1] - h[0]) * np.arange(p)) % p))


def _is_power(h: np.ndarray, p: int) -> bool:
    """Say whether h(s) - h(0) is a s^e: its logarithm is affine in that of s."""
    logs, powers = logarithm_table(p), exponential_table(p)
    moved = logs[(h[powers] - h[0]) % p]
    step = moved[1 % (p - 1)] - moved[0]
    return bool(np.array_equal(moved, (moved[0] + step * np.arange(p - 1)) % (p - 1)))


def _cyclic_index(
    form: str,
    task: Task,
    values: np.ndarray,
    *,
    description: str | None = None,
    classes: np.ndarray | None = None,
    group: str | None = None,
) -> TaskIndex:
    p = task.p
    position, order = _coset(np.unique(values), np.arange(p), p)
    label = description is None or description == task.name
    return TaskIndex(
        form=form,
        description=description or f"x y in {group}",
        values=values,
        size=p,
        order=order,
        position=position,
        frequencies=tuple(range(1, order // 2 + 1)),
        waves_on_group=lambda number: _cyclic_waves(order, number + 1),
        classes=np.arange(p) if label else classes,
        group=group,
    )


def _unit_index(
    task: Task, values: np.ndarray, description: str, classes: np.ndarray | None, shift: int = 0
) -> TaskIndex:
    p = task.p
    logs = logarithm_table(p)
    occurring = logs[np.unique(values)]
    position, order = _coset(occurring[occurring >= 0], logs, p - 1)
    return TaskIndex(
        form="multiplicative",
        description=description,
        values=values,
        size=p,
        order=order,
        position=np.where(logs >= 0, position, -1),
        frequencies=tuple(range(1, order // 2 + 1)),
        waves_on_group=lambda number: _cyclic_waves(order, number + 1),
        classes=classes,
        shift=shift,
        root=primitive_root(p),
    )


def _shifted(name: str, shift: int) -> str | None:
    """Write an expression plus an integer, as one expression where constants cancel: x*y + 2 - 2 is x*y.

    Returns:
        None for a choice between two expressions.
    """
    text = f"{name} {'+' if shift > 0 else '-'} {abs(shift)}"
    try:
        return None if " if " in name else str(parse(text))
    except InputError:  # the name of a table
        return text


def _unexpanded(task: Task, values: np.ndarray, description: str) -> TaskIndex:
    p = task.p
    return TaskIndex(
        form="multiplicative",
        description=description,
        values=values,
        size=p,
        order=None,
        position=np.full(p, -1),
        frequencies=(),
        waves_on_group=lambda number: np.zeros((p, 0)),
    )


def _coset(occurring: np.ndarray, elements: np.ndarray, n: int) -> tuple[np.ndarray, int]:
    """Number the smallest coset of a subgroup of Z_n that holds all occurring elements.

    Sums of squares reach all of Z_p, but products of squares only the squares: there the characters of the
    subgroup are the functions to expand in, since those of the whole group agree on it two by two.

    Returns:
        Position of each of `elements` in the coset, -1 outside it (and at -1), and the subgroup's order.
    """
    if len(occurring) == 0:
        return np.full(len(elements), -1), 1
    start = int(occurring.min()) if n > 1 else 0
    step = math.gcd(n, *(int(value) - start for value in occurring))
    start = start % step if step < n else start
    inside = (elements >= 0) & ((elements - start) % step == 0)
    return np.where(inside, (elements - start) // step % (n // step), -1), n // step


def _cyclic_waves(order: int, frequency: int) -> np.ndarray:
    """Return the orthonormal waves cos and sin of a frequency on Z_n, shape (n, 2), or (n, 1) at n/2."""
    angles = 2 * np.pi * ((frequency * np.arange(order)) % order) / order
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if 2 * frequency == order:
        waves = waves[:, :1]
    return waves / np.linalg.norm(waves, axis=0)
