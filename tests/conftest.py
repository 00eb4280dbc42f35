"""Shapes and types are checked at run time in the tests: every annotated function of the package."""

from __future__ import annotations

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

from jaxtyping import install_import_hook

install_import_hook("modgrok", "beartype.beartype")
