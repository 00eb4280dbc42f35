"""What to try when a run has not grokked: one line that is true.

Owns: the choice of the line. From which fraction on a task groks is looked up in `sweeps.critical.committed`.
"""

from __future__ import annotations

from typing import Any

from ...learners.catalogue import definition_of
from ...runs import Experiment, RunRow
from ...sweeps.critical.committed import fractions_of

LARGEST_FRACTION = 0.9
"""Larger training sets leave too few inputs to test on."""
FAR_BELOW = 100
"""A rate that is so many times smaller than the default is seldom meant."""


def advice(experiment: Experiment, row: RunRow) -> str | None:
    """Say what to try so that a run groks; None if it grokked, or did not come to its end.

    Arguments:
        experiment: what was run.
        row: how it went.
    """
    if row.grokked_at is not None or row.status != "finished":
        return None
    longer = f"more steps, which continue this run (--steps {4 * row.step})"
    if row.memorised_at is None:
        unfitted = definition_of(experiment.learner).wording.unfitted(experiment.learner)
        return unfitted or rate_advice(experiment) or f"the training set is not memorised yet: try {longer}"
    known = known_fraction(experiment, row.step)
    if known is not None and experiment.fraction < known[1]:
        p, fraction = known
        return (
            f"{experiment.name} mod {p} groks from a training fraction of about {fraction:g} on: "
            f"try --fraction {fraction:g}"
        )
    if has_neither_form(experiment):
        return (
            f"{experiment.name} mod {experiment.task.p} has neither form of Hypothesis 5.1 and is predicted "
            "not to be learned (modgrok decide says why): try another expression"
        )
    if experiment.corruption > 0:
        return f"memorising redrawn labels works against grokking: try a smaller --corruption, or {longer}"
    if experiment.fraction >= LARGEST_FRACTION:
        return f"the training set is large already: try a larger --p, or {longer}"
    if experiment.folds:
        return f"the training set is memorised: try {longer}"
    larger = min(LARGEST_FRACTION, round(experiment.fraction + 0.2, 2))
    return f"the training set is memorised: try a larger one (--fraction {larger:g}), or {longer}"


def rate_advice(experiment: Experiment) -> str | None:
    """Say that a learning rate is far below the default; None if it is not, or if the learner has none.

    Example:
        >>> rate_advice(Experiment.of("x + y", p=97, lr=1e-3))
        'the learning rate 0.001 is far below the default of these settings: try --lr 1e+06'
    """
    settings = experiment.learner
    field = type(settings).model_fields.get("lr")
    if field is None:
        return None
    task, without = experiment.build_task(), settings.model_copy(update={"lr": field.default})
    rate, usual = (each.model_dump()["lr"] for each in (settings, without.resolve(task.p, task.k)))
    if rate >= usual / FAR_BELOW:
        return None
    return f"the learning rate {rate:g} is far below the default of these settings: try --lr {usual:g}"


def has_neither_form(experiment: Experiment) -> bool:
    """Say whether a task of one expression is known to have neither form of Hypothesis 5.1.

    Example:
        >>> [has_neither_form(Experiment.of(text, p=7)) for text in ("x + y", "x^2 + x*y + y^2")]
        [False, True]
    """
    from ...measures.fourier.task_basis import verdict_of_task

    task = experiment.build_task()
    if experiment.task.expression is None or not task.is_plain:
        return False
    verdict = verdict_of_task(task)
    return verdict is not None and verdict.form == "neither"


def known_fraction(experiment: Experiment, steps: int) -> tuple[int, float] | None:
    """Return p and the fraction known for it; None if there are no runs of the same learner and settings.

    The rate apart, which the runs have adapted to p. Of several estimates, the one of most seeds within the
    steps of the run; if all took more steps, the one of fewest.

    Example:
        >>> known_fraction(Experiment.of("x + y", p=31), 10_000)
        (31, 0.6)
    """
    p, expression = experiment.task.p, experiment.task.expression
    if p is None or expression is None or experiment.corruption:
        return None
    own = _apart_from_rate(experiment)
    known = []
    for entry in fractions_of(expression, p):
        if entry["place"] == "inside" and entry["learner"] == experiment.learner.kind:
            measured = Experiment.of(expression, p=p, learner=entry["learner"], **entry["settings"])
            if _apart_from_rate(measured) == own:
                known.append(entry)
    if not known:
        return None
    within = [entry for entry in known if entry["steps"] <= steps]
    chosen = max(within, key=lambda e: e["seeds"]) if within else min(known, key=lambda e: e["steps"])
    return p, chosen["high"]


def _apart_from_rate(experiment: Experiment) -> dict[str, Any]:
    return experiment.learner.model_dump(exclude={"lr"})
