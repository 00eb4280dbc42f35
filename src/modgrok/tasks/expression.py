"""Text to meaning: an expression such as `x^2 + 2xy - y/3`, parsed and evaluated exactly.

Owns: the grammar (Lark, never `eval`), its bounds, exact evaluation on arrays. The normal form that makes
`y + x` and `x + y` the same task is in `normal_form`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, reduce

import numpy as np
from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from ..algebra.residues import inverse, is_unit, power
from .errors import InputError, shorten
from .foreign import SINGLE_LETTERS, refuse_foreign
from .normal_form import (
    LARGEST_EXPONENT,
    Conditional,
    Node,
    Product,
    Quotient,
    Sum,
    Variable,
    add,
    conditional_text,
    constant,
    denominator_text,
    divide,
    is_constant,
    multiply,
    operand_order,
    raised,
    scaled,
    split_coefficient,
    text_of,
)

LONGEST_TEXT = 2_000
DEEPEST_NESTING = 60
MOST_OPERANDS = 6
MISSING = (("PARITY", "'odd' or 'even'"), ("_ELSE", "'else'"))
"""What a text lacks, by what the parser would accept at its end."""

GRAMMAR = r"""
start: sum (_IF variable PARITY _ELSE sum)?
sum: signed (SIGN signed)*
signed: SIGN* product
product: power (explicit | implicit)*
explicit: OPERATOR SIGN* power
implicit: follower
power: atom (RAISE SIGN* atom)*
follower: group (RAISE SIGN* atom)* | variable (RAISE SIGN* atom)*
?atom: integer | variable | group
group: "(" sum ")"
variable: NAME
integer: INTEGER
SIGN: "+" | "-"
RAISE: "**" | "^"
OPERATOR: "*" | "/"
_IF.1: "if"
PARITY.1: "odd" | "even"
_ELSE.1: "else"
NAME: /[A-Za-z][0-9]*/
INTEGER: /[0-9]+/
%ignore /[ \t\n\r]+/
"""


class _Builder(Transformer[Token, Node | Conditional]):
    """Lark tree to normal form; every production is flat, so depth is bounded by the parentheses."""

    def start(self, children: list[Node | Token]) -> Node | Conditional:
        if len(children) == 1:
            return _node(children[0])
        first, variable, parity, second = children
        assert isinstance(variable, Variable)
        odd, even = (first, second) if parity == "odd" else (second, first)
        return Conditional(variable.name, _node(odd), _node(even))

    def integer(self, children: list[Token]) -> Node:
        return constant(int(children[0]))

    def variable(self, children: list[Token]) -> Node:
        name = str(children[0])
        if len(name) == 1 and name not in SINGLE_LETTERS:
            letters = " ".join(SINGLE_LETTERS)
            raise InputError(
                f"expression: operands must be the letters {letters}, or a letter with digits (c1), got "
                f"{name!r}"
            )
        return Variable(name)

    def group(self, children: list[Node]) -> Node:
        return children[0]

    def power(self, children: list[Node | Token]) -> Node:
        base, chain = children[0], list(children[1:])
        if not chain:
            return _node(base)
        exponents: list[tuple[int, int]] = []
        sign = 1
        for child in chain:
            if isinstance(child, Token):
                sign = 1 if child.type == "RAISE" else (-sign if child == "-" else sign)
            else:
                exponents.append((sign, _integer_exponent(child)))
        return raised(_node(base), _tower(exponents))

    follower = power

    def implicit(self, children: list[Node]) -> tuple[str, Node]:
        return "*", children[0]

    def explicit(self, children: list[Node | Token]) -> tuple[str, Node]:
        minus = sum(1 for child in children[1:-1] if child == "-") % 2
        node = _node(children[-1])
        return str(children[0]), scaled(-1, node) if minus else node

    def product(self, children: list[Node | tuple[str, Node]]) -> Node:
        assert not isinstance(children[0], tuple)
        coefficient, result = split_coefficient(children[0])
        for child in children[1:]:
            assert isinstance(child, tuple)
            operator, node = child
            if operator == "*":
                factor, node = split_coefficient(node)
                coefficient, result = coefficient * factor, multiply(result, node)
            else:
                result = divide(result, node)
        return scaled(coefficient, result)

    def signed(self, children: list[Node | Token]) -> Node:
        minus = sum(1 for child in children[:-1] if child == "-") % 2
        node = _node(children[-1])
        return scaled(-1, node) if minus else node

    def sum(self, children: list[Node | Token]) -> Node:
        terms = [_node(children[0])]
        for sign, node in zip(children[1::2], children[2::2], strict=True):
            terms.append(scaled(-1, _node(node)) if sign == "-" else _node(node))
        return add(terms) if len(terms) > 1 else terms[0]


def _node(child: Node | Token) -> Node:
    assert not isinstance(child, Token)
    return child


def _integer_exponent(node: Node) -> int:
    """Read a constant exponent; a constant power too large to write out is too large to use."""
    if not is_constant(node):
        raise InputError(f"expression: exponents must be integers, got {shorten(text_of(node))}")
    return split_coefficient(node)[0]


def _tower(exponents: list[tuple[int, int]]) -> int:
    """Fold 2^3^2 from the right, refusing before it grows."""
    sign, value = exponents[-1]
    total = sign * value
    for sign, base in reversed(exponents[:-1]):
        if total < 0 or (abs(base) > 1 and total > LARGEST_EXPONENT.bit_length()):
            raise InputError(f"expression: exponents must be at most {LARGEST_EXPONENT}")
        total = sign * base**total
    return total


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


def parse(text: str) -> Expression:
    """Parse an expression.

    Arguments:
        text: at most 2,000 characters, parentheses nested at most 60 deep. Integers; the operands
            `x y z a b n m` or any letter with digits (`n1`); `+ - * / ^ **`; unary signs; parentheses;
            products by juxtaposition (`3x^2y`, `2(x+y)`), which bind as `*` does: `x/2y` is `(x/2)*y`.
            Exponents are integers of size at most 10^6. The whole may be a choice between two expressions
            by the parity of an operand's value in 0..m-1: `x/y if y odd else x - y`, or `even`.

    Returns:
        The `Expression`; `str` of it is the canonical text and parses to an equal one.

    Raises:
        InputError: the text breaks a rule; the message names the rule and the column.

    Example:
        >>> str(parse("y^2 + 2y x - x/3"))
        '2*x*y + y^2 - x/3'
        >>> parse("x y").operands
        ('x', 'y')
        >>> str(parse("x - y if y even else x/y"))
        'x/y if y odd else x - y'
    """
    if not isinstance(text, str):
        raise InputError(f"expression: must be text, got {shorten(text)}")
    if len(text) > LONGEST_TEXT:
        raise InputError(f"expression: must have at most {LONGEST_TEXT} characters, got {len(text)}")
    if not text.strip():
        raise InputError("expression: must not be empty, got ''")
    depths = np.cumsum([(c == "(") - (c == ")") for c in text])
    if depths.max(initial=0) > DEEPEST_NESTING:
        raise InputError(
            f"expression: parentheses may nest at most {DEEPEST_NESTING} deep, got {depths.max()}"
        )
    refuse_foreign(text)
    try:
        node = _Builder().transform(_parser().parse(text))
    except VisitError as error:
        if isinstance(error.orig_exc, InputError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise InputError(_syntax_message(error, text)) from None
    return Expression(node)


def _syntax_message(error: UnexpectedInput, text: str) -> str:
    ends = isinstance(error, UnexpectedEOF) or (
        isinstance(error, UnexpectedToken) and error.token.type == "$END"
    )
    if ends:
        accepted = getattr(error, "expected", ())
        missing = next((words for name, words in MISSING if name in accepted), "an operand or ')'")
        return f"expression: ends where {missing} is missing, got {shorten(text)}"
    position = error.pos_in_stream
    column = 1 if position is None else position + 1
    unexpected = error.char if isinstance(error, UnexpectedCharacters) else str(getattr(error, "token", ""))
    return f"expression: unexpected {unexpected!r} at column {column} of {shorten(text)}"


@dataclass(frozen=True)
class Expression:
    """An expression in normal form.

    Arguments:
        node: the normal form; build it with `parse`.
    """

    node: Node | Conditional

    def __str__(self) -> str:
        return conditional_text(self.node) if isinstance(self.node, Conditional) else text_of(self.node)

    @property
    def is_conditional(self) -> bool:
        """Whether it chooses between two expressions."""
        return isinstance(self.node, Conditional)

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The variables, by letter then number."""
        node = self.node
        parts = (
            (node,) if not isinstance(node, Conditional) else (Variable(node.operand), node.odd, node.even)
        )
        text = " ".join(map(text_of, parts))
        names = set(re.findall(r"[a-z][0-9]*", text, flags=re.IGNORECASE))
        return tuple(sorted(names, key=operand_order))

    def evaluate(self, values: Mapping[str, np.ndarray], m: int) -> tuple[np.ndarray, np.ndarray]:
        """Evaluate on int64 arrays mod m, exactly.

        Arguments:
            values: for each operand an array of integers >= 0, which stand for their residues;
                shapes broadcast.
            m: modulus, 2 to about 3e9.

        Returns:
            (value, defined): int64 residues in 0..m-1 and the bool mask of inputs where every
            denominator is a unit, of a conditional those of the side chosen; values elsewhere are
            meaningless.

        Raises:
            InputError: a negative power of a base that is not a unit at some defined input.

        Example:
            >>> value, defined = parse("x/y").evaluate({"x": np.array([1, 1]), "y": np.array([2, 0])}, 5)
            >>> value[defined].tolist(), defined.tolist()
            ([3], [True, False])
        """
        if isinstance(self.node, Conditional):
            return _evaluate_sides(self.node, values, m)
        return _evaluate(self.node, values, m)


