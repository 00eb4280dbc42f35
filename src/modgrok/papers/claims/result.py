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

from ...io import is_plain_svg, read_json
from ...runs.plain import plain
from ..files import write_atomically
from .claim import BudgetName, Claim, ClaimVerdict, Expected, Number

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

    @property
    def paper(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """The part of the id after the slash."""
        return self.id.partition("/")[2]

    def to_json(self) -> dict[str, Any]:
        """Return plain values; infinities and undefined numbers become None."""
        content = asdict(self)
        content["format"] = FORMAT
        content["expected"] = [_plain_expected(expected) for expected in self.expected]
        written: dict[str, Any] = plain(content)
        return written


def from_json(content: Mapping[str, Any]) -> Result:
    """Read what `Result.to_json` gave."""
    fields = {name: value for name, value in content.items() if name != "format"}
    expected = tuple(_expected(entry) for entry in fields.pop("expected"))
    captions = tuple(Caption(**caption) for caption in fields.pop("captions"))
    lists: dict[str, Any] = {
        name: tuple(fields.pop(name)) for name in ("seeds", "runs", "tasks", "deviations", "rows")
    }
    return Result(expected=expected, captions=captions, **lists, **fields)


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
    path.parent.mkdir(parents=True, exist_ok=True)
    if figure is not None:
        write_atomically(path.with_suffix(".svg"), figure)
    write_atomically(path, json.dumps(result.to_json(), indent=1, ensure_ascii=False) + "\n")


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
    return replace(result, expected=claim.judged(budget), verdict=claim.verdict(result.values, budget))


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


def _expected(content: Mapping[str, Any]) -> Expected:
    known = {name: value for name, value in content.items() if value is not None}
    lists = {name: tuple(known[name]) for name in ("budgets", "decisive")}
    return Expected(**{**known, **lists})
