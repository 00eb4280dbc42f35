"""Which progress measure moves first: on runs that grok, and on runs that do not.

Owns: these claims, six in all: two for each learner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from ...reports.charts.claim_charts import LINES, Line, Panel, Point, lines, points, single
from ..claims import tiny
from ..claims.budget import BudgetName
from ..claims.claim import Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence, RunData
from ..claims.seeds import median
from .course import ACCURACY, HALF, TENTH, Course, moved
from .readings import MEASURES, TITLES, changes, course_of, key_frequencies
from .setup import LEARNERS, ComparedLearner

LEAST_LEAD = 0.01
"""A lead below a hundredth of the step of grokking counts as none."""
LAG = 0.5
"""How far the explained share may follow test accuracy, in steps of grokking."""
STILL = 0.25
"""Share of the way of a run that groks up to which a measure counts as having stayed."""
GRID = np.linspace(0, 1.5, 76)
"""Steps over the step of grokking at which curves of several seeds are drawn."""


def measure_first(learner: ComparedLearner, evidence: Evidence) -> ClaimResult:
    """Read how long before test accuracy each measure covers a tenth and half of its way."""
    runs = evidence["grokking"]
    courses = [course_of(run, learner.vectors) for run in runs]
    each = [_leads(course) for course in courses]
    values: dict[str, Number] = {name: median([one[name] for one in each]) for name in each[0]}
    values |= {
        "memorised_at": median([run.row.memorised_at for run in runs]),
        "grokked_at": median([run.row.grokked_at for run in runs]),
    }
    rows = [
        {
            "seed": run.experiment.seed,
            "memorised at": run.row.memorised_at,
            "grokked at": run.row.grokked_at,
            **{f"{TITLES[name]}, half": one[f"{name}_lead_at_half"] for name in MEASURES},
        }
        for run, one in zip(runs, each, strict=True)
    ]
    tiny_runs = evidence.budget == "tiny"
    panel = _accuracies(runs) if tiny_runs else _covered_panel(learner, courses)
    return ClaimResult(values, (panel,), rows)


def _leads(course: Course | None) -> dict[str, Number]:
    if course is None:
        return {
            f"{name}_{what}": None
            for name in MEASURES
            for what in ("lead_at_tenth", "lead_at_half", "way_at_tenth")
        }
    return {
        f"{name}_{what}": value
        for name in MEASURES
        for what, value in (
            ("lead_at_tenth", course.lead(name, TENTH)),
            ("lead_at_half", course.lead(name, HALF)),
            ("way_at_tenth", course.covered_at_accuracy(name, TENTH)),
        )
    }


def _covered_panel(learner: ComparedLearner, courses: Sequence[Course | None]) -> Panel:
    series = []
    for name, colour in zip((ACCURACY, *MEASURES), LINES, strict=False):
        for place, course in enumerate(courses):
            x, y = (np.empty(0), np.empty(0)) if course is None else _on_grid(course, name)
            series.append(Line("" if place else TITLES[name], x, y, colour))
    text = f"How much of its way from memorising to the end each measure of {learner.words} has covered."
    cell = lines(
        series,
        text,
        x="step / step of grokking",
        y="way covered",
        log_x=False,
        domain=(-0.25, 1.25),
        level=HALF,
        height=240,
    )
    caption = (
        f"From 0 where the network has memorised to 1 at its end; FFS and IPR of {learner.vectors_words}. "
        "The dotted line is half of the way."
    )
    return single("covered", "Way covered from memorising to the end", caption, cell, 12)


def _on_grid(course: Course, name: str) -> tuple[np.ndarray, np.ndarray]:
    at = course.steps / course.grokked_at
    grid = np.unique(np.clip(GRID, at[0], at[-1]))
    return grid, np.interp(grid, at, course.covered(name))


def _accuracies(runs: Sequence[RunData]) -> Panel:
    curves = [
        Line("test accuracy" if run is runs[0] else "", run.steps, run.curve(ACCURACY), LINES[0])
        for run in runs
    ]
    cell = lines(curves, "Test accuracy against steps.", x="step", log_x=False, percent=True)
    return single("covered", "Test accuracy", "Of tiny runs, none of which groks.", cell, 12)


def measure_stays(learner: ComparedLearner, evidence: Evidence) -> ClaimResult:
    """Read how far each measure moves from memorising to the end of runs that do not grok."""
    pairs = list(zip(evidence["grokking"], evidence["failing"], strict=True))
    each = [_moves(learner, grokking, failing) for grokking, failing in pairs]
    values: dict[str, Number] = {name: median([one[name] for one in each]) for name in each[0]}
    rows = [{"seed": failing.experiment.seed, **one} for (_, failing), one in zip(pairs, each, strict=True)]
    if evidence.budget == "tiny":
        return ClaimResult(values, (_accuracies(evidence["failing"]),), rows)
    marks = [Point(TITLES[name], values[f"{name}_moved"], 0.0, STILL) for name in MEASURES]
    summary = ", ".join(
        f"{mark.name} {'none' if mark.value is None else f'{mark.value:.2f}'}" for mark in marks
    )
    cell = points(
        marks,
        f"How far each measure moves without grokking, over how far it does with it: {summary}.",
        x="share of the way of a run that groks",
        domain=(0.0, 1.0),
    )
    caption = (
        f"From memorising to the end, trained on {learner.too_small:.0%} of the pairs, over the change of "
        f"the same measure with the same seed and {learner.fraction:.0%} of them. Bars: within a quarter; "
        "triangles at the end of the axis: numbers beyond 1."
    )
    return ClaimResult(values, (single("moved", "Without grokking", caption, cell, 12),), rows)


def _moves(learner: ComparedLearner, grokking: RunData, failing: RunData) -> dict[str, Number]:
    """Compare the changes of two runs, each with as many frequencies as the formula of the first has."""
    key = key_frequencies(grokking, grokking.network())
    own = key_frequencies(failing, failing.network(), len(key))
    way = changes(grokking, learner.vectors, key) if grokking.row.grokked_at else None
    change = changes(failing, learner.vectors, own)
    return {
        "failing_test_accuracy": failing.last(ACCURACY),
        **{
            f"{name}_moved": None if way is None or change is None else moved(change[name], way[name])
            for name in MEASURES
        },
    }


EARLY = "before test accuracy: by a hundredth of the step of grokking and more (our prediction)"
FIRST_EXPECTED = (
    Expected("excluded_loss_lead_at_tenth", EARLY, low=LEAST_LEAD),
    Expected("restricted_loss_lead_at_tenth", EARLY, low=LEAST_LEAD),
    Expected("ffs_lead_at_tenth", EARLY, low=LEAST_LEAD),
    Expected("ipr_lead_at_tenth", EARLY, low=LEAST_LEAD),
    Expected(
        "explained_share_lead_at_half",
        "after test accuracy, which it cannot exceed, by at most half of that step (our prediction)",
        low=-LAG,
    ),
    *(
        Expected(f"{name}_lead_at_half", EARLY, low=LEAST_LEAD, essential=False)
        for name in ("excluded_loss", "restricted_loss", "ffs", "ipr")
    ),
    Expected(
        "explained_share_way_at_tenth",
        "at most 2% when test accuracy has covered a tenth of its way (our prediction)",
        high=0.02,
        essential=False,
    ),
)
STAYS_EXPECTED = (
    Expected("failing_test_accuracy", "the runs do not grok: below 50%", high=0.5),
    *(
        Expected(
            f"{name}_moved",
            "within a quarter of the way of a run that groks (our prediction)",
            high=STILL,
            given="failing_test_accuracy",
        )
        for name in MEASURES
    ),
)


def _deviations(learner: ComparedLearner) -> Mapping[BudgetName, tuple[str, ...]]:
    sizes = f"p = 31; {learner.fraction:.0%} of the pairs, {learner.too_small:.0%} where it is not to grok"
    return {
        "tiny": (tiny.TINY_DEVIATION,),
        "laptop": (f"{sizes}; one seed.",),
        "desktop": (f"{sizes}; 8 seeds, of which the median decides.",),
        "paper": (f"{sizes}; 8 seeds.",),
    }


def _claims(learner: ComparedLearner) -> tuple[Claim, Claim]:
    return (
        Claim(
            f"progress/first-{learner.name}",
            "our own comparison; measures by Nanda et al. 2023, Furuta et al. 2024, Doshi et al. 2024",
            f"In {learner.words} that groks x + y, restricted loss, excluded loss, FFS and IPR cover a tenth "
            "of their way from memorising to the end before test accuracy does; the explained share covers "
            "half of its way after test accuracy, by half of the step of grokking at most.",
            learner.plan_grokking,
            partial(measure_first, learner),
            FIRST_EXPECTED,
            _deviations(learner),
        ),
        Claim(
            f"progress/stays-{learner.name}",
            "our own comparison; measures by Nanda et al. 2023, Furuta et al. 2024, Doshi et al. 2024",
            f"In {learner.words} with too little data to grok x + y, no progress measure moves, after "
            "memorising, by more than a quarter of the way that it covers where the network groks.",
            learner.plan,
            partial(measure_stays, learner),
            STAYS_EXPECTED,
            _deviations(learner),
        ),
    )


CLAIMS = tuple(claim for learner in LEARNERS for claim in _claims(learner))
