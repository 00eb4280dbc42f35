"""Text of the book that pages of any format share.

Owns: how numbers, ranges, runs and counts are printed; numbers come from results.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

from ..claims.bounds import after_data, bound_changes
from ..claims.claim import ClaimVerdict, Expected, Number, refuting
from ..claims.result import Result

VERDICTS: tuple[ClaimVerdict, ...] = ("reproduced", "deviates", "refuted", "misprint", "open")
UNTESTED = "not tested"
MEANINGS = {
    "reproduced": "every number is in its range: the paper's with a tolerance, or, of words, a bound of ours",
    "deviates": "only supporting numbers are out of range: the sentence stands",
    "refuted": "a number on which the sentence rests is out of range, in formulas checked in full or in runs "
    "of the paper's own size, length and number of seeds; of a prediction of ours, in the runs that it names",
    "misprint": "a slip of the paper or of its code: what follows from it is out of range, and in range with "
    "the correction that the errata give",
    "open": "what was run cannot decide: a number is out of range, or something is said never to happen, in "
    "runs that are smaller, shorter or fewer than the paper's; the page says what would decide",
    UNTESTED: "runs are missing, or something failed; the page says why",
}
DEVIATIONS = "Deviations from the paper"
"""Heading of how the runs differ from the paper's."""
DECIDES = "What would decide"
"""Heading of what the runs fall short of, where the verdict is open."""
BOUNDS = "Bounds set or moved after data was seen"
"""Heading of the bounds that are no predictions."""
CHANGE = "What would change the verdict"
"""Heading of the same for the other verdicts."""
COMMAND = "To reproduce"
"""Heading of the command that tests a claim."""
OWN_RULES = {
    "least_seeds": "One seed alone never refutes.",
    "unstated": "The paper does not state the width and learning rate, so a number out of range does not "
    "refute (this rule was set on 29 November 2026, after these numbers were known).",
    "length": "The paper does not state its steps, so that no run confirms what is said never to happen.",
}
"""Kinds of shortfall that are rules of this book and no sizes of a paper."""
UNSTATED = ("unstated", "length")
"""Kinds of shortfall that no run makes good."""
MOST_TASKS = 6
ENOUGH_SEEDS = 3
"""Seeds that a claim with runs should rest on."""
MOST_MISSED = 4


def verdict_of(result: Result) -> str:
    """Name the verdict, or that there is none."""
    return result.verdict or UNTESTED


def number_words(value: Number) -> str:
    """Print a number: four digits, and 1 only where it is 1.

    Example:
        >>> [number_words(v) for v in (1.0, 0.99996, 0.5123456, 1200, 2e-7, None)]
        ['1', '0.9999', '0.5123', '1,200', '2e-07', 'none']
    """
    if value is None:
        return "none"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    if 0.99 < value < 1:
        return f"{math.floor(value * 10_000) / 10_000:g}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def range_words(expected: Expected) -> str:
    """Print the range in which a number counts as the paper's.

    Example:
        >>> range_words(Expected("a", "", low=0.5)), range_words(Expected("a", "", low=1, high=2))
        ('at least 0.5', '1 to 2')
    """
    if expected.low == expected.high:
        return number_words(expected.low)
    if math.isinf(expected.high):
        return f"at least {number_words(expected.low)}"
    if math.isinf(expected.low):
        return f"at most {number_words(expected.high)}"
    return f"{number_words(expected.low)} to {number_words(expected.high)}"


def weight_words(expected: Expected, result: Result) -> str:
    """Say what keeps a number out of range from refuting the sentence; empty if nothing does."""
    if not expected.essential:
        return "supporting"
    kinds = {short.kind for short in result.shortfalls}
    if expected.absence and kinds & {"steps", "length"}:
        return (
            "shorter runs cannot confirm it"
            if "steps" in kinds
            else "cannot be confirmed: the paper states no number of steps"
        )
    missed = not expected.holds(result.values.get(expected.name))
    if expected.given == expected.name:
        return "a premise: out of range, it leaves the claim open"
    if missed and result.shortfalls:
        return "smaller or shorter runs cannot refute it"
    refutes = expected in refuting(result.expected, result.values, result.shortfalls)
    return f"cannot refute without {name_words(str(expected.given))}" if missed and not refutes else ""


