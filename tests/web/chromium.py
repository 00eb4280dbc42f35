"""Chromium, where it is installed, and how long it may take."""

from __future__ import annotations

import shutil

import pytest

PATIENCE = 120_000
"""Milliseconds that a busy machine may take."""


def chromium() -> str:
    """Return the browser's path; the test is skipped where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("needs chromium, such as Debian's package of that name")
