"""What people write that the grammar of expressions lacks: functions, numbers with a point or an exponent.

Owns: recognising it before the text is parsed, so that it is refused by name. Products by juxtaposition would
otherwise give some of it another meaning: `1e3*x` would be the operand e3 times x, and `max(x)` m*a*x*x.
"""

from __future__ import annotations

import re

from .errors import InputError, shorten

SINGLE_LETTERS = "abnmxyz"
"""Operands that need no digits."""
FUNCTIONS = (
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "ln", "sqrt", "abs", "max", "min", "gcd",
    "lcm", "mod", "floor", "ceil", "round", "sign", "sgn",
)  # fmt: skip
GRAMMAR_IN_WORDS = "integers, operands, + - * / ^, parentheses, and a choice such as x if y odd else x*y"
KEYWORDS = ("if", "else", "odd", "even")
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?:[0-9]*\.[0-9]+|[0-9]+\.?)(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z]+")
_CALL = re.compile(r"[0-9]*\s*\(")


def refuse_foreign(text: str) -> None:
    """Refuse numbers and functions that the grammar lacks.

    Arguments:
        text: an expression, as written.

    Raises:
        InputError: it has a number in scientific notation or with a point, or a function.

    Example:
        >>> refuse_foreign("2ab(x + y) + c1(n)")
        >>> refuse_foreign("1e3*x")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        modgrok.io.errors.InputError: expression: must have only integers, without scientific notation ...
    """
    for number in _NUMBER.finditer(text):
        if not number[0].isdigit():
            raise InputError(
                "expression: must have only integers, without scientific notation or decimal points, got "
                f"{shorten(number[0])} in {shorten(text)}"
            )
    for word in _WORD.finditer(text):
        if _is_function(text, word):
            raise InputError(
                f"expression: functions are not part of the grammar, which has {GRAMMAR_IN_WORDS}, "
                f"got {shorten(word[0])} in {shorten(text)}"
            )


def _is_function(text: str, word: re.Match[str]) -> bool:
    """Say whether letters in a row name a function, rather than a product of operands."""
    name = word[0].lower()
    if name.endswith(KEYWORDS):
        return False
    has_digits = text[word.end() : word.end() + 1].isdigit()  # they make an operand of the last letter
    is_product = set(name[:-1] if has_digits else name) <= set(SINGLE_LETTERS)
    is_call = _CALL.match(text, word.end()) is not None
    if is_product:
        return is_call and not has_digits and name.endswith(FUNCTIONS)
    return is_call or name.endswith(FUNCTIONS)
