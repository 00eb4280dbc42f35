"""What a run is: a frozen record whose content is its identity.

Owns: the record, its canonical JSON, the run id. Budget and observation steps are not in it: they say how
far a run is followed, not which run it is, so a larger budget continues the same run.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..learners.mlp.settings import MLPSettings
from ..learners.rfm.settings import RFMSettings
from ..learners.transformer.settings import TransformerSettings
from ..tasks import InputError, Task, TaskSource, named_task
from ..tasks.errors import shorten
from .spelling import british_names

LearnerSettings = MLPSettings | RFMSettings | TransformerSettings
SettingsType = type[MLPSettings] | type[RFMSettings] | type[TransformerSettings]
LEARNERS: tuple[tuple[str, SettingsType], ...] = (
    ("mlp", MLPSettings),
    ("rfm", RFMSettings),
    ("transformer", TransformerSettings),
)
"""Name and settings of every learner; a new one enters commands and shared tests by one line here."""
DEFAULT_STEPS = {"mlp": 10_000, "rfm": 30, "transformer": 40_000}
"""Budget of steps when none is given."""


class Experiment(BaseModel):
    """Everything that determines a run's numbers.

    Example:
        >>> experiment = Experiment.of("y + x", p=97, lr=1e6)
        >>> experiment.name, experiment.id == Experiment.of("x+y", p=97, lr=1e6).id
        ('x + y', True)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    task: TaskSource
    fraction: float = Field(0.5, gt=0, lt=1, description="Share of the inputs that trains.")
    symmetric: bool = Field(False, description="Keep (x, y) and (y, x) on the same side of the split.")
    corruption: float = Field(0.0, ge=0, le=1, description="Share of training labels redrawn at random.")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="Seed of split, weights, noise and batches.")
    learner: LearnerSettings = Field(default_factory=MLPSettings, discriminator="kind")

    @model_validator(mode="after")
    def _one_source(self) -> Experiment:
        named = [name for name in ("expression", "group", "table") if getattr(self.task, name) is not None]
        if len(named) != 1:
            raise ValueError("task: must have exactly one of expression, group and table")
        return self

    @classmethod
    def of(
        cls,
        expression: str | None = None,
        *,
        p: int | None = None,
        group: str | None = None,
        table: Task | None = None,
        released: bool = False,
        learner: str = "mlp",
        **options: Any,
    ) -> Experiment:
        """Build an experiment from flat options: its own fields and those of its learner.

        Arguments:
            expression: see `modgrok.tasks.parse`; several, separated by semicolons, are a mixture; with `p`.
            p: modulus.
            group: a finite group's name instead of an expression.
            table: a task read from a table instead of an expression.
            released: let operands run over 0..p+4; see `modgrok.tasks.task_from_expression`.
            learner: name in `LEARNERS`.
            options: `fraction`, `seed`, … and the learner's settings, in British or American spelling
                (`optimizer`); None means the default.

        Raises:
            InputError: one line with argument, rule and value.
        """
        settings = _learner_type(learner)
        given = {name: value for name, value in options.items() if value is not None}
        given = british_names(given, (*settings.model_fields, *cls.model_fields))
        own = {name: given.pop(name) for name in list(given) if name in cls.model_fields}
        named = named_task(expression, p=p, group=group, table=table, released=released)
        for name in given:
            if name not in settings.model_fields or name == "kind":
                known = [*settings.model_fields, *cls.model_fields]
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                raise InputError(f"{name}: is no option of the learner {learner}{hint}")
        try:
            _check_fit(learner, named.task)
            chosen = settings(**given).resolve(named.task.p, named.task.k)
            return cls(task=named.source, learner=chosen, **own)
        except ValidationError as error:
            raise InputError(first_line(error)) from None

    @property
    def name(self) -> str:
        """The task's display name."""
        source = self.task
        return source.expression or source.group or f"table:{(source.table or '')[:12]}"

    def canonical_json(self) -> str:
        """Return the content as JSON with sorted keys and no spaces."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @property
    def id(self) -> str:
        """Run id: the first 12 hexadecimal digits of the SHA-256 of what differs from the defaults.

        Options that are off do not enter, so that runs keep their ids when later versions add options.
        """
        content = self.model_dump(mode="json", exclude_defaults=True)
        content["learner"] = {**content.get("learner", {}), "kind": self.learner.kind}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def build_task(self, table: Task | None = None) -> Task:
        """Tabulate the task; see `TaskSource.build`."""
        return self.task.build(table)


def first_line(error: ValidationError) -> str:
    """Turn a validation error into one line: argument, rule, value."""
    first = error.errors()[0]
    name = next((str(part) for part in reversed(first["loc"]) if isinstance(part, str)), "experiment")
    context = first.get("ctx", {})
    rules = {
        "greater_than": "must be above {gt}",
        "greater_than_equal": "must be at least {ge}",
        "less_than": "must be below {lt}",
        "less_than_equal": "must be at most {le}",
        "literal_error": "must be one of {expected}",
        "finite_number": "must be finite",
        "int_parsing": "must be an integer",
        "int_from_float": "must be an integer",
        "int_type": "must be an integer",
        "float_parsing": "must be a number",
        "float_type": "must be a number",
        "bool_parsing": "must be true or false",
    }
    if first["type"] == "value_error":
        return str(context["error"])
    bounds = {key: f"{value:g}" if isinstance(value, float) else value for key, value in context.items()}
    rule = rules.get(first["type"], first["msg"]).format(**bounds)
    value = first["input"]
    shown = f"{value:g}" if isinstance(value, int | float) else shorten(value)
    return f"{name}: {rule}, got {shown}"


def _check_fit(learner: str, task: Task) -> None:
    """Refuse tasks that a learner's inputs cannot hold.

    Raises:
        InputError: a mixture for two-layer networks, or the released domain for anything but transformers.
    """
    if learner == "transformer":
        return
    if task.parts and learner == "mlp":
        raise InputError(f"learner: a mixture of {len(task.parts)} tasks needs a transformer or rfm, got mlp")
    if not all(part.is_plain for part in task.parts or (task,)):
        raise InputError(f"released: operands over 0..p+4 need a transformer, got {learner}")


def _learner_type(name: str) -> SettingsType:
    for known, settings in LEARNERS:
        if known == name:
            return settings
    known_names = ", ".join(known for known, _ in LEARNERS)
    raise InputError(f"learner: must be one of {known_names}, got {shorten(name)}")
