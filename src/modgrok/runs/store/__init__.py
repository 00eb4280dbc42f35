"""The store: a database of scalars beside files of arrays."""
