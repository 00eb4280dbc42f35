"""The list of kernels: what settings name, and how each is built from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...tasks.catalogue import Catalogue
from .gaussian import Gaussian
from .general_quadratic import GeneralQuadratic
from .kernel import Kernel
from .laplace import Laplace
from .ntk import NTK
from .quadratic import Quadratic


@dataclass(frozen=True, eq=False)
class KernelType:
    """A kernel that settings can name.

    Arguments:
        name: in settings and files.
        type: its class; a file of weights holds its name and its fields.
        build: settings with `bandwidth`, `convention` and `depth` -> kernel.
        describe: settings -> what it is called in a sentence.
        reads: the settings of a kernel that it depends on: `bandwidth`, `convention`, `depth`.
    """

    name: str
    type: type[Kernel]
    build: Callable[[Any], Kernel]
    describe: Callable[[Any], str]
    reads: tuple[str, ...] = ()


def _gaussian(settings: Any) -> str:
    exponent = "|x − z|²/(2L²)" if settings.convention == "released" else "|x − z|²/L"
    return f"Gaussian kernel of bandwidth {settings.bandwidth:g}, exponent {exponent}"


KERNELS: Catalogue[KernelType] = Catalogue(
    "kernel",
    (
        KernelType("quadratic", Quadratic, lambda s: Quadratic(), lambda s: "quadratic kernel"),
        KernelType(
            "general-quadratic",
            GeneralQuadratic,
            lambda s: GeneralQuadratic(),
            lambda s: "general quadratic kernel",
        ),
        KernelType(
            "gaussian",
            Gaussian,
            lambda s: Gaussian(s.bandwidth, s.convention),
            _gaussian,
            ("bandwidth", "convention"),
        ),
        KernelType(
            "laplace",
            Laplace,
            lambda s: Laplace(s.bandwidth),
            lambda s: f"Laplace kernel of bandwidth {s.bandwidth:g}",
            ("bandwidth",),
        ),
        KernelType(
            "ntk",
            NTK,
            lambda s: NTK(s.depth),
            lambda s: f"neural tangent kernel of {s.depth} hidden layers",
            ("depth",),
        ),
    ),
)
"""Every kernel; a new one is a file and one entry here, or is added by `modgrok.extend`."""
