"""The grammar: canonical text, round trips, exact evaluation, refusals."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign import count
from modgrok.tasks import InputError, parse

CANONICAL = [
    ("x+y", "x + y"),
    ("y+x", "x + y"),
    ("2xy", "2*x*y"),
    ("x*2*y", "2*x*y"),
    ("3x^2y", "3*x^2*y"),
    ("2(x+y)", "2*x + 2*y"),
    ("x^2 + 2xy - y/3", "x^2 + 2*x*y - y/3"),
    ("(x+1)(y+1)", "(x + 1)*(y + 1)"),
    ("(x+y)(x+y)", "(x + y)^2"),
    ("x**2", "x^2"),
    ("2^3^2 x", "512*x"),
    ("-x^2", "-x^2"),
    ("(-x)^2", "x^2"),
    ("--x", "x"),
    ("x*-y", "-x*y"),
    ("x - (y - z)", "x - y + z"),
    ("x/2/3", "x/6"),
    ("x/2y", "x*y/2"),
    ("x/(2y)", "x/(2*y)"),
    ("3/x", "3/x"),
    ("(x/y)^2", "x^2/y^2"),
    ("x/(y/z)", "x/(y/z)"),
    ("x - x + y", "0*x + y"),
    ("x^0 + y", "y + x^0"),
    ("n1 n2 + n10", "n1*n2 + n10"),
    ("x^-1", "x^(-1)"),
    ("2^100000 x", "x*2^100000"),
    ("1 + x", "x + 1"),
    ("  x\t+\n y ", "x + y"),
    ("x/y if y odd else x - y", "x/y if y odd else x - y"),
    ("x - y if y even else x/y", "x/y if y odd else x - y"),
    ("y+x if n1 odd else 3", "x + y if n1 odd else 3"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


def test_operands_are_sorted_by_letter_then_number() -> None:
    assert parse("z + n10 + n2 + a + x1").operands == ("a", "n2", "n10", "x1", "z")


@pytest.mark.parametrize("seed", range(4))
def test_operands_that_differ_in_leading_zeros_have_one_order(seed: int) -> None:
    """Whatever the order of sets, which follows the seed of Python's hashes."""
    program = "from modgrok.tasks import parse; print(*parse('x1 - 2*x01 + x001').operands)"
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["x001", "x01", "x1"], done.stderr


REFUSED = [
    ("", "must not be empty"),
    ("   ", "must not be empty"),
    ("x +", "operand or '\\)' is missing"),
    ("(x", "operand or '\\)' is missing"),
    (")x", "unexpected '\\)' at column 1"),
    ("x^^2", "column 3"),
    ("2 3", "column 3"),
    ("x ! y", "column 3"),
    ("__import__('os')", "column 1"),
    ("x^y", "exponents must be integers"),
    ("x^(10^9)", "at most 1000000"),
    ("x^(2^100)", "at most 1000000"),
    ("x^9^9^9^9", "at most 1000000"),
    ("(x^1000)^1001", "at most 1000000"),
    ("q + x", "operands must be the letters"),
    ("x" * 100_000, "at most 2000 characters"),
    ("(" * 10_000 + "x" + ")" * 10_000, "at most 2000 characters"),
    ("(" * 61 + "x" + ")" * 61, "nest at most 60 deep"),
    ("x; y", "column 2"),
    ("lambda: 0", "column"),
    ("x\x00y", "column 2"),
    ("x if y", "ends where 'odd' or 'even' is missing"),
    ("x if y odd", "ends where 'else' is missing"),
    ("x if y odd else", "operand or '\\)' is missing"),
    ("x if y prime else z", "unexpected 'p' at column 8"),
    ("x if 3 odd else y", "unexpected '3' at column 6"),
    ("x if q odd else y", "operands must be the letters"),
    ("(x if y odd else z) + 1", "unexpected 'if' at column 4"),
    ("x if y odd else y if x odd else z", "unexpected 'if' at column 19"),
    ("x odd y", "unexpected 'odd' at column 3"),
    ("9" * 1990 + " x", "constants must stay below"),
]


@pytest.mark.parametrize(("text", "rule"), REFUSED)
def test_refusals_name_the_rule_in_one_short_line(text: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule) as refusal:
        parse(text)
    message = str(refusal.value)
    assert message.startswith("expression: ")
    assert "\n" not in message
    assert len(message) < 250


LEAVES = st.one_of(st.sampled_from(["x", "y", "z", "n1", "n12"]), st.integers(0, 200).map(str), st.just("7"))


