"""What a Recursive Feature Machine's training depends on: one frozen record, and its kernel.

Owns: the parameters and their ranges.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ...models.kernels import KERNELS, Kernel
from ...tasks import Task
from ...tasks.catalogue import OneOf
from ..base.settings import Asset, Settings
from .initial_feature_matrix import check_feature_matrix


def _checked_matrix(matrix: Any, task: Task) -> np.ndarray:
    return check_feature_matrix(np.asarray(matrix), sum(task.table.shape))


class RFMSettings(Settings):
    """Settings of the `rfm` learner.

    Example:
        >>> RFMSettings(kernel="gaussian").bandwidth
        2.5
    """

    ASSETS: ClassVar[dict[str, Asset]] = {
        "feature_matrix": Asset("initial_digest", "matrix", _checked_matrix)
    }

    DOUBLE: ClassVar[bool] = True

    title: ClassVar[str] = "Kernel machine (rfm)"

    kind: Literal["rfm"] = "rfm"
    kernel: Annotated[str, OneOf(KERNELS)] = Field(
        "quadratic", description="Kernel: quadratic (x^T M z)^2, general-quadratic, gaussian, laplace or ntk."
    )
    bandwidth: float = Field(2.5, gt=0, description="Bandwidth L of the Gaussian and Laplace kernels.")
    convention: Literal["released", "paper"] = Field(
        "released",
        description="Exponent of the Gaussian kernel: released is |x-z|^2/(2L^2), as in the authors' code; "
        "paper is |x-z|^2/L.",
    )
    depth: int = Field(2, ge=1, le=20, description="Number of hidden ReLU layers of the ntk kernel.")
    ridge: float = Field(
        0.0, ge=0, description="Ridge parameter: the number added to the diagonal of the kernel matrix."
    )
    agop_power: float = Field(0.5, gt=0, description="Power s of the update M = AGOP^s.")
    centred: bool = Field(
        True,
        description="Subtract each class's mean gradient before computing the AGOP, as the authors' code "
        "does.",
    )
    initial: Literal["identity", "random-circulant", "stored"] = Field(
        "identity",
        description="Feature matrix M before the first iteration: the identity; the square root of a random "
        "matrix with the task's circulant structure; or a given matrix.",
    )
    initial_digest: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="SHA-256 of the stored initial M."
    )
    enforce_every: int = Field(
        0,
        ge=0,
        description="Number of iterations between replacements of M by its exactly circulant form; 0 is "
        "never.",
    )

    task_bit: bool = Field(
        True,
        description="Encode the task of a mixture of T tasks by T - 1 bits (the paper's single bit for T = "
        "2) instead of a one-hot vector.",
    )

    def without_effect(self, task: Task) -> dict[str, str]:
        """Return what the kernel does not depend on, and how tasks are told apart where there is one.

        See `Settings.without_effect`.
        """
        unread = {
            name: "kernel " + " or ".join(each.name for each in KERNELS if name in each.reads)
            for name in ("bandwidth", "convention", "depth")
            if name not in KERNELS.named(self.kernel).reads
        }
        return unread if task.parts else unread | {"task_bit": "a mixture of tasks"}

    @model_validator(mode="before")
    @classmethod
    def _named_matrix_is_the_first(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("initial_digest") and "initial" not in values:
            return {**values, "initial": "stored"}
        return values


def kernel_of(settings: RFMSettings) -> Kernel:
    """Build the kernel that settings name.

    Example:
        >>> kernel_of(RFMSettings(kernel="laplace", bandwidth=1.0))
        Laplace(bandwidth=1.0)
    """
    return KERNELS.named(settings.kernel).build(settings)
