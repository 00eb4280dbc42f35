"""The flags of `modgrok train` that are fields of the experiment or settings of a learner.

Owns: how a field becomes a flag: its type, help, panel, and hidden American spelling.
"""

import re
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

from cyclopts import Parameter
from pydantic.fields import FieldInfo

from ...learners.base.settings import choices_of, option_fields
from ...learners.catalogue import LEARNERS
from ...runs import Experiment
from ...runs.experiment import OWN_FIELDS
from ...runs.spelling import american
from .options import number, whole
from .panels import RUN, TASK, learner_panel

Fields = list[tuple[str, FieldInfo]]
"""The fields of one name, each with the learner that has it; '' for the experiment itself."""


def _option(name: str, fields: Fields) -> tuple[str, Any, Any]:
    """Turn the settings fields of one name into a flag: declared once, read by commands and documentation.

    Choices arrive as text and are checked with the other rules, in one voice.
    """
    infos = [info for _, info in fields]
    parts = get_args(infos[0].annotation)
    kinds = [part for part in (parts or (infos[0].annotation,)) if part is not type(None)]
    kind = kinds[0] if kinds[0] in (bool, int, float) else str
    learners = [learner for learner, _ in fields if learner]
    flag: dict[str, Any] = {
        "help": _help(fields),
        "group": learner_panel(learners) if learners else RUN if name == "seed" else TASK,
    }
    if kind is bool:
        flag["negative"] = () if infos[0].default is False else None
    else:
        flag.update(converter={int: whole, float: number}.get(kind), allow_leading_hyphen=True)
    return name, Annotated[kind | None, Parameter(**flag)], field(default=None)


def _american(option: tuple[str, Any, Any]) -> tuple[str, Any, Any]:
    """Turn a flag into a hidden one with the American spelling of its name."""
    name, annotation, _ = option
    return american(name), Annotated[annotation, Parameter(show=False)], field(default=None)


def _help(fields: Fields) -> str:
    """Say what a flag means; where learners differ in it, what it means to each."""
    alike: dict[tuple[str, frozenset[str]], Fields] = {}
    for learner, info in fields:
        alike.setdefault((info.description or "", frozenset(choices_of(info))), []).append((learner, info))
    if len(alike) == 1:
        return _text(fields)
    return "\n\n".join(f"{', '.join(name for name, _ in same)}: {_text(same)}" for same in alike.values())


def _text(fields: Fields) -> str:
    """Describe fields of the same meaning: choices that the description does not name, and defaults."""
    info = fields[0][1]
    text = info.description or ""
    if not set(choices_of(info)) <= set(re.findall(r"[\w-]+", text)):
        text += f" One of {', '.join(choices_of(info))}."
    return text + _default(fields)


def _default(fields: Fields) -> str:
    """Say the defaults of fields; nothing of flags that are off."""
    texts: dict[str, list[str]] = {}
    for learner, info in fields:
        value = info.default
        if value is not None and value is not False:
            texts.setdefault(f"{value:g}" if isinstance(value, float) else str(value), []).append(learner)
    if len(texts) == 1 and len(next(iter(texts.values()))) == len(fields):
        return f" [default: {next(iter(texts))}]"
    words = ", ".join(f"{text} for {', '.join(learners)}" for text, learners in texts.items())
    return f" [default: {words}]" if words else ""


def _options_type() -> type:
    grouped: dict[str, Fields] = {name: [("", Experiment.model_fields[name])] for name in OWN_FIELDS}
    for known in LEARNERS:
        for name, info in option_fields(known.settings).items():
            grouped.setdefault(name, []).append((known.name, info))
    options = [_option(name, fields) for name, fields in grouped.items()]
    options += [_american(option) for option in options if american(option[0]) != option[0]]
    options_class = make_dataclass("Options", options, frozen=True)
    options_class.__module__ = __name__  # cyclopts opens only classes that have a home
    return options_class


@dataclass(frozen=True)
class FormerOptions:
    """Options under former or other names, hidden from `--help`; see `modgrok.runs.spelling.FORMER_NAMES`."""

    released: Annotated[bool | None, Parameter(show=False, negative=())] = None
    metric: Annotated[Path | None, Parameter(show=False)] = None
    learning_rate: Annotated[
        float | None, Parameter(show=False, converter=number, allow_leading_hyphen=True)
    ] = None


Options = _options_type()
DEFAULT_OPTIONS, NO_FORMER_OPTIONS = Options(), FormerOptions()
