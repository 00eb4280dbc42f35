"""Padding: training sets of different sizes brought to one, so that their runs share a compiled step.

Owns: which runs may be padded. The padding itself is `training.problem`'s, the mask the learner's.
"""

from __future__ import annotations

from ..learners.mlp.settings import MLPSettings
from ..tasks import InputError
from .experiment import Experiment


def check_room(experiment: Experiment) -> None:
    """Refuse to pad where padding would change more than rounding.

    Raises:
        InputError: another learner, mini-batches, dropout, a regulariser over inputs, or symmetric splits.
    """
    settings = experiment.learner
    plain = isinstance(settings, MLPSettings) and not (
        settings.batch_size or settings.dropout or settings.agop_weight or experiment.symmetric
    )
    if not plain:
        raise InputError(
            "pad: must be left to learner mlp with full batches, without dropout, agop_weight and symmetric "
            f"splits, got learner {settings.kind}"
        )
