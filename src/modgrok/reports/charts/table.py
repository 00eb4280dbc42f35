"""A tidy table: what every chart draws."""

from __future__ import annotations

from typing import Any

Table = list[dict[str, Any]]
"""Rows of named values, one observation per row."""
