"""What a step and an observation of a two-layer network compute.

Owns: the formulas.
"""

from __future__ import annotations

from ...tasks import Task
from ..base.operations import (
    FRESH,
    OBSERVATION_DISPATCHES,
    LearnerOperations,
    Operations,
    loss_operations,
    muon_products,
    update_operations,
)
from .settings import MLPSettings

SPECTRUM = 60
"""Numbers that the waves of one weight take: k + 1 small products, the fit of its phase, the powers."""
COMPILATIONS = 50.0


def mlp_operations(settings: MLPSettings, n: float, task: Task) -> LearnerOperations:
    """Count, for h hidden units, c classes, k operands, m inputs of the table and b of a batch.

    A step: 3 b h c for the products; b h (3 k + 3) numbers for the gathers of the hidden layer, which the
    backward pass makes again, and their scatter. An observation: the gradient of the whole training set, the
    forward pass of the table, the waves of (k + 1) p weights of each unit.

    Arguments:
        settings: of the learner.
        n: number of training inputs.
        task: with m inputs.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> mlp_operations(MLPSettings(width=8), 15, task_from_expression("x + y", 5)).step.products
        1800.0
    """
    h, c, k, m = settings.width, task.p, task.k, task.size
    batch = min(n, float(settings.batch_size or n))
    parameters = h * (sum(task.table.shape) + c)
    step = _gradient(settings, batch, task) + update_operations(
        settings.optimiser, parameters, filtered=settings.grokfast > 0
    )
    if settings.optimiser == "muon":
        step = step + Operations(products=(k + 1) * muon_products(c, h))
    forward = Operations(products=m * h * c, numbers=(2 * k + 6 + FRESH) * m * h + 8 * m * c, calls=30)
    fresh = Operations(numbers=FRESH * n * h)
    waves = Operations(products=(k + 1) * h * c * c, numbers=SPECTRUM * (k + 1) * h * c, calls=40)
    return LearnerOperations(
        step,
        _gradient(settings, n, task)
        + fresh
        + forward
        + loss_operations(settings.loss, m, c)
        + waves
        + Operations(dispatches=OBSERVATION_DISPATCHES),
        COMPILATIONS,
    )


def _gradient(settings: MLPSettings, batch: float, task: Task) -> Operations:
    h, c, k = settings.width, task.p, task.k
    mapped = 3 * k * c * c * h if settings.inputs != "one-hot" else 0.0
    powers = settings.activation is None or settings.activation.startswith("power")
    gradient = Operations(
        products=3 * batch * h * c + mapped,
        numbers=(3 * k + 3 + (2 if settings.dropout else 0)) * batch * h,
        exponentials=0.0 if powers or settings.activation == "relu" else 2 * batch * h,
        calls=90,
    )
    return gradient + loss_operations(settings.loss, batch, c)
