"""Logits over the domain of a task, a slice of rows at a time.

Owns: the accepted layouts of an array of logits, its checks, and asking a network in chunks of one shape. A
network is any function of inputs; nothing here knows which kind it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from ...io import numpy_array
from ...tasks import InputError, Task
from ...tasks.errors import NotFiniteError, shorten

LARGEST = 1e100
"""Size of logits; sums of the squares of larger ones leave float64."""
CHUNK = 4096
"""Inputs taken at once: bounds memory at a few times CHUNK * c numbers."""

MOST_CACHED = 2**25
"""Logits of a network that are kept in memory; of more, every chunk is asked for each time."""

Rows = Callable[[int, int], np.ndarray]
"""First and last (excluded) row -> logits, shape (rows, c), in the order of `task.domain`."""


def rows_of_array(task: Task, logits: Any) -> Rows:
    """Read an array of logits.

    Arguments:
        task: gives the number of inputs and classes.
        logits: real numbers, shape (n, p) in the order of `task.domain`, or (p^k, p) or (p, ..., p, p) over
            all inputs, of which those outside the domain are left out; of any framework (`io.numpy_array`).

    Raises:
        InputError: another shape or type, or a number in the domain that is not finite.
    """
    if not isinstance(task, Task):
        source = "modgrok.tasks.task_from_expression"
        raise InputError(f"task: must be a task, such as {source} returns, got {shorten(task)}")
    array = numpy_array(logits, "logits")
    shapes = [(task.size, task.p), (task.table.size, task.p), (*task.table.shape, task.p)]
    if array.shape not in shapes:
        allowed = " or ".join(str(shape) for shape in dict.fromkeys(shapes))
        raise InputError(f"logits: must have shape {allowed}, got {array.shape}")
    if array.dtype.kind not in "fiu":
        raise InputError(f"logits: must be real numbers, got type {array.dtype}")
    flat = array.reshape(-1, task.p)
    whole = len(flat) == task.size

    def rows(start: int, stop: int) -> np.ndarray:
        chosen = flat[start:stop] if whole else flat[task.domain[start:stop]]
        return np.asarray(chosen)

    return checked(task, rows)


def rows_of_network(task: Task, network: Any, *, chunk: int = CHUNK) -> Rows:
    """Ask a network for the logits of each input of the domain.

    Arguments:
        task: gives the inputs.
        network: inputs int32 (n, k) -> logits (n, p). An Equinox module is compiled once; any other function
            is called as it is, with NumPy arrays.
        chunk: inputs asked at once. The last ones are filled up to one shape.
    """
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    leaves = [leaf for leaf in jax.tree_util.tree_leaves(network) if hasattr(leaf, "dtype")]
    double = any(leaf.dtype == np.float64 for leaf in leaves)
    size = even_chunk(task.size, chunk)
    compiled = isinstance(network, eqx.Module)
    forward = _forward()

    def rows(start: int, stop: int) -> np.ndarray:
        parts = []
        with jax.enable_x64(double), jax.default_matmul_precision("float32"):
            for first in range(start, stop, size):
                inputs = task.inputs(task.domain[first : min(first + size, stop)])
                padded = np.pad(inputs, ((0, size - len(inputs)), (0, 0)), mode="edge")
                logits = forward(network, jnp.asarray(padded)) if compiled else network(padded)
                parts.append(np.asarray(logits)[: len(inputs)])
        return np.concatenate(parts)

    return checked(task, rows)


@cache
def _forward() -> Callable[[Any, Any], Any]:
    """Return the compiled forward pass, one for networks of the same structure and shapes."""
    import equinox as eqx

    return eqx.filter_jit(lambda net, inputs: net(inputs))


def checked(task: Task, rows: Rows) -> Rows:
    """Refuse rows of another width, and numbers that are not finite, when they are read."""

    def read(start: int, stop: int) -> np.ndarray:
        logits = rows(start, stop)
        if logits.ndim != 2 or logits.shape[1] != task.p:
            raise InputError(
                f"logits: must have one column for each of {task.p} classes, got {logits.shape[1:]}"
            )
        most = float(np.abs(logits).max(initial=0))
        if not math.isfinite(most):
            row, column = np.argwhere(~np.isfinite(logits))[0]
            inputs = tuple(task.inputs(task.domain[start + row : start + row + 1])[0].tolist())
            raise NotFiniteError(
                f"logits: must be finite in the domain, got {logits[row, column]} at input {inputs}"
            )
        if most > LARGEST:
            raise NotFiniteError(f"logits: must be at most {LARGEST:g} in size, got {most:g}")
        return logits

    return read


def cached(task: Task, rows: Rows) -> Rows:
    """Keep all rows in memory where they are few, so that a network is asked once.

    Arguments:
        task: gives the number of rows and columns.
        rows: what to keep.
    """
    if task.size * task.p > MOST_CACHED:
        return rows
    stored = rows(0, task.size)
    return lambda start, stop: stored[start:stop]


def even_chunk(size: int, most: int) -> int:
    """Return the size of the fewest chunks of equal size, each of at most `most` rows, that hold all rows.

    Example:
        >>> even_chunk(9409, 4096), even_chunk(25, 4096)
        (3137, 25)
    """
    count = math.ceil(size / most)
    return math.ceil(size / count)


def chunks(size: int, chunk: int = CHUNK) -> Iterator[tuple[int, int]]:
    """Go through the first and last (excluded) rows of each chunk."""
    for start in range(0, size, chunk):
        yield start, min(start + chunk, size)