def measured_words(expected: Expected | None, name: str, result: Result) -> str:
    """Print a measured number; where each seed has one, with their range and how many are in range."""
    value, each = number_words(result.values.get(name)), result.seed_values.get(name, ())
    if len(each) < 2:
        return value
    known = [number for number in each if number is not None]
    spread = f"{number_words(min(known))} to {number_words(max(known))}" if known else "none"
    if len(known) < len(each):
        spread += f", {len(each) - len(known)} without"
    if expected is None:
        return f"{value} ({spread})"
    inside = sum(expected.holds(number) for number in each)
    return f"{value} ({spread}; {inside} of {len(each)} seeds in range)"


def decides_words(result: Result) -> str:
    """Say of an open verdict what would decide; empty for others."""
    if result.verdict != "open":
        return ""
    sizes = [str(short) for short in result.shortfalls if short.kind not in UNSTATED]
    premises = [
        f"{name_words(e.name)} ({range_words(e)}; it is {number_words(result.values.get(e.name))})"
        for e in result.expected
        if e.name in {other.given for other in result.expected} and not e.holds(result.values.get(e.name))
    ]
    sentences = [f"Runs with {', '.join(sizes)}."] if sizes else []
    if premises:
        sentences.append(
            f"The sentence supposes {', '.join(premises)}: runs of other settings in which that holds would "
            "test it."
        )
    rules = [OWN_RULES[short.kind] for short in result.shortfalls if short.kind in UNSTATED]
    if rules and not sentences:
        sentences.append("Nothing that can be run.")
    sentences += rules
    return " ".join(sentences)


def change_words(result: Result) -> str:
    """Say what would change a verdict that is not open; empty where nothing was judged.

    Of a claim with every number in range: the number on which it rests that is nearest to its bound.
    Of others: the numbers that would have to come into range.

    Example:
        >>> near = Expected("accuracy", "", low=0.9)
        >>> change_words(Result("a/b", "laptop", "", "", (near,), {"accuracy": 0.95}, "reproduced"))
        'accuracy outside its range (at least 0.9); it is 0.95.'
    """
    if result.verdict in (None, "open") or not result.expected:
        return ""
    missed = [e for e in result.expected if not e.holds(result.values.get(e.name))]
    if missed:
        words = [
            f"{name_words(e.name)} in its range ({range_words(e)}); it is "
            f"{number_words(result.values.get(e.name))}"
            for e in missed[:MOST_MISSED]
        ]
        more = f", and {len(missed) - MOST_MISSED} more" if len(missed) > MOST_MISSED else ""
        return "; ".join(words) + more + "."
    nearest = _nearest(result)
    value = number_words(result.values.get(nearest.name))
    return f"{name_words(nearest.name)} outside its range ({range_words(nearest)}); it is {value}."


def _nearest(result: Result) -> Expected:
    """Return the number in range that is most in doubt, of those on which the sentence rests.

    First one that a seed misses, then the one nearest to its bound; shares of exactly 0 or 1, and counts that
    are exactly what is expected, come last.
    """

    def doubt(expected: Expected) -> tuple[bool, float, float, bool]:
        value, each = result.values.get(expected.name), result.seed_values.get(expected.name, ())
        inside = sum(map(expected.holds, each)) / len(each) if each else 1.0
        whole = value is not None and float(value).is_integer()
        best = whole and (value in (0, 1) or value in (expected.low, expected.high))
        return best and inside == 1, inside, _distance(expected, value), value == 0

    essential = [expected for expected in result.expected if expected.essential]
    return min(essential, key=doubt, default=result.expected[0])


def _distance(expected: Expected, value: Number) -> float:
    """Return the distance to the nearer bound, relative to the value and the bound."""
    ends = [end for end in (expected.low, expected.high) if math.isfinite(end)]
    if value is None or not ends:
        return math.inf
    return min(abs(value - end) / max(abs(value), abs(end), 1e-300) for end in ends)


def shortfall_words(result: Result) -> str:
    """Say in what runs fall short of the paper's, or why the claim could not fail; empty if neither."""
    sizes = [str(short) for short in result.shortfalls if short.kind not in OWN_RULES]
    words = [f"The paper has {', '.join(sizes)}."] if sizes else []
    if result.certain:
        words.append(f"This could hardly have come out otherwise: {result.certain}.")
    kinds = {short.kind for short in result.shortfalls}
    return " ".join([*words, *(sentence for kind, sentence in OWN_RULES.items() if kind in kinds)])


def bound_words(result: Result) -> tuple[str, ...]:
    """List the bounds of a claim that were set or moved when its numbers had been seen, with the reasons."""
    words = []
    for expected in result.expected:
        change = after_data(bound_changes(result.id, expected))
        if change is not None:
            words.append(f"{name_words(expected.name)}, on {change.date}: {change.reason}")
    return tuple(words)


