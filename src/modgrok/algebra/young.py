"""Young's orthogonal form: the irreducible representations of the symmetric groups, as real matrices.

Owns: partitions, standard tableaux, and the matrix of every permutation in lexicographic order.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np

Partition = tuple[int, ...]
Tableau = tuple[tuple[int, int], ...]
"""Row and column of each number 1..n."""


def partitions(n: int, largest: int | None = None) -> tuple[Partition, ...]:
    """List the partitions of n, the largest parts first.

    Example:
        >>> partitions(4)
        ((4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1))
    """
    if n == 0:
        return ((),)
    first = range(min(n, n if largest is None else largest), 0, -1)
    return tuple((part, *rest) for part in first for rest in partitions(n - part, part))


def standard_tableaux(shape: Partition) -> tuple[Tableau, ...]:
    """List the standard tableaux of a shape: numbers grow along rows and columns.

    Example:
        >>> standard_tableaux((2, 1))
        (((0, 0), (1, 0), (0, 1)), ((0, 0), (0, 1), (1, 0)))
    """
    if sum(shape) == 0:
        return ((),)
    tableaux = []
    for row, length in enumerate(shape):
        if length > (shape[row + 1] if row + 1 < len(shape) else 0):
            smaller = (*shape[:row], length - 1, *shape[row + 1 :])
            tableaux += [(*tableau, (row, length - 1)) for tableau in standard_tableaux(smaller)]
    return tuple(tableaux)


@cache
def orthogonal_form(shape: Partition) -> np.ndarray:
    """Return the matrix of every permutation in the representation of a partition.

    The exchange of i and i+1 has, on the tableau T, the diagonal entry 1/r with r = c(i+1) - c(i), c the
    column minus the row of a number's box, and sqrt(1 - 1/r^2) between T and T with i and i+1 exchanged.
    Other permutations are products of these.

    Arguments:
        shape: a partition of n, n from 1 to 5 or so: n! matrices are returned.

    Returns:
        float64, read-only, shape (n!, d, d) with d the number of standard tableaux: orthogonal matrices, in
        the order of `symmetric`, rho(a after b) = rho(a) rho(b).

    Example:
        >>> orthogonal_form((1, 1, 1)).ravel().tolist()
        [1.0, -1.0, -1.0, 1.0, 1.0, -1.0]

    Source: Young 1932 (On quantitative substitutional analysis VI); James and Kerber 1981, Sec. 3.4.
    """
    n, tableaux = sum(shape), standard_tableaux(shape)
    elements = list(permutations(range(n)))
    number = {element: index for index, element in enumerate(elements)}
    exchanges = [_exchange(tableaux, i) for i in range(n - 1)]
    matrices = np.zeros((len(elements), len(tableaux), len(tableaux)))
    matrices[0] = np.eye(len(tableaux))
    visited, queue = {0}, [0]
    while queue:
        at = queue.pop()
        for i, exchange in enumerate(exchanges):
            element = list(elements[at])
            element[i], element[i + 1] = element[i + 1], element[i]  # the exchange first, then the element
            after = number[tuple(element)]
            if after not in visited:
                visited.add(after)
                queue.append(after)
                matrices[after] = matrices[at] @ exchange
    matrices.setflags(write=False)
    return matrices


def _exchange(tableaux: tuple[Tableau, ...], i: int) -> np.ndarray:
    number = {tableau: index for index, tableau in enumerate(tableaux)}
    matrix = np.zeros((len(tableaux), len(tableaux)))
    for tableau, index in number.items():
        (row, column), (next_row, next_column) = tableau[i], tableau[i + 1]
        r = (next_column - next_row) - (column - row)
        matrix[index, index] = 1 / r
        moved = (*tableau[:i], tableau[i + 1], tableau[i], *tableau[i + 2 :])
        if moved in number:
            matrix[number[moved], index] = np.sqrt(1 - 1 / r**2)
    return matrix
