"""What a step and an observation of a transformer compute.

Owns: the formulas.
"""

from __future__ import annotations

from ...models.transformer import length_of
from ...tasks import Task
from ..base.operations import (
    FRESH,
    OBSERVATION_DISPATCHES,
    LearnerOperations,
    Operations,
    loss_operations,
    update_operations,
)
from .initialisation import vocabulary_of
from .learner import pass_of
from .memory import transformer_parameters
from .settings import TransformerSettings

FAST_COMPILATIONS = 170.0
PLAIN_COMPILATIONS, LAYER_COMPILATIONS = 120.0, 10.0
"""Of the fast pass with its tables of tokens; of the plain one, and of each of its layers."""


def transformer_operations(settings: TransformerSettings, n: float, task: Task) -> LearnerOperations:
    """Count, for b inputs of a batch, width d, heads of h e in all, m hidden units, c classes, t tokens.

    A step is three forward passes. One of the fast pass: b (d h e + d m + (m + d) c), d m c for W_out W_U,
    and the tables of tokens, which are made a fourth time. One of the plain pass: b t (4 d h e + 2 d m +
    2 t h e) a layer and b t d c.

    Arguments:
        settings: of the learner.
        n: number of training inputs.
        task: with c = p classes.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> settings = TransformerSettings(d_model=8, heads=2, d_mlp=16, layers=2)
        >>> operations = transformer_operations(settings, 12, task_from_expression("x + y", 5))
        >>> operations.step.products
        125280.0
    """
    batch = min(n, float(settings.batch_size or n))
    c, m = task.p, task.size
    step = _forward(settings, batch, task) * 3.0 + loss_operations(settings.loss, batch, c)
    step = step + update_operations(
        settings.optimiser, transformer_parameters(settings, task), filtered=settings.grokfast > 0
    )
    gradient = _forward(settings, n, task) * 3.0 + loss_operations(settings.loss, n, c) * 2.0
    waves = Operations(
        products=2 * c * c * (settings.d_model + settings.d_mlp) + settings.d_model * settings.d_mlp * c,
        numbers=20 * c * (settings.d_model + settings.d_mlp),
        calls=120,
        dispatches=OBSERVATION_DISPATCHES,
    )
    forward = _forward(settings, m, task) + loss_operations(settings.loss, m, c)
    table = Operations(numbers=8 * m * c)
    hidden = settings.d_mlp * (length_of(settings.layout, task.k) if pass_of(settings) == "plain" else 1)
    fresh = Operations(numbers=FRESH * (n * settings.layers + m) * hidden)
    fast = pass_of(settings) == "fast"
    compilations = FAST_COMPILATIONS if fast else PLAIN_COMPILATIONS + LAYER_COMPILATIONS * settings.layers
    return LearnerOperations(step, gradient + forward + table + waves + fresh, compilations)


def _forward(settings: TransformerSettings, inputs: float, task: Task) -> Operations:
    """Count one forward pass of so many inputs, with a third of the tables' fourth making."""
    d, hidden, heads, c, k = settings.d_model, settings.d_mlp, settings.heads, task.p, task.k
    inner = heads * settings.head_width
    t = length_of(settings.layout, task.k)
    if pass_of(settings) == "fast":
        return Operations(
            products=inputs * (d * inner + d * hidden + (hidden + d) * c)
            + d * hidden * c
            + 4 / 3 * _tables(settings, inner, task),
            numbers=inputs * (8 * d + (4 * k + 4) * inner + 6 * hidden + 20 * heads * t),
            exponentials=inputs * heads * t,
            calls=110,
        )
    layer = inputs * t * (4 * d * inner + 2 * d * hidden + 2 * t * inner)
    return Operations(
        products=settings.layers * layer + inputs * t * d * c,
        numbers=settings.layers * inputs * t * (8 * d + 6 * inner + 3 * hidden + 6 * heads * t),
        exponentials=settings.layers * inputs * heads * t * t,
        calls=30 * settings.layers + 10,
    )


def _tables(settings: TransformerSettings, inner: int, task: Task) -> float:
    """Count keys, values, queries and scores of the tokens: v rows where an operand stands, else one."""
    rows = vocabulary_of(task.p, len(task.parts) or 1)
    signs = length_of(settings.layout, task.k) - task.k
    last = rows if settings.layout == "infix" else 1
    others = task.k * rows + signs - last
    return inner * (settings.d_model * (2 * (others + last) + last) + last * others)
