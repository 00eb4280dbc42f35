"""Randomness: named streams from one seed.

Owns: how a seed and a name become numbers. Streams of different names are independent, so that a change in
one part of a run (another split, say) leaves the others as they were.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray, UInt32

StreamName = Literal["split", "init", "noise", "batch"]


def stream_seed(seed: int, name: StreamName) -> int:
    """Return 64 bits of SHA-256 of `name:seed`.

    Example:
        >>> stream_seed(0, "split") != stream_seed(0, "init")
        True
    """
    return int.from_bytes(hashlib.sha256(f"{name}:{seed}".encode()).digest()[:8], "big")


def words(seed: int, name: StreamName) -> np.random.PCG64:
    """Return a NumPy source of raw 64-bit words, for exact choices on the host."""
    return np.random.PCG64(stream_seed(seed, name))


def key_words(seed: int, name: StreamName) -> UInt32[np.ndarray, 2]:
    """Return the two words of a stream's JAX key; see `key_of`."""
    bits = stream_seed(seed, name)
    return np.array([bits >> 32, bits & 0xFFFFFFFF], np.uint32)


def key_of(words: UInt32[Array | np.ndarray, 2]) -> PRNGKeyArray:
    """Return the JAX key of two words, for draws on the device; best made inside a compiled function."""
    return jax.random.wrap_key_data(jnp.asarray(words), impl="threefry2x32")
