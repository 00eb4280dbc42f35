"""The decision: both forms of one table, joined into a verdict.

Owns: `decide_table`, its input checks, and the wording of certificates and predictions.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np

from ..tasks.task import LARGEST_TABLE
from .additive import Attempt, decide_additive
from .budget import Budget, Meter
from .merge import UNDEFINED
from .multiplicative import decide_multiplicative
from .verdict import Verdict

FIRST_PASS_DIVISOR = 16
CHEAP_WORK = 50_000


def decide_table(table: np.ndarray, p: int, *, budget: Budget | None = None) -> Verdict:
    """Decide whether a table is h(g_1 + ... + g_k) or h(g_1 * ... * g_k) mod p, for any functions g_s and h.

    f(x_1, ..., x_k) = h[(g_1[x_1] + ... + g_k[x_k]) mod p]   (additive)
    f(x_1, ..., x_k) = h[(g_1[x_1] * ... * g_k[x_k]) mod p]   (multiplicative; g may be 0)

    Arguments:
        table: integer array of k >= 1 axes, at most 2^24 entries, values 0..p-1; -1 marks inputs outside
            the domain. Tasks have shape (p,) * k; a group's table may be smaller along any axis.
        p: modulus, at least 2; it need not be prime.
        budget: what each form may spend on search; `Budget()` if None. Once one form is found
            the other gets only a part, a sixteenth or 50,000 / p nodes if that is more.

    Returns:
        The verdict. Both forms are always attempted. A witness has been checked on every input of the domain;
        "neither" means that both forms were excluded; "undecided" that no form was found and the budget ran
        out on at least one.

    Raises:
        TypeError: the table is no integer array.
        ValueError: p, the shape or a value is out of range, or the domain is empty.

    Example:
        >>> n = np.arange(7)
        >>> v = decide_table(n[:, None] * n % 7, 7)
        >>> v.form, v.g[0].tolist(), v.also
        ('multiplicative', [0, 1, 2, 3, 4, 5, 6], None)

    Source: the form is Hypothesis 5.1 of Doshi et al., 2406.03495; docs/decide.md describes the procedure.
    """
    started = perf_counter()
    table, p = _checked(table, p), int(p)
    budget = Budget() if budget is None else budget
    additive, multiplicative = _attempt_both(table, p, budget)
    first = additive if additive.witness is not None else multiplicative
    if first.witness is not None:
        form = first.witness.form
    else:
        form = "neither" if additive.closed and multiplicative.closed else "undecided"
    inputs = int((table != UNDEFINED).sum())
    return Verdict(
        p=p,
        form=form,
        g=None if first.witness is None else first.witness.g,
        h=None if first.witness is None else first.witness.h,
        also=multiplicative.witness if additive.witness is not None else None,
        certificate=f"{_say('additive', additive, inputs)} {_say('multiplicative', multiplicative, inputs)}",
        prediction=_predict(form, multiplicative.witness is not None and form == "additive"),
        seconds=perf_counter() - started,
    )


def _attempt_both(table: np.ndarray, p: int, budget: Budget) -> tuple[Attempt, Attempt]:
    """Attempt both forms on a part of the budget; go on with all of it only if neither form is found."""
    nodes = min(budget.nodes, max(budget.nodes // FIRST_PASS_DIVISOR, CHEAP_WORK // p))
    first_pass = replace(budget, nodes=nodes, seconds=budget.seconds / FIRST_PASS_DIVISOR)
    part_of = budget.nodes if nodes < budget.nodes else None
    additive, multiplicative = (
        decide_additive(table, p, Meter(first_pass, part_of=part_of)),
        decide_multiplicative(table, p, Meter(first_pass, part_of=part_of)),
    )
    if additive.witness is None and multiplicative.witness is None:
        if not additive.closed:
            additive = decide_additive(table, p, Meter(budget))
        if not multiplicative.closed and additive.witness is None:
            multiplicative = decide_multiplicative(table, p, Meter(budget))
    return additive, multiplicative


def _checked(table: np.ndarray, p: int) -> np.ndarray:
    if isinstance(p, bool) or not isinstance(p, (int, np.integer)):
        raise TypeError(f"p: must be an integer, got {p!r}")
    if p < 2:
        raise ValueError(f"p: must be at least 2, got {p}")
    table = np.asarray(table)
    if table.dtype.kind not in "iu":
        raise TypeError(f"table: must hold integers, got dtype {table.dtype}")
    if table.ndim < 1:
        raise ValueError(f"table: must have at least one axis, got shape {table.shape}")
    if not 0 < table.size <= LARGEST_TABLE:
        raise ValueError(f"table: must have 1 to {LARGEST_TABLE} entries, got {table.size}")
    if table.min() < UNDEFINED or table.max() >= p:
        odd = table.min() if table.min() < UNDEFINED else table.max()
        raise ValueError(f"table: values must be -1 (outside the domain) or 0..{p - 1}, got {odd}")
    if (table == UNDEFINED).all():
        raise ValueError("table: at least one input must be inside the domain, got none")
    return np.ascontiguousarray(table, dtype=np.int64)


def _say(form: str, attempt: Attempt, inputs: int) -> str:
    if attempt.witness is not None:
        return f"{form.capitalize()}: yes, checked on all {inputs:,} inputs of the domain; {attempt.reason}."
    if attempt.closed:
        return f"{form.capitalize()}: no; {attempt.reason}."
    return f"{form.capitalize()}: not settled; {attempt.reason}."


def _predict(form: str, both: bool) -> str:
    source = "Hypotheses 5.1 and 5.2 of Doshi et al. (2406.03495)"
    if form == "undecided":
        return f"No prediction: the form is not settled, so {source} do not apply."
    if form == "neither":
        return (
            f"{source} predict that this task is not learned to 100% test accuracy, by a two-layer network "
            "(weak form) or by any standard network (strong form). This is a prediction, not a proof."
        )
    which = "both forms" if both else f"the {form} form"
    return (
        f"The task has {which}, so {source} predict that it can be learned to 100% test accuracy, given "
        "enough data, width and suitable optimisation. This is a prediction, not a proof."
    )
