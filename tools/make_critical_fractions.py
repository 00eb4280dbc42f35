"""Write the critical fractions that come with the package: `python tools/make_critical_fractions.py`.

From the tables of the atlas, of its survey and the verdicts of the committed book, into
src/modgrok/sweeps/critical/committed.json, which the playground of `modgrok ui` shows and the advice after a
run reads. Run it when one of these tables or the book's claims about fractions change.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modgrok.learners.catalogue import LEARNERS
from modgrok.papers import read_papers
from modgrok.papers.book.committed import committed_verdicts
from modgrok.sweeps.critical import committed
from modgrok.sweeps.critical.estimate import Probe, critical
from modgrok.tasks import parse

ROOT = Path(__file__).parents[1]
PATH = Path(committed.__file__).with_name(committed.FILE)
SETTINGS = ("optimiser", "lr", "weight_decay", "width", "parametrisation", "kernel")
"""Settings that an entry states."""
CLAIM = "gromov2023/fig4-fraction"
NUMBERS = {"gd": "gd_least_fraction", "adamw": "adamw_least_fraction"}
"""Group of the claim's runs -> its number for the least fraction that groks."""
SEARCH = ("low", "high", "low_grokked", "high_grokked", "sure_low", "sure_high")


def entries() -> list[dict[str, Any]]:
    """Return all entries, by task, learner and modulus."""
    table = [*searches(), *grids(), *surveys(), *claims()]
    return sorted(table, key=lambda one: (one["expression"], one["learner"], one["p"], one["source"]))


def described(base: Mapping[str, Any], **numbers: Any) -> dict[str, Any]:
    """Return an entry with its settings in words."""
    return {
        "expression": str(parse(base["expression"])),
        "p": base["p"],
        "learner": base.get("learner", "mlp"),
        "settings": {name: base[name] for name in SETTINGS if name in base},
        "steps": base["steps"],
        "unit": LEARNERS.named(base.get("learner", "mlp")).wording.unit,
        **numbers,
    }


def sweep_and_table(pattern: str) -> Iterator[tuple[str, dict[str, Any], list[dict[str, str]]]]:
    """Read the sweep files of the atlas with their tables."""
    for file in sorted((ROOT / "atlas").glob(pattern)):
        with (ROOT / "atlas" / "tables" / f"{file.stem}.csv").open(encoding="utf-8") as table:
            yield (
                f"atlas/{file.name}",
                tomllib.loads(file.read_text("utf-8"))["base"],
                [*csv.DictReader(table)],
            )


def searches() -> Iterator[dict[str, Any]]:
    """Read the atlas' searches of critical fractions."""
    for source, base, rows in sweep_and_table("critical_*.toml"):
        for row in rows:
            bracket = {name: number(row[name]) for name in SEARCH}
            yield described(
                {**base, "p": int(row["p"])},
                place=row["place"],
                **bracket,
                seeds=int(row["seeds"]),
                source=source,
            )


def grids() -> Iterator[dict[str, Any]]:
    """Estimate the critical fraction at the middle learning rate of the atlas' grids."""
    for source, base, rows in sweep_and_table("gd_*.toml"):
        rate = sorted({float(row["lr"]) for row in rows})[1]
        probes = {
            float(row["fraction"]): Probe(float(row["fraction"]), int(row["grokked"]), int(row["runs"]))
            for row in rows
            if float(row["lr"]) == rate
        }
        yield described({"optimiser": "gd", **base, "lr": rate}, **bracket_of(probes), source=source)


def surveys() -> Iterator[dict[str, Any]]:
    """Estimate the critical fractions of the survey's runs, within their whole budgets."""
    for file in sorted((ROOT / "atlas" / "survey").glob("*.toml")):
        table = file.parent / "tables" / f"{file.stem}.csv"
        if not table.is_file() or file.stem.startswith("corruption"):
            continue
        with table.open(encoding="utf-8") as content_of_table:
            rows = [*csv.DictReader(content_of_table)]
        base = tomllib.loads(file.read_text("utf-8"))["base"]
        base = base if "learner" in base else {"optimiser": "gd", **base}
        for p in sorted({int(row["p"]) for row in rows}):
            seeds: dict[float, list[bool]] = {}
            for row in rows:
                if int(row["p"]) == p:
                    seeds.setdefault(float(row["fraction"]), []).append(row["grokked_at"] != "")
            probes = {at: Probe(at, sum(grokked), len(grokked)) for at, grokked in seeds.items()}
            yield described({**base, "p": p}, **bracket_of(probes), source=f"atlas/survey/{file.name}")


def bracket_of(probes: Mapping[float, Probe]) -> dict[str, Any]:
    """Return where the critical fraction lies, with the seeds that grok at the ends."""
    known = critical([*probes.values()])
    (low, high), (sure_low, sure_high) = known.bracket, known.sure
    return {
        "place": known.place,
        "low": low,
        "high": high,
        "low_grokked": None if low is None else probes[low].grokked,
        "high_grokked": None if high is None else probes[high].grokked,
        "sure_low": sure_low,
        "sure_high": sure_high,
        "seeds": min(probe.of for probe in probes.values()),
    }


def claims() -> Iterator[dict[str, Any]]:
    """Read the least fraction that groks from the book's claim about it."""
    book = committed_verdicts()[CLAIM]
    (claim,) = (one for paper in read_papers() for one in paper.claims if one.id == CLAIM)
    for name, group in claim.groups(book["budget"]).items():
        fractions, least = sorted(group.axes["fraction"]), book["measured"][NUMBERS[name]]
        if least is None or least == fractions[0]:
            continue
        low = fractions[fractions.index(least) - 1]
        of_seeds = [value for value in book["seed_values"].get(NUMBERS[name], [least]) if value is not None]
        yield described(
            {"optimiser": "gd", **group.base},
            place="inside",
            low=low,
            high=least,
            low_grokked=sum(value <= low for value in of_seeds),
            high_grokked=sum(value <= least for value in of_seeds),
            sure_low=None,
            sure_high=None,
            seeds=len(book["seeds"]),
            source=CLAIM,
        )


def number(text: str) -> float | None:
    """Read a cell of a table."""
    return None if text == "" else float(text) if "." in text else int(text)


def content() -> str:
    """Return the content of the file."""
    return "[\n" + ",\n".join(json.dumps(entry) for entry in entries()) + "\n]\n"


if __name__ == "__main__":
    PATH.write_text(content(), encoding="utf-8")
