"""Networks whose weights are replaced by the waves in them: how much of their answers the waves compute."""

from .replacement import REPLACERS, Replacement, Replacer, replace_weights

__all__ = ["REPLACERS", "Replacement", "Replacer", "replace_weights"]
