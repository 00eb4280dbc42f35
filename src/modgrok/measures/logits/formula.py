"""The formula of an explanation, in plain notation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...algebra import composition_table, irreducible_representations
from .index_means import Part
from .task_index import TaskIndex

SINGLE_WAVE_SHARE = 0.9
"""Share of a part's energy from which one wave that moves with s and c together stands for it."""


def formula(index: TaskIndex, parts: Sequence[Part], most: int | None = None) -> str:
    """Write F_K(s, c) = F_0 + its frequencies.

    Where one wave A cos(2 pi k (s - c)/n + phi) has at least 0.9 of the energy of a frequency, it is written
    with A and phi; for groups w chi(s c^-1) likewise. Else each class c has an amplitude and a phase of its
    own in this frequency.

    Arguments:
        index: of the task.
        parts: of F, the frequencies of the formula.
        most: terms that are written; None for all.
    """
    head, s = "logit(c) = a(c)", _symbol(index)
    if index.order is None:
        return f"logit(c) = F(s, c), s = {index.description}"
    written = parts[:most]
    moving = [_moving_term(index, part) for part in written]
    terms = [term or _free_term(index, part, s) for term, part in zip(moving, written, strict=True)]
    terms += [f"… ({len(parts) - len(written)} more)"] if len(written) < len(parts) else []
    where = f", s = {index.description}" + (f", log to the base {index.root}" if index.root else "")
    if any(moving) and _class_symbol(index) == "u(c)":
        where += ", u(c) the s whose label is c"
    if index.form == "multiplicative":
        where += "; s = 0 apart"
    return " + ".join([head, *terms]).replace("+ -", "- ") + where


def _symbol(index: TaskIndex) -> str:
    return "log s" if index.form == "multiplicative" else "s"


def _class_symbol(index: TaskIndex) -> str:
    """Name the index that a class stands for: the class itself, moved, or u(c)."""
    assert index.classes is not None
    p = len(index.classes)
    if not np.array_equal(index.classes, (np.arange(p) + index.shift) % p):
        return "u(c)"
    return "c" if index.shift == 0 else f"(c {'+' if index.shift > 0 else '-'} {abs(index.shift)})"


def _free_term(index: TaskIndex, part: Part, s: str) -> str:
    if isinstance(part.frequency, str):
        return f"tr(A_{part.frequency}(c) rho_{part.frequency}(s))"
    k = part.frequency
    return f"A_{k}(c) cos(2 pi {k} {s}/{_period(index)} + phi_{k}(c))"


def _period(index: TaskIndex) -> int:
    """Return the modulus of s or of its logarithm; waves of a subgroup are waves of the whole group on it."""
    return index.size - 1 if index.form == "multiplicative" else index.size


def _moving_term(index: TaskIndex, part: Part) -> str | None:
    if index.classes is None:
        return None
    return _character_term(index, part) if isinstance(part.frequency, str) else _wave_term(index, part)


def _wave_term(index: TaskIndex, part: Part) -> str | None:
    """Fit A cos(2 pi k (u(s) - u(c))/n + phi) to a part, u the position in the group."""
    assert index.classes is not None
    assert index.order is not None
    here, there = index.position, index.position[index.classes]
    values = part.values[np.ix_(here >= 0, there >= 0)]
    if values.size == 0:
        return None
    k, n = part.frequency, index.order
    waves = [np.exp(2j * np.pi * int(k) * place[place >= 0] / n) for place in (here, there)]
    turns = waves[0][:, None] * waves[1].conj()  # exp(2 pi i k (u(s) - u(c))/n)
    coefficient = np.mean(values * turns.conj()) * (1 if 2 * int(k) == n else 2)
    wave = np.real(coefficient * turns)
    if np.sum(wave**2) < SINGLE_WAVE_SHARE * part.energy:
        return None
    amplitude, phase = float(np.abs(coefficient)), float(np.angle(coefficient))
    if abs(abs(phase) - np.pi) < 0.05:
        amplitude, phase = -amplitude, 0.0
    shift = "" if abs(phase) < 0.05 else f" {'+' if phase > 0 else '-'} {abs(phase):.2f}"
    c = _class_symbol(index)
    difference = f"(log s - log {c})" if index.form == "multiplicative" else "(s - c)"
    return f"{amplitude:.3g} cos(2 pi {k} {difference}/{_period(index)}{shift})"


def _character_term(index: TaskIndex, part: Part) -> str | None:
    """Fit w chi(s c^-1) to a part of a group's task."""
    assert index.group is not None
    table = composition_table(index.group)
    names = str(part.frequency).split("+")
    character = sum(
        (rho.character.real for rho in irreducible_representations(index.group) if rho.name in names),
        start=np.zeros(len(table)),
    )
    inverse = np.argmax(table == 0, axis=1)
    wave = character[table[:, inverse]]  # [s, c] -> s c^-1
    weight = float(np.sum(wave * part.values) / np.sum(wave**2))
    if weight**2 * np.sum(wave**2) < SINGLE_WAVE_SHARE * part.energy:
        return None
    return f"{weight:.3g} chi_{part.frequency}(s c^-1)"
