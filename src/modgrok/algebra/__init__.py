"""Exact integers and fixed bases: primes, logarithms, residues, groups, Fourier frames."""

from .basis import Basis, additive_basis, group_basis, multiplicative_basis, natural_basis
from .fourier import WaveFrames, real_basis, wave_frames
from .groups import composition_table
from .logs import exponential_table, logarithm_table
from .primes import factorise, is_prime, primitive_root, units
from .representations import RealComponent, Representation, irreducible_representations, real_components
from .residues import inverse, is_unit, power, totient

__all__ = [
    "Basis",
    "RealComponent",
    "Representation",
    "WaveFrames",
    "additive_basis",
    "composition_table",
    "exponential_table",
    "factorise",
    "group_basis",
    "inverse",
    "irreducible_representations",
    "is_prime",
    "is_unit",
    "logarithm_table",
    "multiplicative_basis",
    "natural_basis",
    "power",
    "primitive_root",
    "real_basis",
    "real_components",
    "totient",
    "units",
    "wave_frames",
]
