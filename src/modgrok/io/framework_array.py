"""Arrays of other frameworks as NumPy arrays, without importing any of these frameworks.

Owns: which protocols are asked, and in which order. PyTorch tensors are detached and brought to the CPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import InputError, shorten


def numpy_array(value: Any, argument: str) -> np.ndarray:
    """Return an array of real numbers of any framework as a NumPy array, without a copy where possible.

    Arguments:
        value: an array of NumPy or JAX, a PyTorch tensor on any device, with or without gradient, nested
            sequences of numbers, or any other object with `__array__` or `__dlpack__`. Numbers in bfloat16,
            which NumPy lacks, become float32.
        argument: its name in messages.

    Returns:
        The array; it may share memory with `value`, and may be read-only.

    Raises:
        InputError: it cannot be read, or does not hold real numbers.

    Example:
        >>> numpy_array([[1, 2], [3, 4]], "logits").shape
        (2, 2)
        >>> numpy_array("weights", "logits")
        Traceback (most recent call last):
        modgrok.io.errors.InputError: logits: must be an array of real numbers, got str
    """
    try:
        array = read_array(value)
    except (TypeError, ValueError, RuntimeError, BufferError, AttributeError) as error:
        raise InputError(
            f"{argument}: must be an array that NumPy can read, got {type(value).__name__} "
            f"({shorten(error, 90)})"
        ) from None
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        what = type(value).__name__ if array.ndim == 0 else f"an array of {array.dtype}"
        raise InputError(f"{argument}: must be an array of real numbers, got {what}")
    return array


def read_array(value: Any) -> np.ndarray:
    """Return what `numpy_array` returns, of any type of entries, and with the errors of the framework."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a PyTorch tensor
        value = value.detach().cpu()
        if str(value.dtype).endswith("bfloat16"):
            value = value.float()
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        return np.from_dlpack(value)
    return np.asarray(value)
