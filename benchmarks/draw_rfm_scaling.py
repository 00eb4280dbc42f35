"""Draw the cost of an RFM iteration against p, beside the operations counted in docs/rfm-speed.md.

python benchmarks/bench_rfm.py --scaling --one-core --kernels gaussian quadratic --json rows.json
python benchmarks/draw_rfm_scaling.py rows.json -o docs/images/rfm_scaling.png
python benchmarks/draw_rfm_scaling.py docs/rfm-speed.md -o docs/images/rfm_scaling.png
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from modgrok.models.kernels.moments import PART_ROWS
from modgrok.reports.charts.palette import INK, SECOND, TEST, config
from modgrok.reports.charts.png import stacked
from modgrok.reports.charts.timeline import spread

SERIES = (("gaussian", "Gaussian iteration", TEST), ("quadratic", "quadratic iteration", SECOND))
SOLVE = ("solve alone", INK)
TALL = 300
"""Height of the chart, pixels."""


def operations(kernel: str, p: int, n: int) -> float:
    """Count the leading operations of solve, evaluation on the p^2 - n = n others, and AGOP; c = p, d = 2p.

    Solve n^3/3 + 2n^2 p; Gaussian: 2n^2 p to evaluate, 4n^2 p + 5np^3 for the AGOP (6np^3 where the operands'
    blocks of D are not divided); quadratic: 2 * 2pd^3 for the forms, 2 * 2pd^3 for the AGOP.
    """
    solve = n**3 / 3 + 2 * n * n * p
    if kernel == "solve alone":
        return solve
    if kernel != "gaussian":
        return solve + 64 * p**4
    outer = 5 if p > PART_ROWS else 6
    return solve + outer * n * p**3 + 6 * n * n * p


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read what `bench_rfm.py --json` wrote, or the table of seconds by p on a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return list(json.loads(text))
    _, _, table = text.partition("| p | n | gaussian, s | quadratic, s | solve alone, s |\n")
    rows = []
    for line in table.split("\n\n")[0].splitlines()[1:]:
        p, n, gaussian, quadratic, solve = (
            float(cell.replace(",", "")) for cell in line.strip("| ").split("|")
        )
        for kernel, seconds in (("gaussian", gaussian), ("quadratic", quadratic)):
            rows.append({"p": int(p), "n": int(n), "kernel": kernel, "Fast": seconds, "Solve": solve})
    return rows


def points(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay measured seconds out by series, and counted operations, scaled to meet them at the largest p."""
    results = [
        (row, kernel, title, "Fast") for kernel, title, _ in SERIES for row in rows if row["kernel"] == kernel
    ]
    results += [(row, SOLVE[0], SOLVE[0], "Solve") for row in rows if row["kernel"] == SERIES[0][0]]
    laid = []
    for row, kernel, title, column in results:
        last = max((r for r, k, *_ in results if k == kernel), key=lambda r: int(r["p"]))
        rate = last[column] / operations(kernel, last["p"], last["n"])
        operations_per_second = rate * operations(kernel, row["p"], row["n"])
        laid.append({"p": row["p"], "what": title, "seconds": row[column], "counted": operations_per_second})
    return laid


def exponent(laid: list[dict[str, Any]], what: str, column: str, low: int, high: int) -> float:
    """Return the slope of a series between two moduli on logarithmic axes."""
    at = {row["p"]: row[column] for row in laid if row["what"] == what}
    return math.log(at[high] / at[low]) / math.log(high / low)


def chart(laid: list[dict[str, Any]]) -> alt.LayerChart:
    """Draw measured points over lines of counted operations."""
    titles, colours = [s[1] for s in SERIES] + [SOLVE[0]], [s[2] for s in SERIES] + [SOLVE[1]]
    base = alt.Chart(alt.Data(values=laid)).encode(
        x=alt.X("p:Q", scale=alt.Scale(type="log", nice=False, padding=8), title="p, logarithmic").axis(
            labelOverlap=False, values=sorted({row["p"] for row in laid})
        ),
        color=alt.Color("what:N", scale=alt.Scale(domain=titles, range=colours), legend=None),
    )
    seconds = alt.Scale(type="log", domain=list(domain_of(laid)), nice=False)
    lines = base.mark_line(strokeDash=[4, 3], strokeWidth=1).encode(y=alt.Y("counted:Q", scale=seconds))
    dots = base.mark_point(filled=True, size=40, opacity=1).encode(
        y=alt.Y("seconds:Q", scale=seconds, title="seconds, logarithmic").axis(
            values=[10**power for power in range(-4, 4)], format="~g"
        )
    )
    ends = {row["what"]: row for row in sorted(laid, key=lambda row: row["p"])}
    heights = spread([height_of(ends[title]["seconds"], laid) for title in titles], TALL)
    tags = [
        {"what": title, "p": ends[title]["p"], "height": at}
        for title, at in zip(titles, heights, strict=True)
    ]
    labels = (
        alt.Chart(alt.Data(values=tags))
        .mark_text(align="left", dx=10, fontSize=11)
        .encode(x="p:Q", y=alt.Y("height:Q", scale=None), text="what:N", color="what:N")
    )
    return (lines + dots + labels).properties(width=420, height=TALL).configure(**config())


def height_of(seconds: float, laid: list[dict[str, Any]]) -> float:
    """Return where a number of seconds is drawn, pixels from the upper edge."""
    low, high = domain_of(laid)
    return TALL * math.log(high / seconds) / math.log(high / low)


def domain_of(laid: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the range of the vertical axis."""
    values = [row[column] for row in laid for column in ("seconds", "counted")]
    return min(values) / 1.4, max(values) * 1.4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    laid = points(read_rows(options.rows))
    for what in dict.fromkeys(row["what"] for row in laid):
        for low, high in ((31, 61), (61, 127), (31, 127)):
            slopes = [exponent(laid, what, column, low, high) for column in ("seconds", "counted")]
            print(f"{what}: p {low} to {high}: measured p^{slopes[0]:.2f}, counted p^{slopes[1]:.2f}")
    options.output.write_bytes(stacked([vl_convert.vegalite_to_png(chart(laid).to_dict(), scale=2)]))


if __name__ == "__main__":
    main()
