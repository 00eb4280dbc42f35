"""How much a long test repeats, by environment variables: a campaign is a long test with a larger count."""

from __future__ import annotations

import os


def count(name: str, default: int) -> int:
    """Return how often to repeat.

    Arguments:
        name: of the environment variable `MODGROK_TEST_<name>`, such as `KILLS` or `EXAMPLES`.
        default: without it.
    """
    return int(os.environ.get(f"MODGROK_TEST_{name}", default))
