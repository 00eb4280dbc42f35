"""The command line: one file a verb, nothing imported before it is needed."""

from .app import main

__all__ = ["main"]
