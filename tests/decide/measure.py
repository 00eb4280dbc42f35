"""Measure what docs/decide.md states: share of planted instances found, and time for the catalogue.

python tests/decide/measure.py share 97 30      # p, instances
python tests/decide/measure.py catalogue 251
"""

import sys
from statistics import median

from decide_catalogue import ALL, division, tabulate
from test_decide_random import holds, planted

from modgrok.decide import decide_table


def share(p: int, instances: int) -> str:
    """Share found with random g1, g2, h, and the time for both forms of each."""
    parts = []
    for form in ("additive", "multiplicative"):
        result, seconds = 0, []
        for seed in range(1000, 1000 + instances):
            table = planted(p, 2, form, seed)
            verdict = decide_table(table, p)
            result += holds(verdict, form, table)
            seconds.append(verdict.seconds)
        parts.append(
            f"{form} {result}/{instances}, median {median(seconds):.3f} s, worst {max(seconds):.2f} s"
        )
    return f"p = {p}: " + "; ".join(parts)


def catalogue(p: int) -> str:
    """Time for every polynomial of the papers."""
    tables = {name: tabulate(f, p) for name, (_, f) in ALL.items()} | {"x/y": division(p)}
    verdicts = {name: decide_table(table, p) for name, table in tables.items()}
    slowest = max(verdicts, key=lambda name: verdicts[name].seconds)
    undecided = sum(v.form == "undecided" for v in verdicts.values())
    times = [v.seconds for v in verdicts.values()]
    return (
        f"p = {p}: {len(times)} tasks, {undecided} undecided, median {median(times):.3f} s, "
        f"worst {max(times):.2f} s ({slowest})"
    )


if __name__ == "__main__":
    what, modulus = sys.argv[1], int(sys.argv[2])
    print(share(modulus, int(sys.argv[3])) if what == "share" else catalogue(modulus))  # noqa: T201
