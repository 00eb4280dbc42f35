"""Exact integers and fixed bases: primes, logarithms, residues, groups, Fourier frames."""

from .basis import Basis, additive_basis, multiplicative_basis, natural_basis
from .fourier import WaveFrames, real_basis, wave_frames
from .groups import composition_table
from .logs import exponential_table, logarithm_table
from .primes import factorise, is_prime, primitive_root, units
from .representations import Representation, irreducible_representations
from .residues import inverse, is_unit, power, totient

__all__ = [
    "Basis",
    "Representation",
    "WaveFrames",
    "additive_basis",
    "composition_table",
    "exponential_table",
    "factorise",
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
    "totient",
    "units",
    "wave_frames",
]
