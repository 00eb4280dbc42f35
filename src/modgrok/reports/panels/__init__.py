"""Panels: one chart each, of numbers that a view or a run gives."""
