"""Verdicts: what deciding a table returns.

Owns: the frozen records `Witness` and `Verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from ..display import Displayed, Facts
from .merge import UNDEFINED

FORMS = ("additive", "multiplicative")
"""The forms that a table can have, in the order in which they are tried and told."""


@dataclass(frozen=True, eq=False, repr=False)
class Witness(Displayed):
    """Tables with f(x_1, ..., x_k) = h[(g_1[x_1] + ... + g_k[x_k]) mod p], or with the product.

    Attributes:
        form: "additive" or "multiplicative".
        g: for each operand an int64 array of length n_s (the operand's range, p for tasks), entries 0..p-1;
            0 where the operand value lies wholly outside the domain.
        h: int64 array of length p, values 0..p-1; 0 at arguments that no input reaches.

    Example:
        >>> n = np.arange(5)
        >>> Witness("additive", (n, -n % 5), n).evaluate(5)[1].tolist()
        [1, 0, 4, 3, 2]
    """

    form: str
    g: tuple[np.ndarray, ...]
    h: np.ndarray

    def _facts(self) -> Facts:
        return {"form": self.form, "p": len(self.h), "k": len(self.g)}

    def evaluate(self, p: int) -> np.ndarray:
        """Tabulate h over all inputs: int64 array of shape (n_1, ..., n_k), entries 0..p-1."""
        return self.h[self.arguments(p)]

    def arguments(self, p: int) -> np.ndarray:
        """Tabulate the argument of h over all inputs: int64 array of shape (n_1, ..., n_k), entries
        0..p-1."""
        join = np.add if self.form == "additive" else np.multiply
        return np.asarray(reduce(lambda left, g: join.outer(left, g) % p, self.g[1:], self.g[0] % p))

    def errors(self, table: np.ndarray) -> int:
        """Count the inputs of the domain (entries other than -1) where the witness is wrong; p = len(h)."""
        return int(((self.evaluate(len(self.h)) != table) & (table != UNDEFINED)).sum())


@dataclass(frozen=True, eq=False, repr=False)
class Verdict(Displayed):
    """Whether a table has one of the two forms, with the witness or the reason.

    Attributes:
        p: modulus.
        form: "additive" if that form is known to hold, else "multiplicative" if that is, else "neither" if
            both are excluded, else "undecided". A form whose search ran out of its budget is not known to
            hold: the certificate says which is not settled.
        g: the witness tables of `form`, one for each operand, or None.
        h: its readout table of length p, or None.
        also: the witness of the multiplicative form when both are known to hold, else None.
        certificate: why, in words that a reader can check.
        prediction: what Doshi et al. (2406.03495), Hypotheses 5.1 and 5.2, predict from it.
        seconds: wall-clock time of the decision.
    """

    p: int
    form: str
    g: tuple[np.ndarray, ...] | None
    h: np.ndarray | None
    also: Witness | None
    certificate: str
    prediction: str
    seconds: float

    def _facts(self) -> Facts:
        also = None if self.also is None else self.also.form
        facts = {"p": self.p, "form": self.form, "also": also, "certificate": self.certificate}
        return {**facts, "prediction": self.prediction, "seconds": self.seconds}

    @property
    def witness(self) -> Witness | None:
        """The witness of `form`, or None for "neither" and "undecided"."""
        return None if self.g is None or self.h is None else Witness(self.form, self.g, self.h)
