"""The cache of compiled programs, which several processes share."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from modgrok.cli.shared.cache import enable_compilation_cache


@pytest.mark.parametrize("verb", ["reading", "writing"])
def test_an_entry_that_another_process_is_writing_is_no_warning(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path))  # a folder of the user's own
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        enable_compilation_cache()
        warnings.warn(f"Error {verb} persistent compilation cache entry for 'jit_step'", stacklevel=1)
        with pytest.raises(UserWarning, match="another"):
            warnings.warn("another", stacklevel=1)
