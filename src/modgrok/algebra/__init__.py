"""Exact integers and fixed bases: primes, logarithms, residues, groups, Fourier frames."""

from .affine_symmetries import affine_images, affine_symmetries
from .basis import Basis, additive_basis, group_basis, multiplicative_basis, natural_basis
from .cubics import CubicClass, cubic_classes
from .fourier import WaveFrames, real_basis, wave_frames
from .groups import composition_table
from .logs import exponential_table, logarithm_table
from .primes import factorise, is_prime, primitive_root, units
from .quadratics import QuadraticClass, least_nonresidue, quadratic_class_of, quadratic_classes
from .representations import RealComponent, Representation, irreducible_representations, real_components
from .residues import inverse, is_unit, power, totient

__all__ = [
    "Basis",
    "CubicClass",
    "QuadraticClass",
    "RealComponent",
    "Representation",
    "WaveFrames",
    "additive_basis",
    "affine_images",
    "affine_symmetries",
    "composition_table",
    "cubic_classes",
    "exponential_table",
    "factorise",
    "group_basis",
    "inverse",
    "irreducible_representations",
    "is_prime",
    "is_unit",
    "least_nonresidue",
    "logarithm_table",
    "multiplicative_basis",
    "natural_basis",
    "power",
    "primitive_root",
    "quadratic_class_of",
    "quadratic_classes",
    "real_basis",
    "real_components",
    "totient",
    "units",
    "wave_frames",
]
