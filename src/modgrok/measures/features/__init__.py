"""Feature matrices: alignment, circulant structure, spectra."""
