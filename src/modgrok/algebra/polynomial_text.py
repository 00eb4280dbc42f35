"""Polynomials with given monomials as expressions that `modgrok.tasks` parses."""

from __future__ import annotations

from collections.abc import Sequence


def polynomial_text(coefficients: Sequence[int], monomials: Sequence[str]) -> str:
    """Write a polynomial as an expression, without terms whose coefficient is 0.

    Arguments:
        coefficients: integers >= 0.
        monomials: of the same number, such as `x^2*y`.

    Example:
        >>> polynomial_text((1, 0, 4), ("x^2", "x*y", "y^2")), polynomial_text((0,), ("x",))
        ('x^2 + 4*y^2', '0')
    """
    terms = zip(coefficients, monomials, strict=True)
    return " + ".join(word if c == 1 else f"{c}*{word}" for c, word in terms if c) or "0"
