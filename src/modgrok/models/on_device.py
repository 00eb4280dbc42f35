"""Host numbers to device arrays without compiling anything.

`jnp.asarray` of a NumPy array compiles a small program for each shape it meets, 20 ms each from the cache;
a plain copy is what is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import numpy as np
from jax import Array


def on_device(value: Any, dtype: Any = None) -> Array:
    """Copy a number or an array to the device.

    Arguments:
        value: what NumPy reads as an array.
        dtype: of the result; that of the value if None, with 64 bits only inside `jax.enable_x64`.

    Example:
        >>> on_device(2.5, np.float32).dtype, on_device([1, 2], np.int32).shape
        (dtype('float32'), (2,))
    """
    return jax.device_put(np.asarray(value, dtype))


def all_on_device(arrays: Sequence[np.ndarray]) -> list[Array]:
    """Copy several arrays to the device at once, in half the time that one after another takes.

    Example:
        >>> [array.shape for array in all_on_device((np.zeros(2), np.zeros((3, 1))))]
        [(2,), (3, 1)]
    """
    return list(jax.device_put(tuple(arrays)))


def scalar_on_device(value: float, dtype: Any) -> Array:
    """Copy a number to the device; equal numbers of one type are copied once.

    A learner has a dozen of these, mostly the same for all runs of a sweep.

    Arguments:
        value: any number.
        dtype: of the result; 64 bits only inside `jax.enable_x64`.

    Example:
        >>> scalar_on_device(0.5, np.float32) is scalar_on_device(0.5, np.float32)
        True
    """
    number = np.asarray(value, dtype)
    return _scalar(number.tobytes(), number.dtype, bool(jax.config.read("jax_enable_x64")))


@lru_cache(maxsize=256)
def _scalar(content: bytes, dtype: np.dtype[Any], double: bool) -> Array:
    return jax.device_put(np.frombuffer(content, dtype)[0])
