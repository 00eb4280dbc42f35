"""The version of the package, its one address."""

__version__ = "0.1.0"
"""Version of the package, by semantic versioning."""
