"""The list of all measures.

Owns: their order, and which of them read one kind of subject. Records, tables, reports and documentation read
this list and nothing else.
"""

from __future__ import annotations

from typing import Any

from ..tasks.catalogue import Catalogue
from .circuit.circuit import CIRCUIT_MEASURES
from .counts import COUNT_MEASURES
from .features.matrix_measures import MATRIX_MEASURES
from .fourier.ipr import IPR
from .fourier.phases import FREQUENCIES, PHASE_COHERENCE
from .fourier.transformer_measures import TRANSFORMER_MEASURES
from .logits.logit_list import HIDDEN_MEASURES, LOGIT_MEASURES
from .measure import Measure
from .norms import WEIGHT_NORM
from .optimisation import DESCENT_MEASURES, SOLVE_MEASURES

MEASURES: Catalogue[Measure] = Catalogue(
    "measure",
    (
        *COUNT_MEASURES,
        WEIGHT_NORM,
        *DESCENT_MEASURES,
        IPR,
        PHASE_COHERENCE,
        FREQUENCIES,
        *MATRIX_MEASURES,
        *SOLVE_MEASURES,
        *TRANSFORMER_MEASURES,
        *CIRCUIT_MEASURES,
        *LOGIT_MEASURES,
        *HIDDEN_MEASURES,
    ),
)
"""Every measure, whatever it reads; a new one enters records, reports and shared tests by one line here."""


def measures_reading(reads: str, frame: Any = None) -> tuple[Measure, ...]:
    """Return the measures of one kind of subject that are defined in a frame.

    Example:
        >>> [measure.name for measure in measures_reading("kernel_solve")]
        ['condition', 'singular']
    """
    return tuple(measure for measure in MEASURES if measure.reads == reads and measure.defined(frame))
