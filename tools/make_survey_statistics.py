"""Write what the survey's tables say into docs/atlas.md: `python tools/make_survey_statistics.py`.

Critical fractions with intervals, at the whole budget and at half of it; how they and the times to grok scale
with the modulus; which pieces have been run. Nothing is trained. Run it when a table of atlas/survey/tables
changes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from make_survey_files import PIECES, Piece
from make_survey_tables import FOLDER, read_table

from modgrok.sweeps.critical.estimate import Probe
from modgrok.sweeps.critical.probe_scaling import fit_probe_scaling
from modgrok.sweeps.critical.regression import CriticalEstimate, RunOutcome, fit_critical, probes_within
from modgrok.sweeps.critical.time_scaling import fit_time_scaling

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "atlas.md"
LEARNERS = {"adamw": "two-layer network, AdamW", "gd": "two-layer network, gradient descent"}
LEARNERS |= {"rfm": "kernel machine", "transformer": "transformer"}
"""First word of a piece's name -> what is trained."""
EXPONENTS = (0.5, 1.0)
LEAST_PROBES, LEAST_MODULI = 3, 4
"""Fractions that a critical one needs, and moduli that an exponent needs."""
LARGER = 29
"""First of the larger moduli, on which laws are compared alone as well."""
ABOVE = 1.1
"""Times to grok are fitted from this multiple of the critical fraction on."""
Row = dict[str, str]
Groups = dict[tuple[str, str], dict[int, list[Row]]]
"""(Task, learner) -> modulus -> its runs."""
Estimates = dict[tuple[str, str], dict[int, CriticalEstimate]]
"""(Task, learner) -> modulus -> its critical fraction."""


def outcome(row: Row) -> RunOutcome:
    """Read what is known of a run."""
    grokked_at = int(row["grokked_at"]) if row["grokked_at"] else None
    return RunOutcome(float(row["fraction"]), grokked_at, int(row["step"]), row["end"] == "diverged")


def groups() -> Groups:
    """Gather rows by task and learner, then modulus, of pieces with clean labels."""
    known: Groups = {}
    for piece in PIECES:
        if "corruption" not in piece.axes:
            learner = LEARNERS[piece.name.partition("_")[0]]
            for row in read_table(FOLDER / "tables" / f"{piece.name}.csv"):
                rows = known.setdefault((row["expression"], learner), {})
                rows.setdefault(int(row["p"]), []).append(row)
    return {key: dict(sorted(rows.items())) for key, rows in known.items()}


def estimate(rows: Sequence[Row], budget: int) -> CriticalEstimate | None:
    """Estimate a critical fraction; None if there are too few fractions."""
    probes = probes_within(map(outcome, rows), budget)
    return fit_critical(probes) if len(probes) >= LEAST_PROBES else None


def words(known: CriticalEstimate | None) -> str:
    """Say an estimate with its interval."""
    if known is None:
        return "–"
    low, high = ("" if end is None else f"{end:.3f}" for end in (known.low, known.high))
    if known.fraction is None:
        return f"below {high}" if known.place == "below" else f"above {low}"
    return f"{known.fraction:.3f} ({low or 'open'} to {high or 'open'})"


def moved(half: CriticalEstimate | None, whole: CriticalEstimate | None) -> str:
    """Say whether doubling the budget moved an estimate by more than its interval."""
    if half is None or whole is None or half.fraction is None or whole.fraction is None:
        return "–"
    return "no" if (half.low or 0) <= whole.fraction <= (half.high or 1) else "yes"