def seed_words(result: Result) -> str:
    """Print the number of seeds and the budget, for a table of one line.

    Example:
        >>> facts = ("a/b", "laptop", "", "", (), {})
        >>> seed_words(Result(*facts, "open", seeds=(0, 1))), seed_words(Result(*facts, "open"))
        ('2, laptop', 'none needed')
        >>> seed_words(Result(*facts))
        'none yet'
    """
    if result.verdict is None:
        return "none yet"
    return f"{len(result.seeds)}, {result.budget}" if result.runs or result.seeds else "none needed"


def effort_words(result: Result) -> str:
    """Print the number of seeds, the budget and the time: what a verdict rests on.

    Example:
        >>> effort_words(Result("a/b", "desktop", "", "", (), seeds=(0, 1, 2), runs=("x",), seconds=7300))
        '3 seeds, budget desktop, 2.0 h'
    """
    if not result.runs and not result.seeds:
        return f"no runs needed, {time_words(result.seconds)}"
    seeds = "1 seed" if len(result.seeds) == 1 else f"{len(result.seeds)} seeds"
    return f"{seeds}, budget {result.budget}, {time_words(result.seconds)}"


def cell_words(value: object) -> str:
    """Print a value of a table's row."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number_words(value) if value is None or isinstance(value, int | float) else str(value)


def claim_words(count: int) -> str:
    """Print a number of claims.

    Example:
        >>> claim_words(1), claim_words(84)
        ('1 claim', '84 claims')
    """
    return f"{count} claim" if count == 1 else f"{count} claims"


def count_words(results: Sequence[Result]) -> str:
    """Count results by verdict: `12 reproduced, 1 deviates`."""
    counts = Counter(verdict_of(result) for result in results)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in (*VERDICTS, UNTESTED) if counts[verdict])


def is_own(result: Result) -> bool:
    """Say whether a claim is a comparison or prediction of ours rather than a sentence of a paper."""
    return result.source.startswith(("beyond the paper", "our own"))


def parted_counts(results: Sequence[Result]) -> str:
    """Count results by verdict, sentences of papers and our own apart where there are both.

    Example:
        >>> sources = ("Fig. 1", "our own comparison")
        >>> parted_counts([Result("a/b", "laptop", source, "", ()) for source in sources])
        'of 1 sentence of a paper: 1 not tested; of 1 of our own: 1 not tested'
    """
    own = [result for result in results if is_own(result)]
    papers = [result for result in results if not is_own(result)]
    if not own or not papers:
        return count_words(results)
    noun = "sentence of a paper" if len(papers) == 1 else "sentences of papers"
    return f"of {len(papers)} {noun}: {count_words(papers)}; of {len(own)} of our own: {count_words(own)}"


def reservations(results: Sequence[Result]) -> str:
    """Say how many reproduced claims rest on less than the paper's runs, or on one seed; empty if none does.

    Example:
        >>> reservations([Result("a/b", "laptop", "", "", (), {}, "reproduced", seeds=(0,), runs=("x",))])
        'Of the reproduced claims, 1 rests on a single seed.'
    """
    good = [result for result in results if result.verdict == "reproduced"]
    counts = {
        "on runs that are smaller than the paper's, or whose settings the paper does not state, and "
        "could not have refuted them": sum(bool(result.shortfalls) for result in good),
        "on definitions, and could hardly have failed": sum(bool(result.certain) for result in good),
        "on a single seed": sum(bool(result.runs) and len(result.seeds) == 1 for result in good),
    }
    parts = [
        f"{count} {'rests' if count == 1 else 'rest'} {words}" for words, count in counts.items() if count
    ]
    return f"Of the reproduced claims, {'; '.join(parts)}." if parts else ""


def never_run(results: Sequence[Result]) -> tuple[str, ...]:
    """List the claims that have not been run."""
    return tuple(result.id for result in results if result.verdict is None)


def few_seeds(results: Sequence[Result]) -> tuple[str, ...]:
    """List the claims that have been run with fewer than `ENOUGH_SEEDS` seeds, each with seeds and budget."""
    return tuple(
        f"{result.id} ({seed_words(result)})"
        for result in results
        if result.verdict is not None and result.runs and len(result.seeds) < ENOUGH_SEEDS
    )


def seeds_summary(results: Sequence[Result]) -> str:
    """Say on how many seeds the claims with runs rest; empty if none has runs.

    Claims that have not been run count as claims of no seed.
    """
    counts = [len(result.seeds) for result in results if result.runs or result.verdict is None]
    if not counts:
        return ""
    enough = sum(count >= ENOUGH_SEEDS for count in counts)
    middle = statistics.median_low(counts)
    return (
        f"{claim_words(len(counts))} rest on runs: the median of their seeds is {middle}, and {enough} of "
        f"them have at least {ENOUGH_SEEDS}.{_time_of_runs(results)}"
    )


def _time_of_runs(results: Sequence[Result]) -> str:
    """Say how long all runs took, each counted once; empty where that is not known."""
    seconds = {row["run"]: float(row["seconds"]) for result in results for row in result.run_table}
    if not seconds:
        return ""
    return f" The {len(seconds):,} runs took {sum(seconds.values()) / 3600:.1f} hours, each counted once."


def caution(results: Sequence[Result]) -> str:
    """Say of the tiny budget that its verdicts mean nothing; empty for others."""
    tiny = any(result.budget == "tiny" for result in results)
    return " The tiny budget checks the machinery: its verdicts say nothing of the papers." if tiny else ""


def run_words(result: Result) -> str:
    """Say what was run: tasks, runs, seeds, time."""
    if not result.runs:
        return "No run is needed: everything is computed from the formulas."
    runs = "1 run" if len(result.runs) == 1 else f"{len(result.runs)} runs"
    more = f" and {len(result.tasks) - MOST_TASKS} more" if len(result.tasks) > MOST_TASKS else ""
    seeds = f"seed {result.seeds[0]}" if len(result.seeds) == 1 else f"seeds {_seeds(result.seeds)}"
    return f"{', '.join(result.tasks[:MOST_TASKS])}{more}: {runs}, {seeds}."


def null_words(result: Result) -> str:
    """Print the null models of the runs' test inputs, from the least to the greatest; empty without runs.

    Example:
        >>> row = {"p": "7", "majority": "0.25", "orbit_accuracy": "0.5", "swap_share": "0.5"}
        >>> null_words(Result("a/b", "laptop", "", "", (), run_table=(row, {**row, "orbit_accuracy": "0.6"})))
        'Null models: chance 14.3%, the most frequent value 25.0%, exchanges of operands 50.0% to 60.0%.'
    """
    if not result.run_table:
        return ""
    chance = _span([1 / float(row["p"]) for row in result.run_table])
    majority = _span([float(row["majority"]) for row in result.run_table if row.get("majority")])
    rows = [row for row in result.run_table if row.get("swap_share") not in (None, "")]
    orbits = _span([float(row["orbit_accuracy"]) for row in rows if row.get("orbit_accuracy")])
    parts = [f"chance {chance}"]
    parts += [f"the most frequent value {majority}"] if majority else []
    parts += [f"exchanges of operands {orbits}"] if orbits else []
    return f"Null models: {', '.join(parts)}."


def _span(shares: Sequence[float]) -> str:
    words = [f"{share:.1%}" for share in (min(shares, default=0.0), max(shares, default=0.0))]
    return "" if not shares else words[0] if words[0] == words[1] else " to ".join(words)


def time_words(seconds: float) -> str:
    """Print a time in its own unit.

    Example:
        >>> time_words(0.4), time_words(75), time_words(7300)
        ('0.4 s', '1.2 min', '2.0 h')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def headline(result: Result) -> tuple[str, str]:
    """Return (what was measured, what was expected) of the number that decides, for a table of one line.

    The first number that refutes, or the first out of its range, or the one in range that is most in doubt;
    with the number of seeds in range, where not all are.

    Example:
        >>> expected = (Expected("accuracy", "", low=0.99), Expected("delay", "", low=1.05))
        >>> headline(Result("a/b", "laptop", "", "", expected, {"accuracy": 1.0, "delay": 1.2}, "reproduced"))
        ('delay 1.2', 'at least 1.05')
    """
    if result.verdict is None or not result.expected:
        return "–", "–"
    failed = [e for e in result.expected if not e.holds(result.values.get(e.name))]
    refutes = refuting(result.expected, result.values, result.shortfalls)
    expected = [*refutes, *failed, _nearest(result)][0]
    each = result.seed_values.get(expected.name, ())
    inside = sum(map(expected.holds, each))
    seeds = f" ({inside} of {len(each)} seeds)" if 0 < inside < len(each) else ""
    value = number_words(result.values.get(expected.name))
    return f"{name_words(expected.name)} {value}{seeds}", range_words(expected)


def name_words(name: str) -> str:
    """Print the name of a number."""
    return name.replace("_", " ")


def command_words(result: Result) -> str:
    """Return the command that tests a claim."""
    return f"modgrok reproduce {result.id} --budget {result.budget}"


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
