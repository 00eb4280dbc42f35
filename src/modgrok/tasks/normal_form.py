"""The normal form of expressions: nodes, their arithmetic, and their canonical text.

Owns: what makes two texts the same task. Like terms merge, factors merge, sums and products are sorted;
powers of sums are kept, not expanded. Nothing is cancelled: a factor 0, a power 0 and a denominator stay,
since they name operands and domains. A conditional stands only at the top, and always asks whether its
operand is odd.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from .errors import InputError, shorten

LARGEST_EXPONENT = 1_000_000
LARGEST_CONSTANT_BITS = 4_096


OperandKey = tuple[str, int, str]
"""Letter, number and name of an operand."""


def operand_order(name: str) -> OperandKey:
    """Sort key of operands: by letter, then by number, so that n2 comes before n10; x1 comes after x01."""
    return name[0], int(name[1:] or -1), name


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


@dataclass(frozen=True)
class Conditional:
    """odd where the operand's value, in 0..m-1, is odd; even elsewhere."""

    operand: str
    odd: Node
    even: Node


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
    nonzero_factors = tuple(factors)
    for _, exponent in nonzero_factors:
        if abs(exponent) > LARGEST_EXPONENT:
            raise InputError(f"expression: exponents must be at most {LARGEST_EXPONENT}, got {exponent}")
    if len(nonzero_factors) == 1 and nonzero_factors[0][1] == 1:
        return nonzero_factors[0][0]
    return Product(nonzero_factors)


@cache
def _degrees(node: Node) -> tuple[tuple[OperandKey, int], ...]:
    """Degree in each variable, sorted by variable; a quotient counts as its numerator."""
    degrees: dict[OperandKey, int] = {}
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
            return f"{_numerator_text(numerator)}/{denominator_text(denominator)}"


def _signed_term(coefficient: int, term: Node) -> tuple[str, str]:
    sign, size = ("-" if coefficient < 0 else "+"), abs(coefficient)
    if size == 1:
        return sign, text_of(term)
    if isinstance(term, Quotient) and term.numerator == ONE:
        return sign, f"{size}/{denominator_text(term.denominator)}"
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


def denominator_text(node: Node) -> str:
    simple = isinstance(node, Variable) or (is_constant(node) and split_coefficient(node)[0] >= 0)
    single = isinstance(node, Product) and len(node.factors) == 1 and node.factors[0][1] != 1
    return text_of(node) if simple or single else _bracketed(node)


def conditional_text(node: Conditional) -> str:
    """Print a conditional so that parsing the text gives it back."""
    return f"{text_of(node.odd)} if {node.operand} odd else {text_of(node.even)}"