def combined(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(children, st.sampled_from(["+", "-", "*", "/", ""]), children).map(
        lambda t: f"({t[0]}){t[1]}({t[2]})"
    )
    raised = st.tuples(children, st.integers(0, 5)).map(lambda t: f"({t[0]})^{t[1]}")
    negative = children.map(lambda text: f"-({text})")
    return st.one_of(binary, raised, negative)


EXPRESSIONS = st.recursive(LEAVES, combined, max_leaves=12)
MANY = settings(
    max_examples=count("EXAMPLES", 2_000),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
CONDITIONALS = st.tuples(EXPRESSIONS, st.sampled_from(["x", "n12"]), st.booleans(), EXPRESSIONS).map(
    lambda t: f"{t[0]} if {t[1]} {'odd' if t[2] else 'even'} else {t[3]}"
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(EXPRESSIONS, CONDITIONALS))
def test_round_trip(text: str) -> None:
    expression = parse(text)
    assert parse(str(expression)) == expression
    assert str(parse(str(expression))) == str(expression)


@pytest.mark.long
@MANY
@given(st.one_of(EXPRESSIONS, CONDITIONALS))
def test_round_trip_at_length(text: str) -> None:
    expression = parse(text)
    assert parse(str(expression)) == expression
    assert str(parse(str(expression))) == str(expression)


def python_value(text: str, values: dict[str, int], m: int) -> int | None:
    """Evaluate the fully bracketed text with Python's integers; None where a denominator is no unit."""

    class Residue:
        def __init__(self, value: int) -> None:
            self.value = value % m

        def __add__(self, other: Residue) -> Residue:
            return Residue(self.value + other.value)

        def __sub__(self, other: Residue) -> Residue:
            return Residue(self.value - other.value)

        def __mul__(self, other: Residue) -> Residue:
            return Residue(self.value * other.value)

        def __truediv__(self, other: Residue) -> Residue:
            return Residue(self.value * pow(other.value, -1, m))

        def __pow__(self, exponent: int) -> Residue:
            return Residue(pow(self.value, exponent, m))

        def __neg__(self) -> Residue:
            return Residue(-self.value)

    import re

    code = text.replace(")(", ")*(")
    code = re.sub(r"\^(\d+)", r"**\1", code)
    code = re.sub(r"(?<![\w*])(\d+)(?!\w)", r"R(\1)", code)
    try:
        result = eval(code, {"R": Residue, **{n: Residue(v) for n, v in values.items()}})
    except ValueError:
        return None
    return result.value


def equals_pythons_integers(text: str, m: int) -> None:
    """Compare an expression with Python's integers at some twenty inputs of its table."""
    expression = parse(text)
    names = expression.operands
    inputs = list(itertools.islice(itertools.product(range(m), repeat=len(names)), 0, 300, 7))
    columns = np.array(inputs, dtype=np.int64).reshape(len(inputs), len(names))
    arrays = {name: columns[:, place] for place, name in enumerate(names)}
    value, defined = (np.broadcast_to(part, (len(inputs),)) for part in expression.evaluate(arrays, m))
    for place, values in enumerate(inputs):
        expected = python_value(text, dict(zip(names, values, strict=True)), m)
        assert bool(defined[place]) == (expected is not None)
        if expected is not None:
            assert int(value[place]) == expected


MODULI = st.sampled_from([2, 3, 4, 5, 6, 7, 12])


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, MODULI)
def test_evaluation_equals_pythons_integers(text: str, m: int) -> None:
    equals_pythons_integers(text, m)


@pytest.mark.long
@MANY
@given(EXPRESSIONS, MODULI)
def test_evaluation_equals_pythons_integers_at_length(text: str, m: int) -> None:
    equals_pythons_integers(text, m)


def test_a_negative_power_needs_units_everywhere() -> None:
    x = np.arange(5)
    with pytest.raises(InputError, match=r"needs a unit mod 5 at every input, got 0; write 1/x"):
        parse("x^(-1)").evaluate({"x": x}, 5)
    value, _ = parse("2^(-1) x").evaluate({"x": x}, 5)
    assert value.tolist() == [0, 3, 1, 4, 2]
    with pytest.raises(InputError, match="needs a unit mod 4"):
        parse("2^(-1) x").evaluate({"x": np.arange(4)}, 4)


def test_operands_of_a_conditional_are_not_letters_of_its_words() -> None:
    assert parse("3 if n2 even else z").operands == ("n2", "z")


def test_a_side_is_evaluated_only_where_it_is_chosen() -> None:
    y = np.arange(6)
    value, defined = parse("1/y if y odd else y").evaluate({"y": y}, 6)
    assert defined.tolist() == [True, True, True, False, True, True]
    assert value[defined].tolist() == [0, 1, 2, 4, 5]
    value, defined = parse("y^(-1) if y odd else 0").evaluate({"y": np.arange(7)}, 7)
    assert value.tolist() == [0, 1, 0, 5, 0, 3, 0]
    assert defined.all()
    with pytest.raises(InputError, match="needs a unit mod 7 at every input, got 0"):
        parse("y^(-1) if y even else 0").evaluate({"y": np.arange(7)}, 7)


@pytest.mark.parametrize("text", [None, 5, b"x"])
def test_what_is_not_text_is_refused(text: object) -> None:
    with pytest.raises(InputError, match="expression: must be text"):
        parse(text)  # type: ignore[arg-type]
