"""The sequence of tokens of a transformer: which row of W_E is which number and sign.

Owns: the orders whose tokens and positions fit the weights and the task.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...models.transformer import LAYOUTS, SIGNS, length_of
from ...tasks import InputError
from .transformer_options import ImportOptions


@dataclass(frozen=True, eq=False)
class TokenOrder:
    """A sequence of tokens: which row of W_E is which number and sign."""

    layout: str
    tokens: np.ndarray
    description: str
    usual: bool


def token_orders(
    embedding: np.ndarray, position: np.ndarray | None, classes: int, p: int, k: int, options: ImportOptions
) -> Iterator[TokenOrder]:
    """Yield the orders whose tokens and positions fit.

    Rows of W_E beyond the numbers and signs stand for signs of other tasks. They are allowed where the
    tokens are named, or where the layout is and the columns of W_U say which rows are numbers.

    Arguments:
        embedding: W_E, shape (v, d).
        position: W_pos, shape (places, d); None where there is none.
        classes: columns of W_U.
        p: modulus.
        k: operands.
        options: what the user states about the network.

    Raises:
        InputError: none fits.
    """
    v, length = len(embedding), None if position is None else len(position)
    layouts = [name for name in LAYOUTS if options.layout in (None, name)]
    extra = options.tokens is not None or (classes == p and options.layout is not None)
    fitting = [
        name
        for name in layouts
        if length in (None, length_of(name, k)) and (v >= p + SIGNS[name] if extra else v == p + SIGNS[name])
    ]
    if not fitting:
        if v == 2 * p:
            raise InputError(
                f"path: must have one vocabulary, got {v} = 2 x {p} rows of W_E, one for each operand"
            )
        needs = "; ".join(
            f"{name} {length_of(name, k)} positions and {p + SIGNS[name]} tokens" for name in layouts
        )
        have = "no positions" if length is None else f"{length} positions"
        rows = {p + SIGNS[name] for name in layouts}
        argument = "p" if v not in rows else "layout"
        raise InputError(
            f"{argument}: must fit W_E and W_pos ({needs}, for {k} operands and p = {p}), got {have} and {v} "
            "tokens"
        )
    explicit = options.layout is not None
    orders = [order for name in fitting for order in _numberings(name, v, p, options, explicit=explicit)]
    if not orders:
        raise InputError(
            f"tokens: must leave {p} tokens in a row for the numbers, got "
            f"{','.join(map(str, options.tokens or ())) or 'none'} of {v}"
        )
    yield from orders


def _numberings(
    layout: str, v: int, p: int, options: ImportOptions, *, explicit: bool
) -> Iterator[TokenOrder]:
    signs = SIGNS[layout]
    if options.tokens is not None and (
        len(options.tokens) != signs
        or len(set(options.tokens)) != signs
        or not all(0 <= token < v for token in options.tokens)
    ):
        raise InputError(
            f"tokens: must be {signs} different numbers below {v} for the layout {layout}, got "
            f"{','.join(map(str, options.tokens)) or 'none'}"
        )
    for start in range(1 if v > p + signs else v - p + 1):
        numbers = list(range(start, start + p))
        rest = [token for token in range(v) if token not in numbers]
        chosen = [options.tokens] if options.tokens is not None else itertools.permutations(rest, signs)
        for sign in chosen:
            if set(sign) & set(numbers):
                continue
            usual = start == 0 and list(sign) == list(range(p, p + signs))
            if options.tokens is not None:
                usual = start == 0
            elif signs > 1 and not explicit:
                usual = False
            words = [
                f"numbers from {start}",
                *(f"{name} {n}" for name, n in zip(("op", "="), sign, strict=False)),
            ]
            yield TokenOrder(layout, np.array([*numbers, *sign]), ", ".join(words), usual)
