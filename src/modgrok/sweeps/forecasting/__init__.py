"""Forecasts of grokking from the first part of a run."""
