"""How much memory a two-layer network's training takes.

Owns: the formula.
"""

from __future__ import annotations

from ...tasks import Task
from ..base.memory import EVALUATED, MemoryNeed, network_bytes, table_bytes
from .settings import MLPSettings


def mlp_memory(settings: MLPSettings, n: int, task: Task) -> MemoryNeed:
    """Estimate the peak of a run.

    N (kp + c) weights; on the training set 3 N n numbers for the hidden layer (preactivations, features,
    their gradient) and 3 c n for logits; on 16,384 inputs of the table at a time 2 N and 2 c each.
    Mini-batches save nothing: the gradient norm is that of the full training set.

    Arguments:
        settings: of the learner.
        n: number of training inputs.
        task: with p^k inputs and c = p classes.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> need = mlp_memory(MLPSettings(width=1_000_000), 4704, task_from_expression("x + y", 97))
        >>> need.argument, need.bytes > 50 * 2**30
        ('width', True)
    """
    width, c = settings.width, task.p
    parameters = width * (sum(task.table.shape) + c)
    training = 3 * n * (width + c)
    evaluation = 2 * min(task.size, EVALUATED) * (width + c)
    needed = table_bytes(task) + network_bytes(
        parameters,
        settings.optimiser,
        filtered=settings.grokfast > 0,
        training=training,
        evaluation=evaluation,
    )
    wide = width > MLPSettings.model_fields["width"].default
    reason = f"a hidden layer of {width:,} units on {n:,} training inputs"
    return MemoryNeed(needed, "width" if wide else "p", reason)
