"""Fit the forecast of grokking to the tables of the survey: `python tools/make_forecast.py`.

Writes the models that come with the package, src/modgrok/sweeps/forecasting/committed.json, and the tables
of docs/forecast.md, in which every modulus is forecast by a model that was fitted without it. Run it when a
table of atlas/survey/tables changes.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from make_survey_tables import FOLDER, read_table

from modgrok.runs import Experiment
from modgrok.sweeps.forecasting import run_forecast
from modgrok.sweeps.forecasting.features import AT, MEMORISING, SETTINGS, SLOPE, feature_names, feature_values
from modgrok.sweeps.forecasting.first_part import FirstPart
from modgrok.sweeps.forecasting.run_forecast import FAMILY, family_name, settings_of
from modgrok.sweeps.forecasting.validation import (
    ForecastScore,
    MeanGain,
    RunSet,
    fit_with_spread,
    mean_gain,
    validate,
    validate_median,
    validate_multiple,
)

ROOT = Path(__file__).parents[1]
PATH = Path(run_forecast.__file__).with_name(run_forecast.FILE)
PAGE = ROOT / "docs" / "forecast.md"
STAGES = ("memorised", "later")
LEAST_MODULI, LEAST_GROKKED = 3, 30
"""A kind of run gets a model if at least so many moduli have runs that grok, and so many runs do."""
LENGTHS = ("steps", "early_stop", "observe_every")
GROUPS = {
    "p and fraction": lambda name: name in SETTINGS,
    "memorising step": lambda name: name == MEMORISING,
    "losses": lambda name: name.endswith("_loss"),
    "test accuracy": lambda name: name.endswith("test_accuracy"),
    "norms": lambda name: name.endswith("_norm"),
}
"""Features by what they measure; the others are measures of the weights."""
OTHERS = "measures of the weights"


@dataclass
class Family:
    """All runs of one learner and optimiser.

    Arguments:
        settings: those of `FAMILY`.
        tables: stems of the tables.
        experiments: one for each modulus of each table.
        rows: of the tables; runs that never memorised included.
    """

    settings: dict[str, Any]
    tables: list[str] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name in words."""
        return family_name(self.settings)

    def recorded(self) -> list[str]:
        """Return the recorded numbers that every run has at both observations, and that vary between runs."""
        both = [row for row in self.rows if row["later_at"]]
        names = [name.removeprefix("later_") for name in both[0] if name.startswith("later_")] if both else []
        return [
            name
            for name in names
            if name not in ("at", "train_accuracy")
            and all(row.get(f"{stage}_{name}") for row in both for stage in STAGES)
            and len({row[f"memorised_{name}"] for row in both}) > 1
        ]


def families() -> list[Family]:
    """Gather the runs of all tables with clean labels by learner and optimiser."""
    known: dict[str, Family] = {}
    for path in sorted((FOLDER / "tables").glob("*.csv")):
        rows = [row for row in read_table(path) if row["end"] != "diverged"]
        sweep = tomllib.loads((FOLDER / f"{path.stem}.toml").read_text("utf-8"))
        if not rows or "corruption" in sweep["axes"]:
            continue
        experiments = list(one_for_each_modulus(sweep["base"], rows))
        settings = settings_of(experiments[0])
        own = {name: settings[name] for name in FAMILY if name in settings}
        family = known.setdefault(family_name(own), Family(own))
        family.tables.append(path.stem)
        family.experiments += experiments
        family.rows += rows
    return list(known.values())


def one_for_each_modulus(base: dict[str, Any], rows: Sequence[dict[str, str]]) -> Iterator[Experiment]:
    """Build one experiment of a piece for each of its moduli; only fractions and seeds differ otherwise."""
    options = {name: value for name, value in base.items() if name not in LENGTHS}
    for p in sorted({int(row["p"]) for row in rows}):
        yield Experiment.of(**{**options, "p": p})


