"""What an iteration and an observation of a kernel machine compute.

Owns: the formulas.
"""

from __future__ import annotations

from ...models.kernels.kernel import FormKernel
from ...models.kernels.moments import PART_ROWS
from ...tasks import Task
from ..base.operations import OBSERVATION_DISPATCHES, LearnerOperations, Operations
from .settings import RFMSettings, kernel_of

EIGENVALUES = 12
"""Multiplications of an eigendecomposition of a d x d matrix, in units of d^3."""
COMPILATIONS = 60.0
OTHER_COMPILATIONS = 80.0
"""The same for kernels whose predictors are no quadratic forms."""
DIVIDED_COMPILATIONS = 15.0
"""More of them where the gradients are computed in parts."""


def rfm_operations(settings: RFMSettings, n: float, task: Task) -> LearnerOperations:
    """Count, for n training inputs, d = k p features, c classes and m inputs of the table.

    An iteration: n^3/6 for the factor of the kernel matrix and n^2 c for its two triangular solves; then for
    a kernel whose predictors are quadratic forms, four products of c d^3; for another one, k n^2 c for the
    gradients and about n c p^2 k (k + 1)/2 for their outer products, with 2 n^2 values of the kernel. Such a
    kernel is evaluated on the m - n inputs that do not train.

    Arguments:
        settings: of the learner.
        n: number of training inputs.
        task: with m inputs; the task of a mixture is one operand more.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> rfm_operations(RFMSettings(), 12, task_from_expression("x + y", 5)).step.products
        21000.0
    """
    k, p, c, m = task.table.ndim, max(task.table.shape), task.p, task.size
    d = sum(task.table.shape)
    kernel = kernel_of(settings)
    solve = Operations(
        solves=n**3 / 6 + n * n * c + EIGENVALUES * d**3,
        numbers=(k + 6) * n * n + 2 * k * n * d,
        calls=200,
    )
    depth = 12 * settings.depth if settings.kernel == "ntk" else 4 if settings.kernel == "laplace" else 2
    if isinstance(kernel, FormKernel):
        forms = Operations(products=2 * c * d**3, numbers=k * k * n * c + 60 * c * d * d, calls=20)
        step = forms + Operations(products=2 * c * d**3 + d**3, numbers=100 * c * d * d, calls=20)
        forward = forms + Operations(numbers=(k * k + 1) * m * c)
    else:
        step = Operations(
            products=k * n * n * c + n * c * p * p * k * (k + 1) / 2 + d * d * c + 3 * d**3,
            numbers=(2 * k + 40) * n * n + 4 * k * n * c * p,
            exponentials=2 * depth * n * n,
            calls=40,
        )
        forward = Operations(
            products=(m - n) * n * c,
            numbers=(2 * k + 4) * (m - n) * n,
            exponentials=depth * (m - n) * n,
            calls=20,
        )
    observation = forward + Operations(
        numbers=8 * m * c + 60 * d * d, calls=60, dispatches=OBSERVATION_DISPATCHES
    )
    divided = DIVIDED_COMPILATIONS if p > PART_ROWS else 0.0
    compilations = COMPILATIONS if isinstance(kernel, FormKernel) else OTHER_COMPILATIONS + divided
    return LearnerOperations(step + solve, observation, compilations)
