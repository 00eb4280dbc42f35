"""The list of all learners, and the definition of runs that are trained elsewhere.

Owns: their order. Experiments, commands, sweep files, cost estimates, reports and shared tests are built from
this list.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from ..tasks import InputError
from ..tasks.catalogue import Catalogue
from .base.contract import LearnerDefinition
from .base.settings import Settings
from .external.definition import EXTERNAL_DEFINITION
from .mlp.definition import MLP_DEFINITION
from .rfm.definition import RFM_DEFINITION
from .transformer.definition import TRANSFORMER_DEFINITION

LEARNERS: Catalogue[LearnerDefinition] = Catalogue(
    "learner", (MLP_DEFINITION, RFM_DEFINITION, TRANSFORMER_DEFINITION)
)
"""Every learner; a new one is a folder and one line here, or is added by `modgrok.extend`."""


def definition_named(name: str) -> LearnerDefinition:
    """Return the learner of that name, or the definition of runs made elsewhere, which no command trains.

    Raises:
        InputError: it is neither.
    """
    return EXTERNAL_DEFINITION if name == EXTERNAL_DEFINITION.name else LEARNERS.named(name)


def definition_of(settings: Settings) -> LearnerDefinition:
    """Return the learner that settings are of.

    Raises:
        InputError: it is not in `LEARNERS`.
    """
    return definition_named(settings.kind)


def precision_of(settings: Settings) -> AbstractContextManager[object]:
    """Return the context in which a run takes place; see `LearnerDefinition.precision`."""
    return definition_of(settings).precision(settings)


def check_trains(definition: LearnerDefinition) -> None:
    """Refuse to train, resume or sweep runs that are only recorded.

    Raises:
        InputError: the learner's runs are trained elsewhere.

    Example:
        >>> check_trains(definition_named("external"))
        Traceback (most recent call last):
        modgrok.io.errors.InputError: learner: must be one that modgrok trains, got external; such ...
    """
    if not definition.trains:
        raise InputError(
            f"learner: must be one that modgrok trains, got {definition.name}; such runs are recorded with "
            "modgrok.log and cannot be trained, resumed or swept here"
        )
