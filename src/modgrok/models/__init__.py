"""Weight records and their forward passes."""

from .activations import ACTIVATIONS, activation
from .deep_mlp import DeepMLP, Dense
from .kernel_machine import KernelMachine
from .kernels import KERNELS, Kernel
from .mlp import MLP, plain
from .transformer import LAYOUTS, Block, Norm, Transformer, activations
from .transformer_fast import best_logits, fast_logits

__all__ = [
    "ACTIVATIONS",
    "KERNELS",
    "LAYOUTS",
    "MLP",
    "Block",
    "DeepMLP",
    "Dense",
    "Kernel",
    "KernelMachine",
    "Norm",
    "Transformer",
    "activation",
    "activations",
    "best_logits",
    "fast_logits",
    "plain",
]
