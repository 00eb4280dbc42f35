"""Weight records and their forward passes."""

from .activations import ACTIVATIONS, activation
from .mlp import MLP, plain

__all__ = ["ACTIVATIONS", "MLP", "activation", "plain"]