def _evaluate_sides(
    node: Conditional, values: Mapping[str, np.ndarray], m: int
) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate each side at the inputs that choose it, and nowhere else."""
    full = dict(zip(values, np.broadcast_arrays(*values.values()), strict=True))
    odd = full[node.operand] % m % 2 == 1
    value, defined = np.zeros(odd.shape, dtype=np.int64), np.zeros(odd.shape, dtype=bool)
    for side, chosen in ((node.odd, odd), (node.even, ~odd)):
        value[chosen], defined[chosen] = _evaluate(side, {n: a[chosen] for n, a in full.items()}, m)
    return value, defined


def _evaluate(node: Node, values: Mapping[str, np.ndarray], m: int) -> tuple[np.ndarray, np.ndarray]:
    everywhere = np.ones((), dtype=bool)
    match node:
        case Variable(name):
            return values[name] % m, everywhere
        case Sum(terms, total):
            value, defined = np.asarray(total % m, dtype=np.int64), everywhere
            for coefficient, term in terms:
                inner, where = _evaluate(term, values, m)
                value = (value + (coefficient % m) * inner) % m
                defined = defined & where
            return np.asarray(value), np.asarray(defined)
        case Product(factors):
            pieces = [_evaluate_power(base, exponent, values, m) for base, exponent in factors]
            value = reduce(lambda a, b: a * b % m, (v for v, _ in pieces))
            return np.asarray(value), np.asarray(reduce(np.logical_and, (d for _, d in pieces)))
        case Quotient(numerator, denominator):
            top, defined = _evaluate(numerator, values, m)
            bottom, where = _evaluate(denominator, values, m)
            return np.asarray(top * inverse(bottom, m) % m), np.asarray(defined & where & is_unit(bottom, m))


def _evaluate_power(
    base: Node, exponent: int, values: Mapping[str, np.ndarray], m: int
) -> tuple[np.ndarray, np.ndarray]:
    value, defined = _evaluate(base, values, m)
    if exponent < 0:
        bad = defined & ~is_unit(value, m)
        if bad.any():
            example = int(np.broadcast_to(value, bad.shape)[bad].flat[0])
            raise InputError(
                f"expression: {text_of(base)}^({exponent}) needs a unit mod {m} at every input, "
                f"got {example}; write 1/{denominator_text(base)} to leave such inputs out"
            )
        value, exponent = inverse(value, m), -exponent
    return power(value, exponent, m), defined
