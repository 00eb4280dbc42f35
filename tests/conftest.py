"""Shapes and types are checked at run time in the tests: every annotated function of the package."""

from __future__ import annotations

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the tests' processes share the cores already

from jaxtyping import install_import_hook

install_import_hook("modgrok", "beartype.beartype")
