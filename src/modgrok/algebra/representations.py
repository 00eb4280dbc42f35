"""Irreducible representations of the named finite groups, as matrices.

Owns: one unitary matrix for each element and each irreducible representation, up to equivalence. Elements are
numbered as in `composition_table`. Real matrices are used wherever real ones exist. The symmetric groups'
matrices come from `young`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .groups import group_name
from .young import orthogonal_form, partitions


@dataclass(frozen=True, eq=False)
class Representation:
    """One irreducible representation rho of a finite group.

    Arguments:
        name: of cyclic groups the frequency k = 0..n-1; of dihedral and quaternion groups Mulliken's symbols
            A1, A2, B1, B2 (one-dimensional) and E1, E2, ... (two-dimensional); of symmetric groups a
            partition.
        matrices: float64 or complex128, shape (n, d, d): unitary, rho(ab) = rho(a) rho(b).
    """

    name: str
    matrices: np.ndarray

    @property
    def dimension(self) -> int:
        """d, the number of rows."""
        return int(self.matrices.shape[1])

    @property
    def character(self) -> np.ndarray:
        """The trace of each element's matrix, shape (n,)."""
        return np.asarray(np.trace(self.matrices, axis1=1, axis2=2))


@dataclass(frozen=True, eq=False)
class RealComponent:
    """The real functions on a group that one irreducible representation spans, with its complex conjugate.

    Arguments:
        name: of the representation, or of both with a plus between.
        waves: float64, shape (r, n), orthonormal rows: r = d^2, or 2 d^2 where the conjugate is another one.
    """

    name: str
    waves: np.ndarray


def real_components(name: str) -> tuple[RealComponent, ...]:
    """Return the decomposition of the real functions on a group, the constant ones first.

    All rows together are an orthonormal basis of R^n: the group's own Fourier basis. Of a cyclic group
    they are the waves cos(2 pi k x/n), sin(2 pi k x/n).

    Arguments:
        name: of the group; see `group_name`.

    Raises:
        ValueError: no such group.

    Example:
        >>> [(part.name, len(part.waves)) for part in real_components("S3")]
        [('(3)', 1), ('(2,1)', 4), ('(1,1,1)', 1)]
        >>> [(part.name, len(part.waves)) for part in real_components("C5")]
        [('0', 1), ('1+4', 2), ('2+3', 2)]

    Source: Serre, Linear Representations of Finite Groups, Sec. 2.6 (canonical decomposition), 13.2.
    """
    components, pending = [], list(irreducible_representations(name))
    while pending:
        rho = pending.pop(0)
        partner = [s for s in pending if np.allclose(s.character, rho.character.conj())]
        pending = [s for s in pending if s not in partner]
        entries = rho.matrices.reshape(len(rho.matrices), -1)
        columns = np.concatenate([entries.real, entries.imag], axis=1)
        left, size, _ = np.linalg.svd(columns, full_matrices=False)
        waves = np.ascontiguousarray(left[:, size > 1e-9 * size[0]].T)
        components.append(RealComponent("+".join(s.name for s in (rho, *partner)), waves))
    return tuple(components)


def irreducible_representations(name: str) -> tuple[Representation, ...]:
    """Return all irreducible representations of a group, the trivial one first.

        sum d^2 = n,   sum_a rho(a)_ij conj(sigma(a)_kl) = (n/d) delta_rho,sigma delta_ik delta_jl

    Arguments:
        name: `C7`, `D5`, `Q8`, `S5`; see `group_name`.

    Returns:
        As many as the group has classes of conjugate elements. All matrices together have n^2 entries.

    Raises:
        ValueError: no such group.

    Example:
        >>> [(rho.name, rho.dimension) for rho in irreducible_representations("S3")]
        [('(3)', 1), ('(2,1)', 2), ('(1,1,1)', 1)]

    Source: Serre, Linear Representations of Finite Groups, Sec. 2.2 (orthogonality), 5.1, 5.3.
    """
    family, n = group_name(name)
    build = {"C": _cyclic, "D": _dihedral, "Q": _quaternion, "S": _symmetric}[family]
    return build(n)


def _cyclic(n: int) -> tuple[Representation, ...]:
    roots = np.exp(2j * np.pi * np.arange(n) / n)
    a = np.arange(n)
    return tuple(Representation(str(k), roots[(k * a) % n].reshape(n, 1, 1)) for k in range(n))


def _dihedral(n: int) -> tuple[Representation, ...]:
    """rho(r^i s^j) = rho(r)^i rho(s)^j; E_k turns by 2 pi k i/n and reflects the second axis."""
    turn, side = np.arange(2 * n) % n, np.arange(2 * n) // n
    representations = _one_dimensional(turn, side, even=n % 2 == 0)
    for k in range(1, (n + 1) // 2):
        angle = 2 * np.pi * ((k * turn) % n) / n
        sign = 1 - 2 * side
        rows = [[np.cos(angle), -sign * np.sin(angle)], [np.sin(angle), sign * np.cos(angle)]]
        representations.append(Representation(f"E{k}", np.moveaxis(np.array(rows), 2, 0)))
    return tuple(representations)


def _quaternion(order: int) -> tuple[Representation, ...]:
    """rho(a^i b^j) = rho(a)^i rho(b)^j; E_k has rho(a) = diag(w^k, w^-k), w = e^(2 pi i/m), m = order/2."""
    m = order // 2
    power, side = np.arange(order) % m, np.arange(order) // m
    representations = _one_dimensional(power, side, even=m % 4 == 0)
    if m % 4:  # b^2 = a^(m/2) is -1 where a is -1: b is i or -i
        minus = (1 - 2 * (power % 2)).astype(complex)
        for name, b in (("B1", 1j), ("B2", -1j)):
            representations.append(
                Representation(name, (minus * np.where(side == 1, b, 1)).reshape(order, 1, 1))
            )
    for k in range(1, m // 2):
        w = np.exp(2j * np.pi * ((k * power) % m) / m)
        matrices = np.zeros((order, 2, 2), dtype=complex)
        straight, crossed = side == 0, side == 1
        matrices[straight, 0, 0], matrices[straight, 1, 1] = w[straight], w[straight].conj()
        matrices[crossed, 0, 1], matrices[crossed, 1, 0] = (-1) ** k * w[crossed], w[crossed].conj()
        representations.append(Representation(f"E{k}", matrices))
    return tuple(representations)


def _one_dimensional(turn: np.ndarray, side: np.ndarray, *, even: bool) -> list[Representation]:
    """Return A1, A2 and, where the first generator may be -1 with a real second one, B1, B2."""
    values = [("A1", np.ones(len(turn))), ("A2", 1.0 - 2 * side)]
    if even:
        minus = 1.0 - 2 * (turn % 2)
        values += [("B1", minus), ("B2", minus * (1 - 2 * side))]
    return [Representation(name, value.reshape(-1, 1, 1)) for name, value in values]


def _symmetric(n: int) -> tuple[Representation, ...]:
    return tuple(
        Representation(f"({','.join(map(str, shape))})", orthogonal_form(shape)) for shape in partitions(n)
    )
