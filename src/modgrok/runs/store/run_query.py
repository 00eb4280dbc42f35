"""Searching, filtering and sorting the runs of a store, by the database itself.

Owns: what of a run can be asked for, and how a condition becomes SQL. Names and values are bound, never
written into a statement. Ten thousand runs are read in the time in which SQLite reads their rows.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...io import parse_json, visible
from ...tasks.errors import InputError, shorten
from ..spelling import current_names
from .database import Database, RunRow
from .labels import SCHEMA
from .last_record import LAST, last_numbers
from .rows import scalar_names

COLUMNS = (
    "id", "expression", "p", "learner", "status", "step", "budget", "memorised_at", "grokked_at", "seconds",
    "created", "updated",
)  # fmt: skip
"""Columns of `runs` that can be asked for."""
TIMES = ("created", "updated")
"""Those that are moments, such as 2026-01-31T12:00:00, and sort as text."""
TEXTS = ("id", "learner", "status", *TIMES)
"""Those whose values are compared as text, whatever they look like."""
MISSING_WORDS = ("none", "never")
"""Words for a value that is missing."""
MOST_TERMS = 20
"""Conditions and words of one query."""
MOST_ROWS = 1000
"""Rows of one page."""
MOST_LISTS = 200
"""Different lists of recorded numbers that are looked through."""
TAGS = "(SELECT group_concat(tag, ' ') FROM tags WHERE tags.run = runs.number)"
NOTE = "(SELECT note FROM notes WHERE notes.run = runs.number)"
Sql = tuple[str, list[Any]]
"""An expression or a condition, and the values bound in it."""


@dataclass(frozen=True)
class RunQuery:
    """What is asked of the runs.

    Arguments:
        search: words that must each occur in the expression, the id, the learner, the status, a tag or the
            note.
        where: conditions such as `p=97`, `test_accuracy>0.9` or `grokked_at=never`: of a column, a setting or
            a number of the last observation; or `tag=fig-3`.
        sort: a column, a setting or a number; ascending, or descending with `-` in front.
        offset: runs to leave out at the beginning, >= 0.
        limit: most runs, in 1..1000.

    Raises:
        InputError: a number out of range, or too many conditions.
    """

    search: str = ""
    where: tuple[str, ...] = ()
    sort: str = "-updated"
    offset: int = 0
    limit: int = 100

    def __post_init__(self) -> None:
        if not 0 <= self.offset < 2**31:
            raise InputError(f"offset: must be in 0..2147483647, got {self.offset}")
        if not 1 <= self.limit <= MOST_ROWS:
            raise InputError(f"limit: must be in 1..{MOST_ROWS}, got {self.limit}")
        terms = len(self.where) + len(self.search.split())
        if terms > MOST_TERMS:
            raise InputError(f"where: must have at most {MOST_TERMS} conditions and words, got {terms}")


def split_conditions(texts: Sequence[str]) -> tuple[str, ...]:
    """Take texts of several conditions apart, at spaces before a name and a sign.

    Example:
        >>> split_conditions(["p=13 fraction>0.5", "expression=x + y"])
        ('p=13', 'fraction>0.5', 'expression=x + y')
    """
    return tuple(one for text in texts for one in re.split(r"\s+(?=\w+\s*[<>=!])", text.strip()))


@dataclass(frozen=True)
class RunPage:
    """What a query gives.

    Arguments:
        rows: of this page.
        total: number of runs that satisfy the conditions.
        damaged: errors of rows that break a rule, and are left out of `rows`.
        last: run id -> name -> number of the last observation; empty where there is none that can be read.
    """

    rows: list[RunRow]
    total: int
    damaged: list[str]
    last: dict[str, dict[str, float]]


def query_runs(store: Database, query: RunQuery) -> RunPage:
    """Return a page of the runs that satisfy a query.

    Arguments:
        store: to look in.
        query: what is asked.

    Raises:
        InputError: a condition that cannot be read, or a field that no run has.
    """
    # Conditions are tested once for each run: numbers of all that satisfy them are quicker to read than that.
    every = _matching(store, query)
    total, numbers = len(every), [number for number, _ in every[query.offset : query.offset + query.limit]]
    damaged: list[str] = []
    places = ", ".join(map(str, numbers))
    selected = store.select(f"SELECT * FROM runs WHERE number IN ({places})")
    entries = {entry["number"]: entry for entry in selected}
    rows = store.rows_of(
        [entries[number] for number in numbers], lambda error: damaged.append(visible(str(error)))
    )
    texts = dict(map(tuple, store.select(f"SELECT id, {LAST} FROM runs WHERE number IN ({places})")))
    return RunPage(rows, total, damaged, {row.id: last_numbers(row, texts.get(row.id)) for row in rows})


def matching_ids(store: Database, query: RunQuery) -> list[str]:
    """Return the ids of all runs that satisfy a query, in its order; its offset and limit are not read.

    Arguments:
        store: to look in.
        query: what is asked.

    Raises:
        InputError: a condition that cannot be read, or a field that no run has.
    """
    return [run for _, run in _matching(store, query)]


def _matching(store: Database, query: RunQuery) -> list[tuple[int, str]]:
    """Return number and id of all runs that satisfy a query, in its order."""
    compiler = _Compiler(store)
    conditions = [compiler.word(word) for word in query.search.split()]
    conditions += [compiler.condition(text) for text in query.where]
    where = " AND ".join(text for text, _ in conditions) or "1"
    values = [value for _, bound in conditions for value in bound]
    key, key_values = compiler.field(query.sort.removeprefix("-"))
    direction = "DESC" if query.sort.startswith("-") else "ASC"
    selected = store.select(
        f"SELECT number, id FROM runs WHERE {where} ORDER BY {key} {direction}, updated DESC, number DESC",
        *values,
        *key_values,
    )
    return [(int(number), str(run)) for number, run in selected]


class _Compiler:
    """Turns names and conditions into SQL for one store."""

    def __init__(self, store: Database) -> None:
        self.store = store
        self.labelled = store.schema_version >= SCHEMA

    def word(self, word: str) -> Sql:
        """Return the condition that a word occurs somewhere."""
        pattern = "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
        status, values = self.field("status")
        columns = ["expression", "id", "learner", *([TAGS, NOTE] if self.labelled else []), status]
        text = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
        return f"({text})", [*[pattern] * (len(columns) - 1), *values, pattern]

    def condition(self, text: str) -> Sql:
        """Return a condition such as `p=97`."""
        parts = re.fullmatch(r"\s*(\w{1,64})\s*(<=|>=|!=|=|<|>)\s*(.*?)\s*", text, re.DOTALL)
        if parts is None:
            raise InputError(f"where: must be KEY=VALUE, or use <, >, <=, >= or !=, got {shorten(text)}")
        name, sign, operand = parts.groups()
        if name == "tag":
            return self._tag(sign, operand, text)
        field, values = self.field(name)
        if operand.lower() in MISSING_WORDS and sign in ("=", "!="):  # a value of some fields, such as orbits
            missing = f"(({field}) IS NULL OR lower({field}) IN ({', '.join('?' * len(MISSING_WORDS))}))"
            return f"{'NOT ' if sign == '!=' else ''}{missing}", [*values, *values, *MISSING_WORDS]
        value = _value(name, operand)
        if sign in ("=", "!="):
            return f"({field}) IS {'NOT ' if sign == '!=' else ''}?", [*values, value]
        if name in TIMES:
            return f"{field} {sign} ?", [*values, value]
        if name in TEXTS:
            raise InputError(f"where: {name} must be followed by = or !=, got {shorten(text)}")
        if not isinstance(value, int | float):
            raise InputError(f"where: {sign} must be followed by a number, got {shorten(text)}")
        return f"(typeof({field}) IN ('integer', 'real') AND ({field}) {sign} ?)", [*values, *values, value]

    def field(self, name: str) -> Sql:
        """Return the expression of a column, a recorded number or a setting.

        Raises:
            InputError: no run has it.
        """
        if not re.fullmatch(r"\w{1,64}", name):
            raise InputError(f"field: must be a name such as fraction or test_accuracy, got {shorten(name)}")
        if name == "status":
            return self._status()
        if name == "tag":
            return (TAGS if self.labelled else "NULL"), []
        if name in COLUMNS:
            return name, []
        name = self._spelled(name)
        recorded = self._recorded(name)
        setting = (
            "CASE WHEN json_valid(experiment) THEN coalesce(json_extract(experiment, ?), "
            "json_extract(experiment, ?)) END"
        )
        bound = [f'$.learner."{name}"', f'$."{name}"']
        if recorded is not None:
            return recorded
        if not self.store.select(f"SELECT 1 FROM runs WHERE ({setting}) IS NOT NULL LIMIT 1", *bound):
            exists = self.store.select(
                "SELECT 1 FROM runs WHERE json_valid(experiment) AND (json_type(experiment, ?) IS NOT NULL "
                "OR json_type(experiment, ?) IS NOT NULL) LIMIT 1",
                *bound,
            )
            if not exists and self.store.select("SELECT 1 FROM runs LIMIT 1"):
                close = difflib.get_close_matches(name, self._names(), n=1)
                raise InputError(
                    "field: must be one of the runs', such as fraction, lr or test_accuracy, "
                    f"got {shorten(name)}" + (f"; did you mean {close[0]}?" if close else "")
                )
        return setting, bound

    def _tag(self, sign: str, tag: str, text: str) -> Sql:
        """Return the condition that a tag is, or is not, among those of a run."""
        if sign not in ("=", "!="):
            raise InputError(f"where: tag must be followed by = or !=, got {shorten(text)}")
        some = tag.lower() not in MISSING_WORDS
        within = "SELECT 1 FROM tags WHERE tags.run = runs.number" + (" AND tags.tag = ?" if some else "")
        exists = f"EXISTS ({within})" if self.labelled else "0"
        tagged = (sign == "=") == some
        return (exists if tagged else f"NOT {exists}"), [tag] if some and self.labelled else []

    def _spelled(self, name: str) -> str:
        known = ("optimiser", "initialisation", "parametrisation", "centred")
        return next(iter(current_names({name: None}, known)))

    def _names(self) -> list[str]:
        """Return what can be asked for of the first runs, for a hint."""
        names = dict.fromkeys((*COLUMNS, "tag"))
        for scalars, experiment in self.store.select(
            "SELECT scalars, experiment FROM runs LIMIT ?", MOST_LISTS
        ):
            with contextlib.suppress(InputError, TypeError):
                content = parse_json(experiment, "experiment", dict)
                learner = content.get("learner")
                own = learner if isinstance(learner, dict) else {}
                names |= dict.fromkeys((*scalar_names(scalars), *content, *own))
        return [name for name in names if name not in ("task", "kind")]

    def _recorded(self, name: str) -> Sql | None:
        """Return the expression of a number of the last observation; None if no run records it."""
        places: list[tuple[str, int]] = []
        for entry in self.store.select("SELECT DISTINCT scalars FROM runs LIMIT ?", MOST_LISTS):
            try:
                names = scalar_names(entry[0])
            except (InputError, TypeError):
                continue
            if name in names:
                places.append((entry[0], names.index(name)))
        if not places:
            return None
        cases = " ".join("WHEN ? THEN ?" for _ in places)
        last = f"CASE WHEN json_valid({LAST}) THEN {LAST} END"
        return (
            f"json_extract({last}, CASE runs.scalars {cases} END)",
            [value for text, at in places for value in (text, f"$[{at}]")],
        )

    def _status(self) -> Sql:
        """Return the status: `interrupted` where a run reads `running` and no process holds its lock."""
        running = self.store.select("SELECT * FROM runs WHERE status = 'running'")
        live = [row.id for row in self.store.rows_of(running, lambda error: None) if row.status == "running"]
        places = ", ".join("?" for _ in live)
        return (
            f"CASE WHEN status = 'running' AND id NOT IN ({places}) THEN 'interrupted' ELSE status END",
            list(live),
        )


def _value(name: str, text: str) -> Any:
    """Read a value: a number, a truth, an expression in any spelling, or a word."""
    if name in TEXTS:
        return text
    if text.lower() in ("true", "false"):
        return int(text.lower() == "true")
    with contextlib.suppress(ValueError, OverflowError):
        number = int(text)
        return number if abs(number) < 2**63 else float(number)
    with contextlib.suppress(ValueError, OverflowError):
        return float(text)
    if name == "expression":
        from ...tasks import parse

        try:
            return "; ".join(str(parse(part)) for part in text.split(";"))
        except InputError:
            return text  # a group's name
    return text
