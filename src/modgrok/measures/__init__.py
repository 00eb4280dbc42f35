"""Measures: pure functions of weights and the basis of their task."""

from .accuracy import Tally, tally
from .catalogue import MEASURES, measures_reading
from .features.alignment import agop_alignment, feature_correlation
from .features.circulant import circulant_deviation, least_deviation
from .features.features import class_values, domain_agop, network_values
from .features.matrix_measures import MATRIX_MEASURES
from .features.spectrum import effective_rank, spectrum
from .features.structure_share import structure_share, structured_part
from .fourier.ipr import IPR, ipr, ipr_of_neurons, mean_ipr
from .fourier.lens import FourierFrames, Spectra, make_fourier_frames, spectra
from .fourier.phases import (
    PHASE_BINS,
    PHASE_COHERENCE,
    bin_of,
    coherence_of,
    frequency_histogram,
    phase_coherence,
    phase_histogram,
    phase_sums,
)
from .fourier.task_basis import basis_of, basis_of_task
from .fourier.token_waves import TokenFourierBasis, make_token_basis
from .fourier.transformer_measures import (
    TRANSFORMER_MEASURES,
    transformer_measures,
    transformer_numbers,
)
from .measure import Measure
from .norms import WEIGHT_NORM, root_mean_square, weight_norm

METRIC_MEASURES = MATRIX_MEASURES
"""The former name of `MATRIX_MEASURES`."""

Lens = FourierFrames
"""The former name of `FourierFrames`."""

TokenLens = TokenFourierBasis
"""The former name of `TokenFourierBasis`."""

make_lens = make_fourier_frames
"""The former name of `make_fourier_frames`."""

make_token_lens = make_token_basis
"""The former name of `make_token_basis`."""

__all__ = [
    "IPR",
    "MATRIX_MEASURES",
    "MEASURES",
    "METRIC_MEASURES",
    "PHASE_BINS",
    "PHASE_COHERENCE",
    "TRANSFORMER_MEASURES",
    "WEIGHT_NORM",
    "FourierFrames",
    "Lens",
    "Measure",
    "Spectra",
    "Tally",
    "TokenFourierBasis",
    "TokenLens",
    "agop_alignment",
    "basis_of",
    "basis_of_task",
    "bin_of",
    "circulant_deviation",
    "class_values",
    "coherence_of",
    "domain_agop",
    "effective_rank",
    "feature_correlation",
    "frequency_histogram",
    "ipr",
    "ipr_of_neurons",
    "least_deviation",
    "make_fourier_frames",
    "make_lens",
    "make_token_basis",
    "make_token_lens",
    "mean_ipr",
    "measures_reading",
    "network_values",
    "phase_coherence",
    "phase_histogram",
    "phase_sums",
    "root_mean_square",
    "spectra",
    "spectrum",
    "structure_share",
    "structured_part",
    "tally",
    "transformer_measures",
    "transformer_numbers",
    "weight_norm",
]
