"""The words of a kernel machine in reports and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...models.kernels import KERNELS
from ..base.wording import Numbers, Wording
from .settings import RFMSettings


def describe(s: RFMSettings) -> list[str]:
    """List kernel, solve and feature update of a recursive feature machine."""
    starts = {"random-circulant": "a random circulant matrix", "stored": "a stored matrix"}
    parts = [KERNELS.named(s.kernel).describe(s), f"ridge {s.ridge:g}"]
    parts.append(f"M = AGOP^{s.agop_power:g} of {'' if s.centred else 'un'}centred gradients")
    parts.append(f"first M {starts.get(s.initial, 'the identity')}")
    parts += [f"made exactly circulant every {s.enforce_every}"] if s.enforce_every else []
    return parts + ([] if s.task_bit else ["tasks as one-hot vectors"])


def _findings(last: Numbers, context: Mapping[str, Any], records: Sequence[Numbers]) -> str:
    singular = any(numbers["singular"] for numbers in records)
    warning = "; the kernel matrix was singular to working precision" if singular else ""
    if "structure_share" not in last:
        return f"circulant measures belong to cyclic groups, and this one is not{warning}"
    return (
        f"circulant deviation {last['circulant_deviation']:.3f} (0 is exact), share of M that is "
        f"block-circulant {last['structure_share']:.3f}, {context['basis']} basis{warning}"
    )


def _warning(step: int, numbers: Numbers) -> str | None:
    if not numbers.get("singular"):
        return None
    return (
        f"the kernel matrix of iteration {step} is singular to working precision, so the "
        "least-norm solution is taken, which is slow and may not fit the training set; "
        "a --ridge above 0 or another --kernel makes it regular"
    )


def _unfitted(settings: Any) -> str:
    """Say what to try where the training labels are not fitted, for which every iteration solves."""
    if settings.ridge > 0:
        return "the ridge may keep the training labels from being fitted: try a smaller --ridge"
    other = "laplace" if settings.kernel == "gaussian" else "gaussian"
    return (
        "each iteration solves for the training labels, and this kernel cannot fit them: more iterations "
        f"will hardly help, try --kernel {other}"
    )


WORDING = Wording(
    noun="a recursive feature machine",
    heading="Kernel machine",
    describe=describe,
    unit="iteration",
    basis_heading="Basis",
    remedy="ridge",
    advice=lambda settings: "try a ridge, such as --ridge 1e-8",
    unfitted=_unfitted,
    findings=_findings,
    warning=_warning,
)
