"""`modgrok decide`: is the task h(g1(x)+g2(y)) or h(g1(x)*g2(y)), with witness or certificate."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from ..decide import Budget, Verdict, Witness, basis
from ..decide.task_decision import decide_task
from ..decide.verdict_json import verdict_json
from ..tasks import InputError
from .shared.options import Expression, Group, Json, Modulus, Table, number, whole
from .shared.output import say, say_json
from .shared.source import source_of

SYMBOLS = {"additive": "+", "multiplicative": "*"}


def decide(
    expression: Expression = None,
    /,
    *,
    p: Modulus = None,
    group: Group = None,
    table: Table = None,
    nodes: Annotated[
        int, Parameter(converter=whole, help="Maximum number of search nodes per form.")
    ] = Budget().nodes,
    seconds: Annotated[
        float, Parameter(converter=number, help="Maximum number of seconds per form.")
    ] = Budget().seconds,
    json: Json = False,
) -> int:
    """Decide whether a task has the form h(g1(x)+g2(y)) or h(g1(x)*g2(y)) mod p, for any functions g and h.

    A positive verdict comes with the tables g and h and has been checked on every input; a negative one names
    the exhaustive argument that excludes the form; undecided means that the budget of the search ran out.
    """
    named = source_of(expression, p, group, table)
    try:
        budget = Budget(nodes=nodes, seconds=seconds)
    except ValueError as error:
        raise InputError(str(error)) from None
    verdict = decide_task(named, budget=budget)
    tell(verdict, named.title, named.task.operands)
    if json:
        say_json({"expression": named.task.name, **verdict_json(verdict)})
    return 0


def tell(verdict: Verdict, title: str, operands: tuple[str, ...]) -> None:
    """Say a verdict in words."""
    say(f"{title}  ·  {verdict.form}  ·  {verdict.seconds:.3f} s")
    if verdict.witness is not None:
        _print_witness(verdict.witness, operands)
    if verdict.also is not None:
        say(f"  also {verdict.also.form}:")
        _print_witness(verdict.also, operands)
    say(f"  why: {verdict.certificate}")
    say(f"  theory: {verdict.prediction}")
    order = basis(verdict)
    if order is not None:
        say(f"  Fourier measures read it in the {order.name} basis of order {order.order}")


def _print_witness(witness: Witness, operands: tuple[str, ...]) -> None:
    terms = f" {SYMBOLS[witness.form]} ".join(f"g{i}({x})" for i, x in enumerate(operands, start=1))
    say(f"  f = h({terms})")
    for i, values in enumerate(witness.g, start=1):
        say(f"    g{i} = {_list_text(values)}")
    say(f"    h  = {_list_text(witness.h)}")


def _list_text(values: Any) -> str:
    texts = [str(value) for value in values.tolist()]
    return " ".join(texts) if len(texts) <= 24 else " ".join(texts[:20]) + f" … ({len(texts)} values)"