def part_of(row: dict[str, str]) -> FirstPart:
    """Read what a row says of the first part of its run."""
    moments = (
        {
            name.removeprefix(f"{stage}_"): float(value)
            for name, value in row.items()
            if name.startswith(f"{stage}_") and name != f"{stage}_at" and value
        }
        for stage in STAGES
    )
    memorised, later = moments
    later_at = int(row["later_at"]) if row["later_at"] else None
    return FirstPart(int(row["memorised_at"]), memorised, later_at, later, None)


def runs_of(family: Family, stage: str, features: str | None = None) -> tuple[tuple[str, ...], RunSet]:
    """Return feature names and runs that memorised and had not grokked at a stage.

    Arguments:
        family: the kind of run.
        stage: `memorised` or `later`: runs that had grokked by then are left out.
        features: stage up to which features are taken, at most `stage`; default the same.
    """
    names = feature_names(family.recorded(), later=(features or stage) == "later")
    (budget,) = {int(row["budget"]) for row in family.rows}
    chosen = [row for row in family.rows if row["later_at"]]
    now = [int(row["memorised_at"] if stage == "memorised" else row["later_at"]) for row in chosen]
    waiting = [
        not row["grokked_at"] or int(row["grokked_at"]) > at for row, at in zip(chosen, now, strict=True)
    ]
    chosen = [row for row, waits in zip(chosen, waiting, strict=True) if waits]
    values = [feature_values(names, int(row["p"]), float(row["fraction"]), part_of(row)) for row in chosen]
    runs = RunSet(
        np.array([int(row["p"]) for row in chosen]),
        np.array(values).reshape(len(chosen), len(names)),
        np.array([int(row["memorised_at"]) for row in chosen]),
        np.array([at for at, waits in zip(now, waiting, strict=True) if waits]),
        np.array([int(row["grokked_at"] or 0) for row in chosen]),
        budget,
    )
    return names, runs


def suffices(runs: RunSet) -> bool:
    """Say whether there are enough runs for a model."""
    moduli = np.unique(runs.moduli[runs.grokked])
    return len(moduli) >= LEAST_MODULI and int(runs.grokked.sum()) >= LEAST_GROKKED


def entry(family: Family) -> dict[str, Any] | None:
    """Return the committed entry of a family; None where there are too few runs."""
    stages = {stage: runs_of(family, stage) for stage in STAGES}
    if not all(suffices(runs) for _, runs in stages.values()):
        return None
    settings = [settings_of(experiment) for experiment in family.experiments]
    fractions = [float(row["fraction"]) for row in family.rows]
    ranges, values = {"fraction": [min(fractions), max(fractions)]}, {}
    for name in settings[0]:
        own = [one[name] for one in settings]
        if name not in ranges and all(isinstance(v, int | float) and not isinstance(v, bool) for v in own):
            ranges[name] = [min(own), max(own)]
        elif name not in ranges:
            values[name] = list(dict.fromkeys(own))
    _, runs = stages["later"]
    return {
        "family": family.name,
        "settings": family.settings,
        "tables": family.tables,
        "runs": len(runs.steps),
        "grokked": int(runs.grokked.sum()),
        "ranges": ranges,
        "values": values,
        "models": {stage: fit_with_spread(*stages[stage]).to_json() for stage in STAGES},
    }


def group_of(name: str) -> str:
    """Return the group of a feature."""
    base = name.removeprefix(AT).removeprefix(SLOPE)
    return next((group for group, holds in GROUPS.items() if holds(base)), OTHERS)


HEADER = (
    "",
    "| forecast | typical factor | interval 80% covers | interval 95% covers | Brier score |",
    "| --- | --- | --- | --- | --- |",
)
"""Of a table of scores."""


