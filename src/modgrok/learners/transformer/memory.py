"""How much memory a transformer's training takes.

Owns: the formula.
"""

from __future__ import annotations

from ...models.transformer import length_of
from ...tasks import Task
from ..base.memory import EVALUATED, MemoryNeed, network_bytes, table_bytes
from .initialisation import vocabulary_of
from .learner import pass_of
from .settings import TransformerSettings

SIZES = ("d_model", "layers", "d_mlp", "heads", "d_head")
"""Settings that make a network large, the one to blame first."""


def transformer_parameters(settings: TransformerSettings, task: Task) -> int:
    """Count the weights: v d + d c outside the layers, 4 d h e + 2 d m in each, biases and norms left out."""
    d, tasks = settings.d_model, len(task.parts) or 1
    inner = settings.heads * settings.head_width
    tokens = vocabulary_of(task.p, tasks)
    length = length_of(settings.layout, task.k) if settings.positional_embedding else 0
    layer = 4 * d * inner + 2 * d * settings.d_mlp
    return (tokens + length + task.p) * d + settings.layers * layer


def transformer_memory(settings: TransformerSettings, n: int, task: Task) -> MemoryNeed:
    """Estimate the peak of a run.

    Activations on the training set, with their gradients: in the fast pass of one layer 3 (d + h e + m + c)
    + h t numbers an input, in the plain one t (6 d + 4 h e + 3 m + h t) a layer and 3 t c; on 16,384 inputs
    of the table at a time those of one layer. Mini-batches save nothing: the gradient norm is that of the
    full training set.

    Arguments:
        settings: of the learner.
        n: number of training inputs.
        task: with c = p classes and sequences of t tokens.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> need = transformer_memory(
        ...     TransformerSettings(d_model=8192, layers=12), 4704, task_from_expression("x + y", 97)
        ... )
        >>> need.argument, need.bytes > 100 * 2**30
        ('d_model', True)
    """
    d, m, heads, c = settings.d_model, settings.d_mlp, settings.heads, task.p
    inner = heads * settings.head_width
    t = length_of(settings.layout, task.k)
    if pass_of(settings) == "fast":
        each = 3 * (d + inner + m + c) + heads * t
        one = each
    else:
        layer = t * (6 * d + 4 * inner + 3 * m + heads * t)
        one = layer + 2 * t * c
        each = settings.layers * layer + 3 * t * c
    needed = table_bytes(task) + network_bytes(
        transformer_parameters(settings, task),
        settings.optimiser,
        filtered=settings.grokfast > 0,
        training=n * each,
        evaluation=min(task.size, EVALUATED) * one,
    )
    fields = TransformerSettings.model_fields
    above = [name for name in SIZES if (getattr(settings, name) or 0) > (fields[name].default or 8192)]
    reason = f"a transformer of {settings.layers} layers of width {d:,} on {n:,} training inputs"
    return MemoryNeed(needed, above[0] if above else "p", reason)
