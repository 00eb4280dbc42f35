"""Kernels under a feature matrix M, on dense vectors and, through lookups, on tuples of one-hot vectors."""

from .catalogue import KERNELS, KernelType
from .gaussian import Gaussian
from .general_quadratic import GeneralQuadratic
from .kernel import FormKernel, Kernel
from .laplace import Laplace
from .layout import Layout, make_layout, widen_layout
from .moments import agop
from .ntk import NTK
from .quadratic import Quadratic
from .tables import features, kernel_matrix, predict

__all__ = [
    "KERNELS",
    "NTK",
    "FormKernel",
    "Gaussian",
    "GeneralQuadratic",
    "Kernel",
    "KernelType",
    "Laplace",
    "Layout",
    "Quadratic",
    "agop",
    "features",
    "kernel_matrix",
    "make_layout",
    "predict",
    "widen_layout",
]
