"""Networks in closed form, and the exhaustive check of any network."""

from .additive import additive
from .construction import PHASES, Construction, construct
from .experts import Experts, construct_experts, experts
from .forms import Form, Witness, monomial, tabulate, weighted_sum
from .multiplicative import multiplicative
from .network import normalised
from .precision import rounding_bound
from .readout import READOUTS
from .verify import VerificationReport, verify
from .width import accuracy_table, smallest_width

Report = VerificationReport
"""The former name of `VerificationReport`."""

__all__ = [
    "PHASES",
    "READOUTS",
    "Construction",
    "Experts",
    "Form",
    "Report",
    "VerificationReport",
    "Witness",
    "accuracy_table",
    "additive",
    "construct",
    "construct_experts",
    "experts",
    "monomial",
    "multiplicative",
    "normalised",
    "rounding_bound",
    "smallest_width",
    "tabulate",
    "verify",
    "weighted_sum",
]
