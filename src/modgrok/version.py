"""The version of the package, its one address."""

__version__ = "0.1.0"
