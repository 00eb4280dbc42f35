"""A sweep file: a name, what all runs have in common, and the axes along which they differ.

Owns: reading the file, the fields that it may name, expanding it to members. Nothing here trains.
"""

from __future__ import annotations

import difflib
import itertools
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from ...io import read_toml
from ...learners.base.settings import check_type, option_fields, value_types
from ...learners.catalogue import LEARNERS, definition_of
from ...runs import Experiment
from ...runs.experiment import OWN_FIELDS
from ...runs.options import RunOptions
from ...runs.preparation import check_padding
from ...runs.spelling import current_names
from ...runs.store.names import checked_sweep
from ...tasks import InputError
from ...tasks.errors import shorten
from .axes import Axis, Value, check_size, size_of, values_of
from .critical_table import Search, read_search

TASK_FIELDS = ("expression", "p", "group", "extended_domain")
FILE_ENDINGS = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".npz", ".npy", ".csv", ".toml", ".json")
"""Endings of files that commands take where they take the name of a sweep, or could one day."""
OF_FILES = ("table", "feature_matrix", "embedding_from", "body_from")
"""Options of train that read a file."""
LENGTH_FIELDS = ("steps", "observe_every", "early_stop")
"""How far a run is followed: no part of its identity."""


def field_names() -> tuple[str, ...]:
    """Return what `[base]` and `[axes]` may name: the options of `train` but for those that read files."""
    own = (*TASK_FIELDS, "learner", *LENGTH_FIELDS, *OWN_FIELDS)
    return tuple(dict.fromkeys((*own, *(name for name, _ in _learner_fields()))))


def field_types() -> dict[str, frozenset[type]]:
    """Return what the value of each field may be: some of `int`, `float`, `bool` and `str`."""
    return _types_of_fields(tuple(known.name for known in LEARNERS))


@cache
def _types_of_fields(learners: tuple[str, ...]) -> dict[str, frozenset[type]]:
    """Return them while these are the learners."""
    types: dict[str, set[type]] = {
        **{name: {str} for name in ("expression", "group", "learner")},
        **{name: {int} for name in ("p", "steps", "observe_every")},
        **{name: {bool} for name in ("extended_domain", "early_stop")},
    }
    own = [(name, Experiment.model_fields[name]) for name in OWN_FIELDS]
    for name, info in (*own, *_learner_fields()):
        types.setdefault(name, set()).update(value_types(info.annotation))
    return {name: frozenset(each) for name, each in types.items()}


def integer_fields() -> frozenset[str]:
    """Return the fields whose values are integers; evenly spaced values of theirs are rounded."""
    return frozenset(name for name, types in field_types().items() if int in types)


def _learner_fields() -> list[tuple[str, FieldInfo]]:
    return [entry for known in LEARNERS for entry in option_fields(known.settings).items()]


@dataclass(frozen=True)
class Member:
    """One run of a sweep.

    Arguments:
        experiment: what to run.
        steps: budget.
        observe_every: steps between observations; None for the default schedule.
        early_stop: None for the learner's default.
        point: the values that the axes give it.
        pad_to_fraction: fraction to which training inputs are padded; see `modgrok.runs.run`.
    """

    experiment: Experiment
    steps: int
    observe_every: int | None = None
    early_stop: bool | None = None
    point: dict[str, Value] = field(default_factory=dict)
    pad_to_fraction: float | None = None

    @property
    def stops_early(self) -> bool:
        """Whether it stops some time after grokking."""
        if self.early_stop is not None:
            return self.early_stop
        return definition_of(self.experiment.learner).stops_early


