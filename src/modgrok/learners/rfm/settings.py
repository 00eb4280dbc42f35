"""What a Recursive Feature Machine's training depends on: one frozen record, and its kernel.

Owns: the parameters and their ranges.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...models.kernels import NTK, Gaussian, GeneralQuadratic, Kernel, Laplace, Quadratic


class RFMSettings(BaseModel):
    """Settings of the `rfm` learner.

    Example:
        >>> RFMSettings(kernel="gaussian").bandwidth
        2.5
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: ClassVar[str] = "Kernel machine (rfm)"

    kind: Literal["rfm"] = "rfm"
    kernel: Literal["quadratic", "general-quadratic", "gaussian", "laplace", "ntk"] = Field(
        "quadratic", description="quadratic (x^T M z)^2, general-quadratic, gaussian, laplace or ntk."
    )
    bandwidth: float = Field(2.5, gt=0, description="Bandwidth L of the Gaussian and Laplace kernels.")
    convention: Literal["released", "paper"] = Field(
        "released",
        description="Gaussian exponent: released |x-z|^2/(2L^2), as the authors' code; paper |x-z|^2/L.",
    )
    depth: int = Field(2, ge=1, le=20, description="Hidden ReLU layers of the ntk kernel.")
    ridge: float = Field(0.0, ge=0, description="Number added to the kernel matrix's diagonal.")
    agop_power: float = Field(0.5, gt=0, description="Power s of the update M = AGOP^s.")
    centred: bool = Field(
        True, description="Take each class's mean gradient out of the AGOP, as the authors' code does."
    )
    initial: Literal["identity", "random-circulant", "stored"] = Field(
        "identity",
        description="M before the first iteration: the identity; the square root of a random matrix with "
        "the task's circulant structure; or a matrix handed in.",
    )
    initial_digest: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="SHA-256 of the stored initial M."
    )
    enforce_every: int = Field(
        0,
        ge=0,
        description="Iterations between two replacements of M by its exactly circulant form; 0 is never.",
    )

    task_bit: bool = Field(
        True,
        description="Tell the T tasks of a mixture apart by T - 1 bits, as the paper's single bit for two, "
        "not by a one-hot of T.",
    )

    def resolve(self, p: int, k: int) -> RFMSettings:
        """Return the settings themselves: no default depends on modulus p or number of operands k."""
        return self


def kernel_of(settings: RFMSettings) -> Kernel:
    """Build the kernel that settings name.

    Example:
        >>> kernel_of(RFMSettings(kernel="laplace", bandwidth=1.0))
        Laplace(bandwidth=1.0)
    """
    built: dict[str, Kernel] = {
        "quadratic": Quadratic(),
        "general-quadratic": GeneralQuadratic(),
        "gaussian": Gaussian(settings.bandwidth, settings.convention),
        "laplace": Laplace(settings.bandwidth),
        "ntk": NTK(settings.depth),
    }
    return built[settings.kernel]