def pieces_lines() -> Iterator[str]:
    """List all pieces with their runs, and how many of these have been made."""
    yield "| sweep file | what is trained | runs | at p >= 47 | hours | made |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for piece in PIECES:
        count = len(read_table(FOLDER / "tables" / f"{piece.name}.csv"))
        learner = LEARNERS[piece.name.partition("_")[0]] if piece.expected else about(piece)
        large = large_runs(piece)
        file = f"`atlas/survey/{piece.name}.toml`{' (full plan)' if piece.full else ''}"
        yield f"| {file} | {learner} | {piece.runs} | {large} | {piece.hours:.1f} | {count} |"
    for name, chosen in (
        ("all but the full plan's", [piece for piece in PIECES if not piece.full]),
        ("all", PIECES),
    ):
        total, large = sum(piece.runs for piece in chosen), sum(map(large_runs, chosen))
        hours = sum(piece.hours for piece in chosen)
        yield f"| {name} | | {total:,} | {large:,} ({large / total:.0%}) | {hours:.1f} | |"


def about(piece: Piece) -> str:
    """Say what a piece without expected fractions trains."""
    return "corrupted labels, AdamW" if "corruption" in piece.axes else LEARNERS["transformer"]


def large_runs(piece: Piece) -> int:
    """Return the number of a piece's runs at moduli from 47 on."""
    return len(piece.seeds) * sum(p >= 47 for p in piece.moduli)


def estimates(runs: Groups) -> Estimates:
    """Estimate the critical fraction of every task, learner and modulus within the whole budget."""
    known: Estimates = {}
    for key, moduli in runs.items():
        for p, rows in moduli.items():
            whole = estimate(rows, int(rows[0]["budget"]))
            if whole is not None:
                known.setdefault(key, {})[p] = whole
    return known


