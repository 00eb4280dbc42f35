"""What a run is: a frozen record whose content is its identity.

Owns: the record, its canonical JSON, the run id. Budget and observation steps are not in it: they say how
far a run is followed, not which run it is, so a larger budget continues the same run.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    SerializeAsAny,
    ValidationError,
    model_validator,
)

from ..display import Displayed, Facts
from ..former_names import former_keyword
from ..io import parse_json
from ..io.whole_numbers import MOST_SEED
from ..learners.base.contract import LearnerDefinition
from ..learners.base.settings import Settings, checked_options
from ..learners.catalogue import LEARNERS, check_trains, definition_named, definition_of
from ..learners.mlp.settings import MLPSettings
from ..tasks import InputError, Task, TaskSource, named_task
from ..tasks.errors import in_words, shorten
from .asset_kinds import ASSET_KINDS
from .spelling import current_names

if TYPE_CHECKING:
    from .store.database import RunRow

DEFAULT_STEPS = {definition.name: definition.default_steps for definition in LEARNERS}
"""Budget of steps of the package's own learners when none is given."""
OWN_FIELDS = ("fraction", "symmetric", "orbits", "folds", "fold", "corruption", "seed")
"""Fields beside task and learner, as options of `train` and fields of sweep files are named."""
NO_ASSETS: Mapping[str, Any] = {}


def _settings(value: Any) -> Settings:
    """Read a learner's settings: a record as it is, plain values by the learner that `kind` names."""
    if isinstance(value, Settings):
        definition_of(value)
        return value
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise InputError(f"learner: must be settings with a learner's name as kind, got {shorten(value)}")
    return definition_named(value["kind"]).settings.model_validate(value)


