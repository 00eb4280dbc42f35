"""Text to meaning: an expression such as `x^2 + 2xy - y/3`, parsed into a normal form.

Owns: the grammar (Lark, never `eval`), its bounds, the normal form, the canonical text, exact evaluation.
Two texts with the same normal form are the same task: `y + x` is `x + y`, `2xy` is `2*x*y`. Powers of sums
are kept, not expanded. Nothing is cancelled: a factor 0, a power 0 and a denominator stay, since they name
operands and domains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, reduce

import numpy as np
from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from ..algebra.residues import inverse, is_unit, power
from .errors import InputError, shorten

LONGEST_TEXT = 2_000
DEEPEST_NESTING = 60
LARGEST_EXPONENT = 1_000_000
LARGEST_CONSTANT_BITS = 4_096
MOST_OPERANDS = 6
SINGLE_LETTERS = "abnmxyz"

GRAMMAR = r"""
start: sum
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
NAME: /[A-Za-z][0-9]*/
INTEGER: /[0-9]+/
%ignore /[ \t\n\r]+/
"""


def operand_order(name: str) -> tuple[str, int]:
    """Sort key of operands: by letter, then by number, so that n2 comes before n10."""
    return name[0], int(name[1:] or -1)


# The normal form -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Variable:
    """An operand."""

    name: str


@dataclass(frozen=True)
class Sum:
    """constant + sum of coefficient * term; terms are distinct, sorted, and neither Sum nor constant."""

    terms: tuple[tuple[int, Node], ...]
    constant: int = 0


@dataclass(frozen=True)
class Product:
    """prod base^exponent; bases are distinct and sorted, exponents never merged across their signs."""

    factors: tuple[tuple[Node, int], ...]


@dataclass(frozen=True)
class Quotient:
    """numerator / denominator; defined where the denominator is a unit."""

    numerator: Node
    denominator: Node


Node = Variable | Sum | Product | Quotient
ONE = Sum((), 1)


def constant(value: int) -> Sum:
    """A constant as a node."""
    if value.bit_length() > LARGEST_CONSTANT_BITS:
        raise InputError(f"expression: constants must stay below 2^{LARGEST_CONSTANT_BITS}")
    return Sum((), value)


def is_constant(node: Node) -> bool:
    """Say whether a node is a plain integer."""
    return isinstance(node, Sum) and not node.terms


def split_coefficient(node: Node) -> tuple[int, Node]:
    """Write a node as integer * rest, with rest = ONE for a constant."""
    if isinstance(node, Sum):
        if not node.terms:
            return node.constant, ONE
        if len(node.terms) == 1 and node.constant == 0:
            return node.terms[0]
    return 1, node


def scaled(coefficient: int, node: Node) -> Node:
    """integer * node in normal form; distributed over a sum."""
    inner, rest = split_coefficient(node)
    coefficient *= inner
    if rest == ONE:
        return constant(coefficient)
    if coefficient == 1:
        return rest
    if isinstance(rest, Sum):
        terms = tuple((_checked(coefficient * c), term) for c, term in rest.terms)
        return Sum(terms, _checked(coefficient * rest.constant))
    return Sum(((_checked(coefficient), rest),))


def add(nodes: Iterable[Node]) -> Node:
    """Sum of nodes: flattened, like terms merged, sorted; a coefficient 0 is kept."""
    collected: dict[Node, int] = {}
    total = 0
    for node in nodes:
        terms, extra = (node.terms, node.constant) if isinstance(node, Sum) else (((1, node),), 0)
        total += extra
        for coefficient, term in terms:
            collected[term] = collected.get(term, 0) + coefficient
    terms = tuple((_checked(collected[term]), term) for term in sorted(collected, key=_order))
    if total == 0 and len(terms) == 1 and terms[0][0] == 1:
        return terms[0][1]
    return Sum(terms, _checked(total))


def multiply(left: Node, right: Node) -> Node:
    """Product of two nodes: coefficients pulled out, equal bases merged, quotients joined into one."""
    (a, left), (b, right) = split_coefficient(left), split_coefficient(right)
    if left == ONE or right == ONE:
        return scaled(a * b, left if right == ONE else right)
    if isinstance(left, Quotient) or isinstance(right, Quotient):
        (n1, d1), (n2, d2) = _fraction(left), _fraction(right)
        return scaled(a * b, divide(multiply(n1, n2), multiply(d1, d2)))
    exponents: dict[tuple[Node, bool], int] = {}
    for base, exponent in (*_factors(left), *_factors(right)):
        key = (base, exponent < 0)
        exponents[key] = exponents.get(key, 0) + exponent
    ordered = sorted(exponents, key=lambda key: (_order(key[0]), key[1]))
    return scaled(a * b, _product((base, exponents[base, negative]) for base, negative in ordered))


def divide(numerator: Node, denominator: Node) -> Node:
    """Quotient of two nodes; (a/b)/c becomes a/(b*c), which has the same domain."""
    coefficient, top = split_coefficient(numerator)
    if isinstance(top, Quotient):
        return scaled(coefficient, divide(top.numerator, multiply(top.denominator, denominator)))
    return scaled(coefficient, Quotient(top, denominator))


def raised(base: Node, exponent: int) -> Node:
    """Integer power of a node; (a*b)^e and (a/b)^e with e > 0 are distributed."""
    if abs(exponent) > LARGEST_EXPONENT:
        raise InputError(f"expression: exponents must be at most {LARGEST_EXPONENT}, got {shorten(exponent)}")
    if exponent == 1:
        return base
    if is_constant(base) and exponent >= 0:
        value = split_coefficient(base)[0]
        if value.bit_length() * exponent <= 256:
            return constant(value**exponent)
        return _product([(base, exponent)])
    coefficient, rest = split_coefficient(base)
    if exponent > 1 and coefficient != 1:
        return multiply(raised(constant(coefficient), exponent), raised(rest, exponent))
    if exponent > 1 and isinstance(rest, Quotient):
        return divide(raised(rest.numerator, exponent), raised(rest.denominator, exponent))
    if exponent > 1 and isinstance(rest, Product) and all(e > 0 for _, e in rest.factors):
        return _product((b, e * exponent) for b, e in rest.factors)
    return _product([(base, exponent)])


def _checked(value: int) -> int:
    return constant(value).constant


def _fraction(node: Node) -> tuple[Node, Node]:
    return (node.numerator, node.denominator) if isinstance(node, Quotient) else (node, ONE)


def _factors(node: Node) -> tuple[tuple[Node, int], ...]:
    return node.factors if isinstance(node, Product) else ((node, 1),)


def _product(factors: Iterable[tuple[Node, int]]) -> Node:
    kept = tuple(factors)
    for _, exponent in kept:
        if abs(exponent) > LARGEST_EXPONENT:
            raise InputError(f"expression: exponents must be at most {LARGEST_EXPONENT}, got {exponent}")
    if len(kept) == 1 and kept[0][1] == 1:
        return kept[0][0]
    return Product(kept)


@cache
def _degrees(node: Node) -> tuple[tuple[tuple[str, int], int], ...]:
    """Degree in each variable, sorted by variable; a quotient counts as its numerator."""
    degrees: dict[tuple[str, int], int] = {}
    match node:
        case Variable(name):
            degrees[operand_order(name)] = 1
        case Sum(terms, _):
            for _, term in terms:
                for key, degree in _degrees(term):
                    degrees[key] = max(degrees.get(key, 0), degree)
        case Product(factors):
            for base, exponent in factors:
                for key, degree in _degrees(base):
                    degrees[key] = degrees.get(key, 0) + degree * exponent
        case Quotient(numerator, _):
            degrees.update(_degrees(numerator))
    return tuple(sorted(degrees.items()))


@cache
def _total_degree(node: Node) -> int:
    match node:
        case Variable():
            return 1
        case Sum(terms, _):
            return max((_total_degree(term) for _, term in terms), default=0)
        case Product(factors):
            return sum(_total_degree(base) * exponent for base, exponent in factors)
        case Quotient(numerator, _):
            return _total_degree(numerator)


@cache
def _order(node: Node) -> tuple[object, ...]:
    """Canonical order: total degree falling, then graded lexicographic, then the text."""
    lexicographic = tuple((key, -degree) for key, degree in _degrees(node))
    return (-_total_degree(node), lexicographic, text_of(node))


# Canonical text --------------------------------------------------------------------------------------------


@cache
def text_of(node: Node) -> str:
    """Print a node so that parsing the text gives the node back."""
    match node:
        case Variable(name):
            return name
        case Sum(terms, total):
            parts = [_signed_term(c, term) for c, term in terms]
            if total or not parts:
                parts.append(("-" if total < 0 else "+", str(abs(total))))
            head_sign, head = parts[0]
            tail = "".join(f" {sign} {text}" for sign, text in parts[1:])
            return ("-" if head_sign == "-" else "") + head + tail
        case Product(factors):
            return "*".join(_factor_text(base, exponent) for base, exponent in factors)
        case Quotient(numerator, denominator):
            return f"{_numerator_text(numerator)}/{_denominator_text(denominator)}"


def _signed_term(coefficient: int, term: Node) -> tuple[str, str]:
    sign, size = ("-" if coefficient < 0 else "+"), abs(coefficient)
    if size == 1:
        return sign, text_of(term)
    if isinstance(term, Quotient) and term.numerator == ONE:
        return sign, f"{size}/{_denominator_text(term.denominator)}"
    return sign, f"{size}*{text_of(term)}"


def _bracketed(node: Node) -> str:
    return f"({text_of(node)})"


def _factor_text(base: Node, exponent: int) -> str:
    bare = isinstance(base, Variable) or (isinstance(base, Sum) and is_constant(base) and base.constant >= 0)
    text = text_of(base) if bare else _bracketed(base)
    if exponent == 1:
        return text
    return f"{text}^{exponent}" if exponent >= 0 else f"{text}^({exponent})"


def _numerator_text(node: Node) -> str:
    return _bracketed(node) if isinstance(node, Sum) and not is_constant(node) else text_of(node)


def _denominator_text(node: Node) -> str:
    simple = isinstance(node, Variable) or (is_constant(node) and split_coefficient(node)[0] >= 0)
    single = isinstance(node, Product) and len(node.factors) == 1 and node.factors[0][1] != 1
    return text_of(node) if simple or single else _bracketed(node)


# Parsing ---------------------------------------------------------------------------------------------------


class _Builder(Transformer[Token, Node]):
    """Lark tree to normal form; every production is flat, so depth is bounded by the parentheses."""

    def start(self, children: list[Node]) -> Node:
        return children[0]

    def integer(self, children: list[Token]) -> Node:
        return constant(int(children[0]))

    def variable(self, children: list[Token]) -> Node:
        name = str(children[0])
        if len(name) == 1 and name not in SINGLE_LETTERS:
            letters = " ".join(SINGLE_LETTERS)
            raise InputError(
                f"expression: operands are the letters {letters}, or a letter with digits (c1), got {name!r}"
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
            Exponents are integers of size at most 10^6.

    Returns:
        The `Expression`; `str` of it is the canonical text and parses to an equal one.

    Raises:
        InputError: the text breaks a rule; the message names the rule and the column.

    Example:
        >>> str(parse("y^2 + 2y x - x/3"))
        '2*x*y + y^2 - x/3'
        >>> parse("x y").operands
        ('x', 'y')
    """
    if len(text) > LONGEST_TEXT:
        raise InputError(f"expression: must have at most {LONGEST_TEXT} characters, got {len(text)}")
    if not text.strip():
        raise InputError("expression: must not be empty, got ''")
    depths = np.cumsum([(c == "(") - (c == ")") for c in text])
    if depths.max(initial=0) > DEEPEST_NESTING:
        raise InputError(f"expression: parentheses may nest {DEEPEST_NESTING} deep, got {depths.max()}")
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
        return f"expression: ends where an operand or ')' is missing, got {shorten(text)}"
    position = error.pos_in_stream
    column = 1 if position is None else position + 1
    found = error.char if isinstance(error, UnexpectedCharacters) else str(getattr(error, "token", ""))
    return f"expression: unexpected {found!r} at column {column} of {shorten(text)}"


