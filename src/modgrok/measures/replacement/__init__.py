"""Networks whose weights are replaced by the waves in them: how much of their answers the waves compute."""

from .accuracy_bound import AccuracyBound, accuracy_bound
from .replacement import REPLACERS, Replacement, Replacer, replace_weights

__all__ = ["REPLACERS", "AccuracyBound", "Replacement", "Replacer", "accuracy_bound", "replace_weights"]
