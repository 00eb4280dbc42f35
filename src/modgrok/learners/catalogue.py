"""The list of all learners.

Owns: their order. Experiments, commands, sweep files, cost estimates, reports and shared tests are built from
this list.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from ..tasks.catalogue import Catalogue
from .base.contract import LearnerDefinition
from .base.settings import Settings
from .mlp.definition import MLP_DEFINITION
from .rfm.definition import RFM_DEFINITION
from .transformer.definition import TRANSFORMER_DEFINITION

LEARNERS: Catalogue[LearnerDefinition] = Catalogue(
    "learner", (MLP_DEFINITION, RFM_DEFINITION, TRANSFORMER_DEFINITION)
)
"""Every learner; a new one is a folder and one line here, or is added by `modgrok.extend`."""


def definition_of(settings: Settings) -> LearnerDefinition:
    """Return the learner that settings are of.

    Raises:
        InputError: it is not in `LEARNERS`.
    """
    return LEARNERS.named(settings.kind)


def precision_of(settings: Settings) -> AbstractContextManager[object]:
    """Return the context in which a run takes place; see `LearnerDefinition.precision`."""
    return definition_of(settings).precision(settings)
