"""Other tools: any stored network, networks that other programs trained, TransformerLens both ways."""

from ..io.weights_path import names_file
from .card import card, card_of_file
from .importing import Imported, import_network
from .load import Loaded, checkpoint_at, load, read_weights
from .transformerlens import from_transformerlens, write_transformerlens

kept_at = checkpoint_at
"""The former name of `checkpoint_at`."""

__all__ = [
    "Imported",
    "Loaded",
    "card",
    "card_of_file",
    "checkpoint_at",
    "from_transformerlens",
    "import_network",
    "kept_at",
    "load",
    "names_file",
    "read_weights",
    "write_transformerlens",
]