def validation_lines(family: Family) -> Iterator[str]:
    """Lay out how well a family's moduli are forecast by models fitted without them."""
    early_names, early = runs_of(family, "memorised")
    names, runs = runs_of(family, "later")
    moduli = np.unique(early.moduli)
    yield ""
    yield f"### {family.name}"
    yield ""
    yield (
        f"{len(early.steps):,} runs at {len(moduli)} moduli from {moduli.min()} to {moduli.max()} memorise "
        f"before they grok; {early.grokked.sum():,} of them grok within {early.budget:,} steps "
        f"(tables {', '.join(family.tables)}). Forecasts from memorisation:"
    )
    yield from HEADER
    yield from baseline_lines(early_names, early)
    score = validate(early_names, early)
    yield score_line("up to memorisation", score)
    yield from gain_lines("what is recorded up to memorisation", score, settings_alone(early_names, early))
    yield ""
    grokked = len(early.steps) - len(runs.steps)
    yield (
        f"Of these runs {grokked or 'none'} had grokked by 1.5 times that step. Forecasts "
        f"of the other {len(runs.steps):,}, of which {runs.grokked.sum():,} grok later:"
    )
    yield from HEADER
    yield from baseline_lines(names, runs)
    yield score_line("up to memorisation", validate(*runs_of(family, "later", features="memorised")))
    score = validate(names, runs)
    yield score_line("up to 1.5 times that step", score)
    for group in (*GROUPS, OTHERS):
        without = [place for place, name in enumerate(names) if group_of(name) != group]
        if len(without) < len(names):
            chosen = [names[place] for place in without]
            yield score_line(f"– without {group}", validate(chosen, runs.with_features(without)))
    for group in (*GROUPS, OTHERS):
        own = [place for place, name in enumerate(names) if group_of(name) == group]
        if own and group != "p and fraction":
            chosen = [names[place] for place in own]
            yield score_line(f"– {group} alone", validate(chosen, runs.with_features(own)))
    yield from gain_lines("what is recorded up to 1.5 times that step", score, settings_alone(names, runs))


def baseline_lines(names: Sequence[str], runs: RunSet) -> Iterator[str]:
    """Lay out what is forecast without any measure of training."""
    yield score_line("median of the other moduli's runs", validate_median(runs))
    yield score_line("constant multiple of the memorising step", validate_multiple(runs))
    yield score_line("p and fraction alone", settings_alone(names, runs))


def settings_alone(names: Sequence[str], runs: RunSet) -> ForecastScore:
    """Score forecasts from p and the fraction."""
    return validate(SETTINGS, runs.with_features([names.index(name) for name in SETTINGS]))


def gain_lines(what: str, score: ForecastScore, base: ForecastScore) -> Iterator[str]:
    """Say what is gained over forecasts from p and the fraction."""
    error, brier = mean_gain(base.errors, score.errors), mean_gain(base.briers, score.briers)
    yield ""
    yield (
        f"Gain of {what} over p and fraction alone, in the mean over moduli: {gain_words(error)} of "
        f"the mean $|\\ln(\\text{{forecast}}/T)|$, {gain_words(brier)} of the Brier score."
    )


def gain_words(gain: MeanGain) -> str:
    """Write a gain with its interval."""
    low, high = (f"{value:.3f}".replace("-", "−") for value in (gain.low, gain.high))
    return f"{gain.mean:.3f} ({low} to {high})".replace("-", "−")


def score_line(name: str, score: ForecastScore) -> str:
    """Write one row of a table of scores."""
    cover = ["–", "–"] if score.coverage is None else [f"{share:.0%}" for share in score.coverage]
    return f"| {name} | {math.exp(score.error):.2f} | {cover[0]} | {cover[1]} | {score.brier:.3f} |"


def content() -> tuple[str, str]:
    """Return the committed file, and the page's tables."""
    known = families()
    entries = {family.name: entry(family) for family in known}
    fitted = [entries[family.name] for family in known if entries[family.name] is not None]
    lines = [line for family in known if entries[family.name] for line in validation_lines(family)]
    few = [family.name for family in known if not entries[family.name]]
    if not known:
        lines += ["The survey has no tables yet, so the package comes without a model."]
    if few:
        lines += ["", f"Too few runs that grok for a forecast yet: {', '.join(few)}."]
    return "[\n" + ",\n".join(json.dumps(one) for one in fitted) + "\n]\n", "\n".join(lines).strip() + "\n"


def main() -> None:
    """Write both files."""
    committed, tables = content()
    PATH.write_text(committed, encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    marks = r"(?<=<!-- tables begin -->\n).*(?=<!-- tables end -->)"
    PAGE.write_text(re.sub(marks, lambda _: f"\n{tables}\n", page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
