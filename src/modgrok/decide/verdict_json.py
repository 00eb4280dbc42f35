"""A verdict as plain values: what `modgrok decide --json` and the page say of it."""

from __future__ import annotations

from typing import Any

from .basis import basis
from .verdict import Verdict, Witness


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as scripts rely on it; tables stay arrays."""
    order = basis(verdict)
    return {
        "p": verdict.p,
        "form": verdict.form,
        "g": verdict.g,
        "h": verdict.h,
        "also": _witness_json(verdict.also),
        "certificate": verdict.certificate,
        "prediction": verdict.prediction,
        "basis": None if order is None else {"name": order.name, "order": order.order},
        "seconds": verdict.seconds,
    }


def _witness_json(witness: Witness | None) -> dict[str, Any] | None:
    return None if witness is None else {"form": witness.form, "g": witness.g, "h": witness.h}
