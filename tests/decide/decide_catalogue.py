"""The papers' polynomials as exact tables, with the form that mathematics gives them.

Sources: Gromov 2301.02679 (A), Doshi et al. 2406.03495 (B), Furuta et al. 2402.16726 (D); RFM tasks of
Mallinar et al. (C). The expected forms hold for p = 97 and p = 251 unless `EXCEPTIONS` names the modulus.
"""

from collections.abc import Callable

import numpy as np

Function = Callable[[np.ndarray, np.ndarray], np.ndarray]

ADDITIVE: dict[str, Function] = {
    "x+y": lambda x, y: x + y,
    "x-y": lambda x, y: x - y,
    "x^2+y^2": lambda x, y: x**2 + y**2,
    "(x+y)^2": lambda x, y: (x + y) ** 2,
    "(4x+y^2)^3": lambda x, y: (4 * x + y**2) ** 3,
    "(2x+3y)^4": lambda x, y: (2 * x + 3 * y) ** 4,
    "(5x^3+2y^4)^2": lambda x, y: (5 * x**3 + 2 * y**4) ** 2,
    "2x+y": lambda x, y: 2 * x + y,
    "2x-y": lambda x, y: 2 * x - y,
    "2x+3y": lambda x, y: 2 * x + 3 * y,
    "2x-3y": lambda x, y: 2 * x - 3 * y,
    "x^2+y": lambda x, y: x**2 + y,
    "x^2-y": lambda x, y: x**2 - y,
    "x^3+2y": lambda x, y: x**3 + 2 * y,
    "x^3-2y": lambda x, y: x**3 - 2 * y,
    "x^2-y^2": lambda x, y: x**2 - y**2,
    "(x+y)^2+x+y": lambda x, y: (x + y) ** 2 + x + y,
    **{f"x^{n}+y^{n}": (lambda x, y, n=n: x**n + y**n) for n in range(3, 8)},
    **{f"(x+y)^{n}": (lambda x, y, n=n: (x + y) ** n) for n in range(3, 8)},
    **{f"(x-y)^{n}": (lambda x, y, n=n: (x - y) ** n) for n in range(2, 5)},
}
MULTIPLICATIVE: dict[str, Function] = {
    "xy": lambda x, y: x * y,
    "xy+x+y": lambda x, y: x * y + x + y,
    "xy+y": lambda x, y: x * y + y,
    "xy-y": lambda x, y: x * y - y,
    "x^4y": lambda x, y: x**4 * y,
    "x^2y^2": lambda x, y: x**2 * y**2,
}
NEITHER: dict[str, Function] = {
    "x^2+y^2+xy": lambda x, y: x**2 + y**2 + x * y,
    "x^2+y^2+xy+x": lambda x, y: x**2 + y**2 + x * y + x,
    "x^3+xy": lambda x, y: x**3 + x * y,
    "x^3+xy^2": lambda x, y: x**3 + x * y**2,
    "x^3+xy^2+y": lambda x, y: x**3 + x * y**2 + y,
    "(4x+y^2)^3+xy": lambda x, y: (4 * x + y**2) ** 3 + x * y,
    "(2x+3y)^4-x^2": lambda x, y: (2 * x + 3 * y) ** 4 - x**2,
    "(5x^3+2y^4)^2-y": lambda x, y: (5 * x**3 + 2 * y**4) ** 2 - y,
    "2x^4y+x^2y^2+3xy^3": lambda x, y: 2 * x**4 * y + x**2 * y**2 + 3 * x * y**3,
    "x^5y^3+4x^2y+5x^2y^3": lambda x, y: x**5 * y**3 + 4 * x**2 * y + 5 * x**2 * y**3,
    "7x^4y^4+2x^3y^2+4x^2y^5": lambda x, y: 7 * x**4 * y**4 + 2 * x**3 * y**2 + 4 * x**2 * y**5,
}
ALL = {
    **{name: ("additive", f) for name, f in ADDITIVE.items()},
    **{name: ("multiplicative", f) for name, f in MULTIPLICATIVE.items()},
    **{name: ("neither", f) for name, f in NEITHER.items()},
}


def tabulate(f: Function, p: int) -> np.ndarray:
    """Values mod p over all pairs; |intermediate| stays below 2^63 up to p = 251 (degree at most 8, 7 p^8
    at most)."""
    n = np.arange(p, dtype=object)
    return np.array(f(n[:, None], n[None, :]) % p, dtype=np.int64)


def division(p: int) -> np.ndarray:
    """x / y with y = 0 outside the domain, for prime p."""
    x = np.arange(p)
    inverse = np.array([0] + [pow(int(y), -1, p) for y in range(1, p)])
    table = x[:, None] * inverse[None, :] % p
    table[:, 0] = -1
    return table


def parity(p: int) -> np.ndarray:
    """x // y (mod p) if y is odd, else x - y: the mixed task of Power et al."""
    x, y = np.arange(p)[:, None], np.arange(p)[None, :]
    return np.where(y % 2 == 1, division(p) % p, (x - y) % p)