class _Assets:
    """Content by digest; never part of what makes two experiments equal, since their fields name it."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        # a plain dict, or what reads it from a store: either can be pickled, and views of dicts cannot
        self.content = dict(content) if isinstance(content, MappingProxyType) else content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Assets)

    def __hash__(self) -> int:
        return 0


class Experiment(Displayed, BaseModel):
    """Everything that determines a run's numbers.

    Example:
        >>> experiment = Experiment.of("y + x", p=97, lr=1e6)
        >>> experiment.name, experiment.id == Experiment.of("x+y", p=97, lr=1e6).id
        ('x + y', True)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    task: TaskSource
    fraction: float = Field(0.5, gt=0, lt=1, description="Fraction of inputs used for training.")
    symmetric: bool = Field(
        False, description="Keep (x, y) and (y, x) on the same side of the split; the same as --orbits swap."
    )
    orbits: Literal["none", "swap", "sign"] = Field(
        "none",
        description="Inputs kept on the same side of the split: none, swap (all permutations of operands), "
        "sign (x to -x as well).",
    )
    folds: int = Field(
        0,
        ge=0,
        description="Number of random folds into which all inputs are divided; one is held out for testing "
        "and the others are used for training, in place of a fraction; 0 for none.",
    )
    fold: int = Field(0, ge=0, description="The fold that is held out, from 0.")
    corruption: float = Field(
        0.0, ge=0, le=1, description="Fraction of training labels that are replaced by random ones."
    )
    seed: int = Field(
        0,
        ge=0,
        le=MOST_SEED,
        description="Seed of the split, the initial weights, the label noise and the batches.",
    )
    learner: Annotated[SerializeAsAny[Settings], PlainValidator(_settings)] = Field(
        default_factory=MLPSettings
    )

    _assets: _Assets = PrivateAttr(default_factory=lambda: _Assets(NO_ASSETS))

    @model_validator(mode="before")
    @classmethod
    def _symmetric_is_swap(cls, values: Any) -> Any:
        """Let each of `symmetric` and `orbits` follow from the other; older runs have the first alone."""
        if not isinstance(values, dict):
            return values
        orbits = values.get("orbits", "none")
        if orbits in ("swap", "sign"):
            return {**values, "symmetric": True}
        if orbits == "none" and values.get("symmetric") is True:
            return {**values, "orbits": "swap"}
        return values

    @model_validator(mode="before")
    @classmethod
    def _folds_give_the_fraction(cls, values: Any) -> Any:
        """Let the fraction follow from the number of folds; one that contradicts it is refused."""
        folds = values.get("folds", 0) if isinstance(values, dict) else 0
        if not isinstance(folds, int) or folds < 2:
            return values
        share = 1 - 1 / folds
        fraction = values.get("fraction", share)
        number = isinstance(fraction, (int, float))
        if not number or not math.isclose(fraction, share, rel_tol=1e-9):
            words = f"{fraction:g}" if number else shorten(fraction)
            raise ValueError(f"fraction: must be left out or {share:g} with {folds} folds, got {words}")
        return {**values, "fraction": share}

    @model_validator(mode="after")
    def _fold_exists(self) -> Experiment:
        if self.folds == 1:
            raise ValueError("folds: must be 0 or at least 2, got 1")
        if self.fold and not self.folds:
            raise ValueError(f"fold: must be used with folds, the number of them, got {self.fold}")
        if self.fold and self.fold >= self.folds:
            raise ValueError(f"fold: must be below folds, {self.folds}, got {self.fold}")
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Experiment:
        named = [name for name in ("expression", "group", "table") if getattr(self.task, name) is not None]
        if len(named) != 1:
            raise ValueError("task: must have exactly one of expression, group and table")
        return self

    @classmethod
    @former_keyword("released", "extended_domain")
    @former_keyword("metric", "feature_matrix")
    def of(
        cls,
        expression: str | None = None,
        *,
        p: int | None = None,
        group: str | None = None,
        table: Task | None = None,
        extended_domain: bool = False,
        learner: str = "mlp",
        feature_matrix: np.ndarray | None = None,
        embedding_from: Any = None,
        body_from: Any = None,
        **options: Any,
    ) -> Experiment:
        """Build an experiment from flat options: its own fields and those of its learner.

        Arguments:
            expression: see `modgrok.tasks.parse`; several, separated by semicolons, are a mixture; with `p`.
            p: modulus.
            group: a finite group's name instead of an expression.
            table: a task read from a table instead of an expression.
            extended_domain: let operands run over 0..p+4; see `modgrok.tasks.task_from_expression`.
            learner: name in `LEARNERS`.
            feature_matrix: initial M of a kernel machine: symmetric, finite numbers, shape (k p, k p).
            embedding_from: a transformer, or the content of its file, from which W_E is taken.
            body_from: the same, from which attention and MLP are taken.
            options: `fraction`, `seed`, … and the learner's settings, in British or American spelling
                (`optimizer`); None means the default.

        Raises:
            InputError: one line with argument, rule and value.
        """
        definition = definition_named(learner)
        check_trains(definition)
        settings = definition.settings
        specified = {name: value for name, value in options.items() if value is not None}
        specified = current_names(specified, (*settings.model_fields, *cls.model_fields))
        own = {name: specified.pop(name) for name in list(specified) if name in cls.model_fields}
        if own.get("symmetric") and own.get("orbits", "swap") != "swap":
            orbits = shorten(own["orbits"])
            raise InputError(
                f"symmetric: must be left out with orbits other than swap, got both, and {orbits}"
            )
        named = named_task(expression, p=p, group=group, table=table, extended_domain=extended_domain)
        assets = {named.source.table: named.task} if named.source.table else {}
        for name, content in (
            ("feature_matrix", feature_matrix),
            ("embedding_from", embedding_from),
            ("body_from", body_from),
        ):
            if content is not None:
                field, digest, checked = _asset(settings, learner, name, content, named.task)
                specified[field], assets[digest] = digest, checked
        if feature_matrix is not None and specified.get("initial", "stored") != "stored":
            start = shorten(specified["initial"])
            raise InputError(f"initial: must be stored, or left out, with --feature-matrix, got {start}")
        for name in specified:
            if name not in settings.model_fields or name == "kind":
                raise InputError(f"{name}: is not an option of the learner {learner}{_hint(name, settings)}")
        specified, own = checked_options(settings, specified), checked_options(cls, own)
        try:
            _check_fit(definition, named.task)
            chosen = settings(**specified).resolve(named.task.p, named.task.k)
            _check_effects(chosen, specified, named.task)
            experiment = cls(task=named.source, learner=chosen, **own)
        except ValidationError as error:
            raise InputError(first_line(error)) from None
        return experiment.with_assets(assets) if assets else experiment

    @property
    def assets(self) -> Mapping[str, Any]:
        """What the experiment names by its SHA-256, as far as it is at hand: digest -> content."""
        return MappingProxyType(self._assets.content)

    def with_assets(self, assets: Mapping[str, Any]) -> Experiment:
        """Return the same experiment with content at hand for what it names by SHA-256.

        Arguments:
            assets: digest -> a table as a task, a matrix, or a network's file.
        """
        copy = self.model_copy()
        copy._assets = _Assets(assets)
        return copy

    def needs(self) -> dict[str, str]:
        """Return the digest of everything that the experiment names, with its kind.

        Example:
            >>> Experiment.of("x + y", p=5).needs()
            {}
        """
        digests = {} if self.task.table is None else {self.task.table: "table"}
        for asset in self.learner.ASSETS.values():
            digest = getattr(self.learner, asset.field)
            if digest is not None:
                digests[digest] = asset.kind
        return digests

    def _facts(self) -> Facts:
        names = {"name": self.name, "p": self.task.p, "learner": self.learner.kind}
        return {**names, "fraction": self.fraction, "seed": self.seed, "id": self.id}

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """Read what `canonical_json` wrote.

        Raises:
            InputError: it is anything else.

        Example:
            >>> experiment = Experiment.of("x + y", p=5)
            >>> Experiment.from_json(experiment.canonical_json()) == experiment
            True
        """
        content = parse_json(text, "experiment", dict)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InputError(f"experiment: {first_line(error)}") from None

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

        Options that are off do not enter, so that runs keep their ids when later versions add options. Nor
        does `orbits` where `symmetric` says the same.
        """
        content = self.model_dump(mode="json", exclude_defaults=True)
        if self.orbits == "swap":
            del content["orbits"]
        content["learner"] = {**content.get("learner", {}), "kind": self.learner.kind}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def build_task(self, table: Task | None = None) -> Task:
        """Tabulate the task; see `TaskSource.build`.

        Arguments:
            table: the task, when it is a table given directly; None takes the one at hand.
        """
        if table is None and self.task.table is not None:
            table = self.assets.get(self.task.table)
        return self.task.build(table)


def experiment_of(row: RunRow) -> Experiment:
    """Return the experiment of a stored run, without what it names by SHA-256.

    Raises:
        InputError: the row holds another experiment than the one that its id belongs to.
    """
    try:
        experiment = Experiment.from_json(row.experiment)
    except InputError as error:
        raise InputError(f"run {row.id}: {error}") from None
    if experiment.id != row.id:
        raise InputError(
            f"run {row.id}: experiment: must be the one that this id belongs to, got that of {experiment.id}"
        )
    return experiment


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
    return f"{name}: {rule}, got {in_words(first['input'])}"


def _check_effects(settings: Settings, specified: Mapping[str, Any], task: Task) -> None:
    """Refuse settings that change nothing: they would only give the same run another id.

    Arguments:
        settings: all of them.
        specified: those that are not left to their defaults.
        task: to be learned.

    Raises:
        InputError: one has no effect beside the others, and differs from its default.
    """
    for name, needed in settings.without_effect(task).items():
        default = type(settings).model_fields[name].default
        if name in specified and getattr(settings, name) != default:
            raise InputError(f"{name}: has an effect only with {needed}, got {in_words(specified[name])}")


def _check_fit(definition: LearnerDefinition, task: Task) -> None:
    """Refuse tasks that a learner's inputs cannot hold.

    Raises:
        InputError: a mixture, or operands that are not residues, for a learner that takes none.
    """
    if task.parts and not definition.takes_mixtures:
        others = " or ".join(known.name for known in LEARNERS if known.takes_mixtures)
        raise InputError(
            f"learner: a mixture of {len(task.parts)} tasks needs the learner {others}, got {definition.name}"
        )
    plain = all(part.is_plain for part in task.parts or (task,))
    if not plain and not definition.takes_extended_domain:
        others = " or ".join(known.name for known in LEARNERS if known.takes_extended_domain)
        raise InputError(
            f"extended_domain: operands over 0..p+4 need the learner {others}, got {definition.name}"
        )


def _hint(name: str, settings: type[Settings]) -> str:
    """Say where an option that a learner has not belongs, or what may have been meant."""
    others = [kind for kind in LEARNERS.names if name in definition_named(kind).settings.model_fields]
    if others and name != "kind":
        return f", but of {' and '.join(others)}; use --learner {others[0]}"
    own = [field for field in settings.model_fields if field != "kind"]
    close = difflib.get_close_matches(name, [*own, *OWN_FIELDS], n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _asset(
    settings: type[Settings], learner: str, keyword: str, content: Any, task: Task
) -> tuple[str, str, Any]:
    """Return the settings field, the digest and the checked content of a given asset.

    Raises:
        InputError: the learner takes no such thing, or the content breaks a rule.
    """
    asset = settings.ASSETS.get(keyword)
    if asset is None:
        raise InputError(f"{keyword}: is not an option of the learner {learner}")
    checked = asset.check(content, task)
    return asset.field, ASSET_KINDS.named(asset.kind).digest(checked), checked
