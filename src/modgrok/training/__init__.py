"""Gradient training: the problem, losses, optimisers, one update."""
