"""An expression as a list of monomials: what experts are built from.

Owns: expansion over Z_p, with a bound on the number of terms.
"""

from __future__ import annotations

from functools import reduce
from math import gcd

from .errors import InputError
from .expression import Expression
from .normal_form import Conditional, Node, Product, Quotient, Sum, Variable, text_of

MOST_TERMS = 2_000

Monomials = dict[tuple[int, ...], int]


def expand(expression: Expression, p: int) -> Monomials:
    """Expand an expression into monomials over Z_p: f = sum of c * x_1^a_1 * ... * x_k^a_k.

    Arguments:
        expression: polynomial; denominators must be constants that are units mod p.
        p: modulus.

    Returns:
        Exponents (one per operand, in order) -> coefficient in 1..p-1; terms with coefficient 0 are left out.

    Raises:
        InputError: a denominator or negative power holds an operand, there are over 2,000 terms, or the
            expression is a conditional.

    Example:
        >>> from modgrok.tasks import parse
        >>> expand(parse("(x + y)^2 - x*y/2"), 5)
        {(2, 0): 1, (1, 1): 4, (0, 2): 1}
    """
    names = expression.operands
    if isinstance(expression.node, Conditional):
        raise InputError(
            f"expression: is not a polynomial mod {p}, since it chooses by parity, got {expression}"
        )
    terms = _expand(expression.node, names, p)
    ordered = sorted(terms, key=lambda exponents: (-sum(exponents), tuple(-e for e in exponents)))
    return {exponents: terms[exponents] for exponents in ordered}


def _expand(node: Node, names: tuple[str, ...], p: int) -> Monomials:
    zero = (0,) * len(names)
    match node:
        case Variable(name):
            return {tuple(int(name == other) for other in names): 1}
        case Sum(terms, total):
            collected: Monomials = {zero: total % p} if total % p else {}
            for coefficient, term in terms:
                for exponents, value in _expand(term, names, p).items():
                    collected[exponents] = (collected.get(exponents, 0) + coefficient * value) % p
            return _nonzero(collected)
        case Product(factors):
            powers = (_power(base, exponent, names, p) for base, exponent in factors)
            return reduce(lambda a, b: _times(a, b, p), powers)
        case Quotient(numerator, denominator):
            return _times(_expand(numerator, names, p), _inverse(denominator, names, p), p)


def _power(base: Node, exponent: int, names: tuple[str, ...], p: int) -> Monomials:
    if exponent < 0:
        return _power_of(_inverse(base, names, p), -exponent, p, len(names))
    return _power_of(_expand(base, names, p), exponent, p, len(names))


def _power_of(terms: Monomials, exponent: int, p: int, k: int) -> Monomials:
    if len(terms) == 1:
        ((exponents, value),) = terms.items()
        return {tuple(e * exponent for e in exponents): pow(value, exponent, p)}
    result: Monomials = {(0,) * k: 1 % p}
    square = terms
    while exponent:
        if exponent & 1:
            result = _times(result, square, p)
        exponent >>= 1
        if exponent:
            square = _times(square, square, p)
    return result


def _inverse(node: Node, names: tuple[str, ...], p: int) -> Monomials:
    terms = _expand(node, names, p)
    zero = (0,) * len(names)
    if set(terms) != {zero} or gcd(terms[zero], p) != 1:
        raise InputError(f"expression: is not a polynomial mod {p}, since it divides by {text_of(node)}")
    return {zero: pow(terms[zero], -1, p)}


def _times(left: Monomials, right: Monomials, p: int) -> Monomials:
    collected: Monomials = {}
    for a, x in left.items():
        for b, y in right.items():
            exponents = tuple(i + j for i, j in zip(a, b, strict=True))
            collected[exponents] = (collected.get(exponents, 0) + x * y) % p
        if len(collected) > MOST_TERMS:
            raise InputError(f"expression: may expand to at most {MOST_TERMS} monomials, got more")
    return _nonzero(collected)


def _nonzero(terms: Monomials) -> Monomials:
    return {exponents: value for exponents, value in terms.items() if value}