# The object ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expression:
    """An expression in normal form.

    Arguments:
        node: the normal form; build it with `parse`.
    """

    node: Node

    def __str__(self) -> str:
        return text_of(self.node)

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The variables, by letter then number."""
        names = set(re.findall(r"[a-z][0-9]*", str(self), flags=re.IGNORECASE))
        return tuple(sorted(names, key=operand_order))

    def evaluate(self, values: Mapping[str, np.ndarray], m: int) -> tuple[np.ndarray, np.ndarray]:
        """Evaluate on int64 arrays mod m, exactly.

        Arguments:
            values: for each operand an array with entries in 0..m-1; shapes broadcast.
            m: modulus, 2 to about 3e9.

        Returns:
            (value, defined): int64 residues in 0..m-1 and the bool mask of inputs where every
            denominator is a unit; values elsewhere are meaningless.

        Raises:
            InputError: a negative power of a base that is not a unit at some defined input.

        Example:
            >>> value, defined = parse("x/y").evaluate({"x": np.array([1, 1]), "y": np.array([2, 0])}, 5)
            >>> value[defined].tolist(), defined.tolist()
            ([3], [True, False])
        """
        return _evaluate(self.node, values, m)


def _evaluate(node: Node, values: Mapping[str, np.ndarray], m: int) -> tuple[np.ndarray, np.ndarray]:
    everywhere = np.ones((), dtype=bool)
    match node:
        case Variable(name):
            return values[name], everywhere
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
                f"got {example}; write 1/{_denominator_text(base)} to leave such inputs out"
            )
        value, exponent = inverse(value, m), -exponent
    return power(value, exponent, m), defined
