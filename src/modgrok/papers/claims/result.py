"""What became of a claim at a budget: numbers, verdict, figure; as a record and as files.

Owns: the record, its JSON, its place in a store, and when it no longer holds.

    DIR/claims/<budget>/                    a store of runs, see `modgrok.runs.store.store`
    DIR/claims/<budget>/results/<paper>/<claim>.json, .svg
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ...io import InputError, is_plain_svg, read_json, shorten, write_atomically
from ...runs.plain import plain
from .bounds import after_data, bound_changes
from .claim import BudgetName, Claim, ClaimVerdict, Expected, Number
from .scale import Shortfall
from .seeds import medians_of_seeds

FORMAT = 1


@dataclass(frozen=True)
class Caption:
    """Words below one panel of a figure, and what it shows for readers who cannot see it."""

    title: str
    caption: str
    text: str


@dataclass(frozen=True)
class Result:
    """One claim, tested.

    Arguments:
        id: of the claim.
        budget: of its runs.
        source: figure, table, equation or section.
        sentence: the claim.
        expected: what was judged.
        values: name -> number; empty if the claim could not be tested.
        verdict: None if it could not be tested.
        error: why it could not be tested.
        seconds: of its runs, shared ones included, and of its evaluation.
        seeds: of its runs, ascending.
        runs: ids.
        tasks: expressions with their moduli, in the order of the plan.
        deviations: from the paper.
        rows: table below the figure.
        captions: of the figure's panels.
        version: of modgrok.
        digest: of the runs asked for and of the claim's code.
        shortfalls: in what the runs fall short of the paper's; while there are any, they never refute.
        seed_values: name -> the number of each seed, in the order of `seeds`, where `values` are medians.
        seed_plans: digest of the runs of each seed, in the order of `seeds`, where `seed_values` are given.
        certain: why its numbers could hardly have come out otherwise; see `Claim`.
        run_table: one mapping a run: its settings and how it ended; kept beside the result, not in it.
    """

    id: str
    budget: BudgetName
    source: str
    sentence: str
    expected: tuple[Expected, ...]
    values: Mapping[str, Number] = field(default_factory=dict)
    verdict: ClaimVerdict | None = None
    error: str | None = None
    seconds: float = 0.0
    seeds: tuple[int, ...] = ()
    runs: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    captions: tuple[Caption, ...] = ()
    version: str = ""
    digest: str = ""
    shortfalls: tuple[Shortfall, ...] = ()
    seed_values: Mapping[str, tuple[Number, ...]] = field(default_factory=dict)
    seed_plans: tuple[str, ...] = ()
    certain: str = ""
    run_table: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)

    @property
    def paper(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """The part of the id after the slash."""
        return self.id.partition("/")[2]

    @property
    def hours(self) -> float:
        """Hours of its runs and its evaluation."""
        return self.seconds / 3600

    def to_json(self) -> dict[str, Any]:
        """Return plain values; infinities and undefined numbers become None.

        `paper`, `claim`, `measured`, `hours`, and of each expectation those of `FOLLOWING` follow
        from the rest: scripts rely on them.
        """
        content = asdict(self)
        content["format"] = FORMAT
        content |= {"paper": self.paper, "claim": self.sentence, "hours": self.hours}
        content["measured"] = self.values if self.verdict is not None else None
        decisive = [] if self.shortfalls else [self.budget]
        content["expected"] = [
            {**_plain_expected(one), "decisive": decisive, **_origin(self.id, one)} for one in self.expected
        ]
        written: dict[str, Any] = plain(content)
        return written


FOLLOWING = ("decisive", "bound_set", "bound_reason", "bound_after_data")
"""Keys of an expectation in JSON that follow from the sizes of the runs and from the record of bounds."""
COMPUTED = ("format", "paper", "claim", "measured", "hours")
"""Keys of the JSON that follow from others."""


def from_json(content: Mapping[str, Any]) -> Result:
    """Read what `Result.to_json` gave, also by earlier versions.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it gave something else.
    """
    fields = {name: value for name, value in content.items() if name not in COMPUTED}
    expected = tuple(_expected(entry) for entry in fields.pop("expected"))
    captions = tuple(Caption(**caption) for caption in fields.pop("captions"))
    short = tuple(Shortfall(**entry) for entry in fields.pop("shortfalls", ()))
    each = {name: tuple(map(_number, values)) for name, values in fields.pop("seed_values", {}).items()}
    values = {name: _number(value) for name, value in fields.pop("values", {}).items()}
    lists: dict[str, Any] = {
        name: tuple(fields.pop(name, ()))
        for name in ("seeds", "runs", "tasks", "deviations", "rows", "seed_plans", "run_table")
    }
    if not all(isinstance(seed, int) for seed in lists["seeds"]):
        raise ValueError("seeds: must be integers")
    return Result(
        expected=expected,
        captions=captions,
        shortfalls=short,
        seed_values=each,
        values=values,
        **lists,
        **fields,
    )


def claims_folder(runs: Path, budget: BudgetName) -> Path:
    """Return where the runs of a budget are: apart from others, which may be followed further."""
    return Path(runs) / "claims" / budget


def result_path(runs: Path, budget: BudgetName, claim: str) -> Path:
    """Return where a result is kept; its figure is beside it with the suffix .svg."""
    paper, _, name = claim.partition("/")
    return claims_folder(runs, budget) / "results" / paper / f"{name}.json"


def write_result(runs: Path, result: Result, figure: str | None) -> None:
    """Keep a result and its figure, the figure first, each complete or not there."""
    path = result_path(runs, result.budget, result.id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if figure is not None:
            write_atomically(path.with_suffix(".svg"), figure)
        write_atomically(path, json.dumps(result.to_json(), indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"runs: cannot write {shorten(path)} ({error.strerror})") from None


def read_result(runs: Path, budget: BudgetName, claim: Claim, digest: str | None = None) -> Result | None:
    """Read a stored result, judged by what is expected today; None if there is none that holds.

    Arguments:
        runs: folder of the store.
        budget: of the runs.
        claim: whose result.
        digest: what it must have been made of; None takes any.
    """
    path = result_path(runs, budget, claim.id)
    try:
        result = from_json(read_json(path, "result", dict))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if result.id != claim.id or result.paper != claim.paper:
        return None
    if digest is not None and (result.digest != digest or not path.with_suffix(".svg").is_file()):
        return None
    if result.verdict is None:
        return result
    return judged_again(result, claim)


def judged_again(result: Result, claim: Claim) -> Result:
    """Judge the numbers of a result by what its claim says and expects today.

    Arguments:
        result: with a verdict.
        claim: of the same id.
    """
    budget = result.budget
    claim = claim.of_seeds(result.seeds)
    values = {**result.values, **medians_of_seeds(claim, budget, result.seed_values)}
    return replace(
        result,
        values=values,
        source=claim.source,
        sentence=claim.sentence,
        deviations=claim.deviations_at(budget),
        expected=claim.judged(budget),
        shortfalls=claim.shortfalls(budget),
        certain=claim.certain,
        verdict=claim.verdict(values, budget),
    )


def read_figure(runs: Path, result: Result) -> str | None:
    """Read the figure of a result; None if there is none, or an earlier one of a claim no longer tested."""
    if result.verdict is None:
        return None
    path = result_path(runs, result.budget, result.id).with_suffix(".svg")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return text if is_plain_svg(text) else None


def _plain_expected(expected: Expected) -> dict[str, Any]:
    content = asdict(expected)
    bounds = {name: content[name] if math.isfinite(content[name]) else None for name in ("low", "high")}
    return {**content, **bounds}


def _origin(claim: str, expected: Expected) -> dict[str, Any]:
    """Say when and why a bound was last set, and whether after data; None if it is not recorded."""
    changes = bound_changes(claim, expected)
    if not changes:
        return dict.fromkeys(FOLLOWING[1:])
    last = changes[-1]
    return dict(zip(FOLLOWING[1:], (last.date, last.reason, after_data(changes) is not None), strict=True))


def _number(value: object) -> Number:
    """Check a measured number; infinities and undefined ones are None in JSON."""
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ValueError(f"values: must be numbers, got {shorten(value)}")


def _expected(content: Mapping[str, Any]) -> Expected:
    known = {name: value for name, value in content.items() if value is not None and name not in FOLLOWING}
    return Expected(**{**known, "budgets": tuple(known["budgets"])})
