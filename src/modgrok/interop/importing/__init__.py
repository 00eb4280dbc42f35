"""Networks that other programs trained, from their weights alone.

Weights do not say all that a network computes. Whatever they leave open (the order of tokens, how many heads
there are, which of two square matrices is turned, the activation) is a reading; readings are tested on the
task's whole table, and the one that answers it is taken, or the import is refused.
"""

from .importer import Imported as Imported
from .importer import import_network as import_network
