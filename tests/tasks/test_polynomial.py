"""Expansion into monomials, against the exact table."""

from __future__ import annotations

import itertools

import pytest

from modgrok.tasks import InputError, expand, parse, task_from_expression


@pytest.mark.parametrize(
    "text",
    [
        "x + y",
        "(x + y)^2 - x*y/2",
        "(2x - 3)^3 (y + 1)",
        "x y z - (x + z)^2",
        "0*x + y",
        "3",
        "2^(-1) x",
        "x^0 + y",
    ],
)
@pytest.mark.parametrize("p", [3, 5, 7])
def test_monomials_sum_to_the_table(text: str, p: int) -> None:
    if text == "3":
        text = "3 + 0x"
    if p == 2 and "/2" in text:
        return
    expression = parse(text)
    task = task_from_expression(expression, p)
    terms = expand(expression, p)
    assert all(0 < c < p for c in terms.values())
    for inputs in itertools.product(range(p), repeat=task.k):
        value = 0
        for exponents, c in terms.items():
            for x, e in zip(inputs, exponents, strict=True):
                c = c * pow(x, e, p)
            value += c
        assert value % p == task.table[inputs]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x/y", "divides by y"),
        ("1/(x + 1)", "not a polynomial"),
        ("(x+y+z)^200", "2000 monomials"),
        ("x if y odd else y", "chooses by parity"),
    ],
)
def test_refusals(text: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        expand(parse(text), 7)
