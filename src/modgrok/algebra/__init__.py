"""Exact integers and fixed bases: primes, logarithms, Fourier bases, finite groups."""

from .logs import exponential_table, logarithm_table
from .primes import factorise, is_prime, primitive_root, units

__all__ = ["exponential_table", "factorise", "is_prime", "logarithm_table", "primitive_root", "units"]
