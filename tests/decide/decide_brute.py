"""An independent brute force: plain backtracking over g_1 and g_2, shares no code with modgrok."""

import numpy as np


def representable(table: np.ndarray, p: int, form: str) -> bool:
    """Whether some g1, g2, h on Z_p give the two-operand table; holes (-1) are free.

    Operand values are decided alternately, rows[0], columns[0], rows[1], ...; h is a dictionary that must
    stay a function. Only one symmetry is used: the first element of each side is 0 (additive), or 0 or 1
    (multiplicative, prime p).
    """
    shape = table.shape
    order = sorted(((s, i) for s in (0, 1) for i in range(shape[s])), key=lambda v: (v[1], v[0]))
    g: list[dict[int, int]] = [{}, {}]
    f = table.tolist()

    def extend(position: int, h: dict[int, int]) -> bool:
        if position == len(order):
            return True
        s, i = order[position]
        first = not g[s]
        if form == "additive":
            options = range(1 if first else p)
        else:
            options = range(2 if first and all(p % q for q in range(2, p)) else p)
        for a in options:
            grown = dict(h)
            for j, b in g[1 - s].items():
                value = f[i][j] if s == 0 else f[j][i]
                argument = (a + b) % p if form == "additive" else a * b % p
                if value >= 0 and grown.setdefault(argument, value) != value:
                    break
            else:
                g[s][i] = a
                if extend(position + 1, grown):
                    return True
                del g[s][i]
        return False

    return extend(0, {})


def all_representable(p: int, form: str) -> set[bytes]:
    """Every representable p x p table, made by running over all g1, g2, h (p = 2 or 3 only)."""
    n = np.arange(p**p)
    functions = (n[:, None] // p ** np.arange(p)) % p
    values = set()
    for g1 in functions:
        for g2 in functions:
            arguments = (np.add if form == "additive" else np.multiply).outer(g1, g2) % p
            values.update(h[arguments].tobytes() for h in functions)
    return values
