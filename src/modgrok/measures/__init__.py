"""Measures: pure functions of weights and the basis of their task."""

from .accuracy import Tally, tally
from .features.alignment import agop_alignment, feature_correlation
from .features.circulant import circulant_deviation, least_deviation
from .features.features import class_values, domain_agop, network_values
from .features.metric_measure import METRIC_MEASURES, MetricMeasure
from .features.spectrum import effective_rank, spectrum
from .features.structure_share import structure_share, structured_part
from .fourier.ipr import IPR, ipr, ipr_of_neurons, mean_ipr
from .fourier.lens import Lens, Spectra, make_lens, spectra
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
from .fourier.token_waves import TokenLens, make_token_lens
from .fourier.transformer_measure import (
    TRANSFORMER_MEASURES,
    TransformerMeasure,
    transformer_measures,
    transformer_numbers,
)
from .measure import Measure
from .norms import WEIGHT_NORM, root_mean_square, weight_norm

MEASURES: tuple[Measure, ...] = (IPR, PHASE_COHERENCE, WEIGHT_NORM)
"""Every measure of a two-layer network; a new one enters all shared tests by one line here."""

__all__ = [
    "IPR",
    "MEASURES",
    "METRIC_MEASURES",
    "PHASE_BINS",
    "PHASE_COHERENCE",
    "TRANSFORMER_MEASURES",
    "WEIGHT_NORM",
    "Lens",
    "Measure",
    "MetricMeasure",
    "Spectra",
    "Tally",
    "TokenLens",
    "TransformerMeasure",
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
    "make_lens",
    "make_token_lens",
    "mean_ipr",
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
