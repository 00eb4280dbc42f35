"""Sweep files: axes, members, and the table of a critical search."""
