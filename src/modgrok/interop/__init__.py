"""Other tools: any stored network, networks that other programs trained, TransformerLens both ways."""

from .card import card, card_of_file
from .importing import Imported, import_network
from .load import Loaded, kept_at, load, names_file, read_weights
from .transformerlens import from_transformerlens, write_transformerlens

__all__ = [
    "Imported",
    "Loaded",
    "card",
    "card_of_file",
    "from_transformerlens",
    "import_network",
    "kept_at",
    "load",
    "names_file",
    "read_weights",
    "write_transformerlens",
]