def critical_lines(runs: Groups, critical: Estimates) -> Iterator[str]:
    """Lay out critical fractions at half of the budget and at all of it."""
    yield "| task | learner | p | runs | half of the budget | whole budget | moved beyond its interval |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for (task, learner), known in critical.items():
        for p, whole in known.items():
            rows = runs[task, learner][p]
            half = estimate(rows, int(rows[0]["budget"]) // 2)
            yield (
                f"| `{task}` | {learner} | {p} | {whole.seeds} | {words(half)} | {words(whole)} | "
                f"{moved(half, whole)} |"
            )


def law_lines(runs: Groups) -> Iterator[str]:
    """Lay out how critical fractions scale with p."""
    yield "| task | learner | moduli | separated | law | b | misfit | excluded |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for (task, learner), moduli in runs.items():
        yield from scaling_lines(task, learner, probes_of(moduli, budget_of(moduli)))


def duration_lines(runs: Groups, critical: Estimates) -> Iterator[str]:
    """Lay out how the times to grok scale."""
    yield "| task | learner | a | b | g | runs | scatter of ln T |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for (task, learner), known in critical.items():
        yield from time_lines(task, learner, known, runs[task, learner])


def budget_of(moduli: Mapping[int, Sequence[Row]]) -> int:
    """Return the steps that runs were followed for if they did not grok."""
    return int(next(iter(moduli.values()))[0]["budget"])


def probes_of(moduli: Mapping[int, Sequence[Row]], steps: int) -> dict[int, list[Probe]]:
    """Count the seeds that grok within some steps, at each modulus with enough fractions."""
    probes = {p: probes_within(map(outcome, rows), steps) for p, rows in moduli.items()}
    return {p: own for p, own in probes.items() if len(own) >= LEAST_PROBES}


def separated(probes: Sequence[Probe]) -> bool:
    """Say whether no fraction has seeds of both kinds."""
    return all(probe.grokked in (0, probe.of) for probe in probes)


def robust_lines(runs: Groups) -> Iterator[str]:
    """Compare both forms of the law of x + y under AdamW over budgets and ranges of moduli."""
    yield "| moduli | separated | steps | power: b | misfit | with the logarithm: b | misfit | likelier, by |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    rows_of = runs["x + y", LEARNERS["adamw"]]
    for first in (min(rows_of), LARGER):
        chosen = {p: rows for p, rows in rows_of.items() if p >= first}
        budget = budget_of(chosen)
        for steps in (budget, budget // 2, budget // 4):
            probes = probes_of(chosen, steps)
            cells = [f"{len(probes)} from {first}", str(sum(map(separated, probes.values()))), f"{steps:,}"]
            fits = [fit_probe_scaling(probes, log_power) for log_power in (0, 1)]
            for fit in fits:
                low, high = fit.interval
                cells.append(f"{fit.exponent:.2f} ({end_words(low)} to {end_words(high)})")
                cells.append(f"{fit.misfit:.1f} for {fit.freedom}")
            gain = fits[1].log_likelihood - fits[0].log_likelihood
            cells.append(f"{'the logarithm' if gain > 0 else 'the power'}, {abs(gain):.1f}")
            yield f"| {' | '.join(cells)} |"


def end_words(end: float) -> str:
    """Write an end of an interval, which may be open."""
    return f"{end:.2f}" if math.isfinite(end) else "open"


def scaling_lines(task: str, learner: str, probes: dict[int, list[Probe]]) -> Iterator[str]:
    """Say how the critical fraction scales with p."""
    if len(probes) < LEAST_MODULI:
        return
    for log_power, form in ((0, "p^{-b}"), (1, r"p^{-b}\ln p")):
        fit = fit_probe_scaling(probes, log_power)
        excluded = [f"{exponent:g}" for exponent in EXPONENTS if fit.excludes(exponent)]
        low, high = fit.interval
        cells = (
            f"`{task}`",
            learner,
            str(len(probes)),
            str(sum(map(separated, probes.values()))),
            f"${fit.factor:.2f}\\,{form}$",
            f"{fit.exponent:.2f} ({end_words(low)} to {end_words(high)})",
            f"{fit.misfit:.1f} for {fit.freedom}",
            " and ".join(excluded) or "neither",
        )
        yield f"| {' | '.join(cells)} |"


def time_lines(
    task: str, learner: str, known: dict[int, CriticalEstimate], moduli: dict[int, list[Row]]
) -> Iterator[str]:
    """Say how the time to grok above the critical fraction scales."""
    chosen = [
        (p, run.fraction / critical.fraction, run.grokked_at or run.step, run.grokked_at is not None)
        for p, critical in known.items()
        if critical.fraction is not None
        for run in map(outcome, moduli[p])
        if run.fraction >= ABOVE * critical.fraction and run.step > 0
    ]
    if len({p for p, *_ in chosen}) < LEAST_MODULI:
        return
    columns = [np.array(column) for column in zip(*chosen, strict=True)]
    fit = fit_time_scaling(*columns)
    (low, high), (least, most) = fit.interval, fit.decay_interval
    yield (
        f"| `{task}` | {learner} | {fit.factor:.3g} | {fit.exponent:.2f} ({low:.2f} to {high:.2f}) | "
        f"{fit.decay:.2f} ({least:.2f} to {most:.2f}) | {fit.runs} | {fit.scatter:.2f} |"
    )


def replaced(page: str, name: str, lines: Iterator[str]) -> str:
    """Return a page with other lines between two marks."""
    text = "\n".join(lines).strip()
    marks = rf"(?<=<!-- {name} begin -->\n).*(?=<!-- {name} end -->)"
    changed, count = re.subn(marks, lambda _: f"\n{text}\n\n", page, flags=re.DOTALL)
    assert count == 1, name
    return changed


def content(page: str) -> str:
    """Return the page with the lines of the present tables."""
    runs = groups()
    critical = estimates(runs)
    parts = (
        ("pieces", pieces_lines()),
        ("laws", law_lines(runs)),
        ("robust", robust_lines(runs)),
        ("times", duration_lines(runs, critical)),
        ("critical", critical_lines(runs, critical)),
    )
    for name, lines in parts:
        page = replaced(page, name, lines)
    return page


if __name__ == "__main__":
    PAGE.write_text(content(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
