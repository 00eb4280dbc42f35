"""The list of learners that have panels of their own; the runs of others show curves."""

from __future__ import annotations

from ...tasks.catalogue import Catalogue
from .base import LearnerPanels
from .external import EXTERNAL_PANELS
from .mlp import MLP_PANELS
from .rfm import RFM_PANELS
from .transformer import TRANSFORMER_PANELS

LEARNER_PANELS: Catalogue[LearnerPanels] = Catalogue(
    "learner", (MLP_PANELS, RFM_PANELS, TRANSFORMER_PANELS, EXTERNAL_PANELS)
)
"""Panels by learner; a new learner's are a file here and one line, or are added by `modgrok.extend`."""