@dataclass(frozen=True)
class Sweep:
    """A named list of runs.

    Arguments:
        name: letters, digits, dots, hyphens and underscores.
        axes: in the order of the file; the last one varies fastest.
        members: one a point, each another run; of a search, those known so far.
        search: what is searched at every point, or None.
    """

    name: str
    axes: tuple[Axis, ...]
    members: tuple[Member, ...]
    search: Search | None = None

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Every field that varies, in order."""
        return tuple(name for axis in self.axes for name in axis.fields)


def read_sweep(path: Path) -> Sweep:
    """Read a sweep file.

    Raises:
        InputError: no such file, no TOML, or a broken rule, in one line.
    """
    return make_sweep(read_toml(Path(path), "file"))


def make_sweep(content: Mapping[str, Any]) -> Sweep:
    """Expand the content of a sweep file.

    Arguments:
        content: `name`, `base`, `axes`, `zip`, `critical` and `pad`, as TOML gives them. A search begins with
            both ends of its range. With `pad = true` training inputs are padded and masked to the largest
            fraction, so that runs of several fractions share a compiled step.

    Raises:
        InputError: an unknown key or field, an empty axis, too many runs, or a value that breaks its rule.

    Example:
        >>> sweep = make_sweep({"name": "small", "base": {"expression": "x + y", "p": 7, "steps": 50},
        ...                     "axes": {"fraction": [0.5, 0.7], "seed": {"start": 0, "stop": 2, "num": 3}}})
        >>> len(sweep.members), sweep.members[4].point
        (6, {'fraction': 0.7, 'seed': 1})
    """
    content = _british(content)
    _check_keys(content)
    base = _table(content.get("base", {}), "base")
    for name in base:
        _known(name, "base")
    axes = read_axes(content)
    search = read_search(content)
    if search is not None:
        search.check_size(math.prod(len(axis.values) for axis in axes))
        axes += read_axes({"axes": search.first_axes})
    for name in (name for axis in axes for name in axis.fields):
        if name in base:
            raise InputError(f"axes.{name}: must be given once, got it in [base] as well")
    members: dict[str, Member] = {}
    for values in itertools.product(*(axis.values for axis in axes)):
        fields = (name for axis in axes for name in axis.fields)
        point = dict(zip(fields, itertools.chain.from_iterable(values), strict=True))
        member = member_of({**base, **point}, point)
        known = members.setdefault(member.experiment.id, member)
        if _followed(known) != _followed(member):
            raise InputError(
                f"axes: must make different runs, got {json.dumps(known.point)} and {json.dumps(point)}, "
                "which differ only in how long they run"
            )
    return Sweep(content["name"], axes, _padded(content, search, tuple(members.values())), search)


def _padded(
    content: Mapping[str, Any], search: Search | None, members: tuple[Member, ...]
) -> tuple[Member, ...]:
    """Give members room for the largest fraction of the file, if it asks for it."""
    padding = content.get("pad", False)
    if not isinstance(padding, bool):
        raise InputError(f"pad: must be true or false, got {shorten(padding)}")
    if not padding:
        return members
    for member in members:
        check_padding(member.experiment)
    largest = search.within.high if search else max(member.experiment.fraction for member in members)
    return tuple(replace(member, pad_to_fraction=largest) for member in members)


def read_axes(content: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Read `[axes]` and `[[zip]]`; their sizes are multiplied before any value is made.

    Raises:
        InputError: see `make_sweep`.
    """
    axes = _table(content.get("axes", {}), "axes")
    zips = content.get("zip", [])
    if not isinstance(zips, list):
        raise InputError("zip: must be tables [[zip]], got one [zip]")
    named: list[dict[str, Any]] = [{name: spec} for name, spec in axes.items()]
    named += [_table(entry, "zip") for entry in zips]
    sizes: dict[str, int] = {}
    names: set[str] = set()
    for entry in named:
        counts = {}
        for name, spec in entry.items():
            _known(name, "axes")
            if name in names:
                raise InputError(f"axes.{name}: must be given once, got it twice")
            names.add(name)
            counts[name] = size_of(name, spec)
        if len(set(counts.values())) > 1:
            raise InputError(f"zip: must have lists of equal length, got {_point_text(counts)}")
        if not counts:
            raise InputError("zip: must name at least one field, got none")
        sizes["+".join(counts)] = next(iter(counts.values()))
    check_size(sizes)
    return tuple(_axis(entry) for entry in named)


def member_of(fields: Mapping[str, Any], point: dict[str, Value] | None = None) -> Member:
    """Build one run from fields of `train`.

    Arguments:
        fields: names in `field_names()`.
        point: the part of them that the axes gave.

    Raises:
        InputError: a field is missing or breaks its rule, with the point of the grid.
    """
    own = {name: _typed(name, value) for name, value in fields.items()}
    steps, every, early = (own.pop(name, None) for name in LENGTH_FIELDS)
    try:
        experiment = Experiment.of(**own)
        chosen = definition_of(experiment.learner).default_steps if steps is None else steps
        RunOptions(chosen, every, early)
    except InputError as error:
        where = f" (at {_point_text(point)})" if point else ""
        raise InputError(f"{error}{where}") from None
    return Member(experiment, chosen, every, early, dict(point or {}))


def _axis(entry: Mapping[str, Any]) -> Axis:
    columns = []
    for name, spec in entry.items():
        if len(entry) > 1 and isinstance(spec, list):
            columns.append(tuple(spec))  # zipped values may repeat
        else:
            columns.append(values_of(name, spec, whole=name in integer_fields()))
    return Axis(tuple(entry), tuple(zip(*columns, strict=True)))


def _typed(name: str, value: Any) -> Any:
    """Refuse values of another type than the field's, which a command line could not have given."""
    check_type(name, value, field_types().get(name, frozenset()))
    return value


def _british(content: Mapping[str, Any]) -> dict[str, Any]:
    """Read American spellings of fields; what is of another form than expected is left to the checks."""

    def renamed(part: Any) -> Any:
        return current_names(part, field_names()) if isinstance(part, dict) else part

    changed = {name: renamed(content[name]) for name in ("base", "axes") if name in content}
    if isinstance(content.get("zip"), list):
        changed["zip"] = [renamed(entry) for entry in content["zip"]]
    return {**content, **changed}


def _check_keys(content: Mapping[str, Any]) -> None:
    known = ("name", "base", "axes", "zip", "critical", "pad")
    for key in content:
        if key not in known:
            if key in field_names():
                raise InputError(f"{key}: must be in [base] or [axes], got it outside of them")
            raise InputError(f"{key}: must be one of {', '.join(known)}{_nearest(key, known)}")
    _check_name(checked_sweep(content.get("name")))


def _check_name(name: str) -> None:
    """Refuse a name by which commands would take the sweep for something else.

    Raises:
        InputError: `latest`, the beginning of a run id, or the name of a file that commands read.
    """
    if name == "latest":
        raise InputError("name: must not be latest, which stands for the run updated last, got 'latest'")
    if re.fullmatch(r"[0-9a-f]{4,12}", name):
        raise InputError(f"name: must not look like the beginning of a run id, got {shorten(name)}")
    if name.lower().endswith(FILE_ENDINGS):
        raise InputError(
            f"name: must not have the suffix of a file of weights or a table, got {shorten(name)}"
        )


def _known(name: str, where: str) -> None:
    known = field_names()
    if name in OF_FILES:
        raise InputError(f"{where}.{name}: must be left out, since a sweep reads no files of its runs")
    if name not in known:
        raise InputError(f"{where}.{name}: is not an option of train{_nearest(name, known)}")


def _nearest(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _table(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{name}: must be a table, got {shorten(value)}")
    return value


def _followed(member: Member) -> tuple[int, int | None, bool | None]:
    return member.steps, member.observe_every, member.early_stop


def _point_text(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
