"""A learner's words in reports and messages, and the small phrases that learners share.

Owns: how numbers, powers and rates are printed in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...training.optimisers import OPTIMISERS

LOSS_PHRASES = {
    "mse": "mean squared error",
    "cross_entropy": "cross-entropy",
    "stablemax": "StableMax cross-entropy",
}
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Wording:
    """What a learner is called, and what is said of its runs.

    Arguments:
        noun: `a two-layer network`.
        heading: of its settings in a report: `Network and training`.
        describe: settings -> phrases that list them.
        unit: one update: `step` or `iteration`.
        basis_heading: of the basis in a report.
        remedy: what helps against divergence, as a noun: `smaller learning rate`.
        advice: settings -> the same as an instruction: `try a smaller rate, such as --lr 0.1`.
        unfitted: settings -> what to do about a training set that is not memorised, where more updates will
            not help; None where they may.
        findings: (numbers of the last record, context of the run, numbers of all records) -> one sentence on
            the weights; empty for none.
        warning: numbers of a record -> a warning about the step they were taken at, or None.
    """

    noun: str
    heading: str
    describe: Callable[[Any], list[str]]
    unit: str = "step"
    basis_heading: str = "Fourier basis"
    remedy: str = "smaller learning rate"
    advice: Callable[[Any], str] = lambda settings: "try a smaller learning rate"
    unfitted: Callable[[Any], str | None] = lambda settings: None
    findings: Callable[[Numbers, Mapping[str, Any], Sequence[Numbers]], str] = lambda *_: ""
    warning: Callable[[int, Numbers], str | None] = lambda *_: None


def typeset(expression: str) -> str:
    """Print squares, cubes and products as in a text, with signs that every font has.

    Example:
        >>> typeset("x^2 + x*y + y^13")
        'x² + x·y + y^13'
    """
    raised = re.sub(r"\^([23])(?!\d)", lambda match: "²³"[int(match[1]) - 2], expression)
    return raised.replace("*", "·")


def describe_activation(name: str) -> str:
    """Print an activation: `z²` for power2.

    Example:
        >>> describe_activation("power3"), describe_activation("relu")
        ('z³', 'relu')
    """
    return typeset(f"z^{name.removeprefix('power')}") if name.startswith("power") else name


def describe_rate(rate: float) -> str:
    """Print a learning rate: powers of ten where they are shorter.

    Example:
        >>> [describe_rate(rate) for rate in (1e6, 0.01, 13053.8, 3e-5)]
        ['1e6', '0.01', '13,054', '3e-5']
    """
    if 1e-3 <= rate < 1e5:
        return f"{rate:,.5g}" if rate < 1e4 else f"{rate:,.0f}"
    mantissa, exponent = f"{rate:.4e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def describe_update(s: Any) -> list[str]:
    """List what the update of a network reads beside its rate and decay, and what is done to gradients.

    Arguments:
        s: settings with the numbers of `training.optimisers.Rates`.

    Example:
        >>> from modgrok.learners.mlp.settings import MLPSettings
        >>> describe_update(MLPSettings(optimiser="momentum", grokfast=2.0))
        ['momentum 0.9', 'Grokfast 2 with decay 0.98']
    """
    read = OPTIMISERS.named(s.optimiser).numbers
    parts = [f"momentum {s.momentum:g}"] if "momentum" in read else []
    parts += [f"betas {s.beta1:g} and {s.beta2:g}"] if "beta1" in read else []
    parts += [f"Grokfast {s.grokfast:g} with decay {s.grokfast_decay:g}"] if s.grokfast else []
    return parts + (["orthogonal gradient"] if s.orthogonal_gradient else [])
