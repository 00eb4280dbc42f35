"""Compiled functions with fixed arguments, and trees of arrays as one vector."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from modgrok.models.program import pack_arrays, unpack_arrays


def test_every_type_of_number_comes_back_bit_for_bit() -> None:
    def tree() -> dict[str, Any]:
        return {
            "flags": jnp.array([True, False]),
            "counts": jnp.array([[1, -2, 3]], jnp.int8),
            "halves": jnp.array([1.5, -0.25], jnp.bfloat16),
            "singles": jnp.array([jnp.nan, -0.0, 1e-40], jnp.float32),
            "doubles": jnp.array([0.1, -jnp.inf]),
            "step": jnp.int64(-3),
        }

    with jax.enable_x64(True):
        expected = jax.device_get(tree())
        actual = unpack_arrays(jax.jit(lambda: pack_arrays(tree()))())
    for name, array in expected.items():
        assert actual[name].dtype == array.dtype
        assert actual[name].shape == array.shape
        assert np.asarray(actual[name]).tobytes() == np.asarray(array).tobytes()
