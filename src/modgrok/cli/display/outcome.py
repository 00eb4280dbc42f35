"""How a run went, in words and as the JSON object that scripts rely on."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ...display import percent
from ...learners.catalogue import definition_of
from ...runs import Run
from ...runs.outcome import phase_of_records, task_outcomes
from ...runs.splits import split_of
from ..leakage import explained_shares, leakage_of, leakage_words
from ..shared.options import DEFAULT_RUNS
from ..shared.output import say
from .advice import advice


def tell(result: Run, runs: Path) -> None:
    """Say in words how a run went."""
    row, context = result.row, result.row.context
    last, phase = result.records[-1].scalars, phase_of_records(result.records, result.experiment.corruption)
    task = f"{row.expression} mod {row.p}" if result.experiment.task.expression else row.expression
    say(f"{task}  ·  {row.learner}  ·  run {row.id}  ·  {row.status} at step {row.step:,}")
    excluded = f", {context['excluded']:,} inputs without a value left out" if context["excluded"] else ""
    say(f"  trained on {context['train']:,} of {context['inputs']:,} inputs{excluded}")
    say(f"  memorised  {_at(row.memorised_at)}   train accuracy {percent(last['train_accuracy'])}")
    say(
        f"  grokked    {_at(row.grokked_at)}   test accuracy  {percent(last['test_accuracy'])}"
        f"   (chance {percent(context['chance'])}, most frequent value {percent(context['majority'])})"
    )
    say(f"  {leakage_words(leakage_of(context))}")
    if context["zero_rows_constant"]:
        say(f"  without zero operands: test accuracy {percent(last['nonzero_accuracy'])}")
    for part in tasks_of(result):
        times = f"memorised {_at(part['memorised_at'])} grokked {_at(part['grokked_at'])}"
        accuracy = f"train {percent(part['train_accuracy'])}, test {percent(part['test_accuracy'])}"
        say(f"    {part['expression']:<18} {times} {accuracy}")
    if context["corrupted"]:
        say(
            f"  {context['corrupted']:,} training labels redrawn: "
            f"fitted {percent(last['corrupted_accuracy'])} of them, "
            f"{percent(last['clean_accuracy'])} of the clean ones"
        )
    if phase is not None:
        say(f"  phase      {phase} (Doshi et al. 2023, Table 2)")
    wording = definition_of(result.experiment.learner).wording
    findings = wording.findings(last, context, [record.scalars for record in result.records])
    if findings:
        say(f"  {findings}")
    hint = advice(result.experiment, row)
    if hint is not None:
        say(f"  advice: {hint}")
    say(f"  stored in {(Path(runs) / row.id).absolute()}")
    where = "" if runs == DEFAULT_RUNS else f" --runs {shlex.quote(str(runs))}"
    if row.status == "diverged":
        say(f"  the loss stopped being finite: {wording.advice(result.experiment.learner)}")
    if row.status == "interrupted":
        say(f"  resume: modgrok runs resume {row.id}{where}")
    say(f"  picture: modgrok report {row.id} -o report.html{where}")


def _at(step: int | None) -> str:
    return "never       " if step is None else f"at {step:<9,}"


def tasks_of(result: Run) -> list[dict[str, Any]]:
    """Return what became of each task of a mixture; nothing for a single task."""
    return task_outcomes(result.records, result.row.context.get("tasks", []))


def summary(result: Run, runs: Path) -> dict[str, Any]:
    """The JSON object of a run, as scripts rely on it."""
    row, last = result.row, result.records[-1].scalars
    headline = ("train_accuracy", "test_accuracy")
    return {
        "run": row.id,
        "path": str(Path(runs) / row.id),
        "expression": row.expression,
        "p": row.p,
        "learner": row.learner,
        "steps": row.step,
        "memorised_at": row.memorised_at,
        "grokked_at": row.grokked_at,
        **{name: last[name] for name in headline},
        "seconds": row.seconds,
        "seconds_per_step": row.seconds_per_step,
        "status": row.status,
        "measures": {name: value for name, value in last.items() if name not in headline},
        "chance": row.context["chance"],
        "majority": row.context["majority"],
        **leakage_of(row.context),
        "explained_share": explained_shares(
            result.task, split_of(result.experiment, result.task), [result.weights]
        )[0],
        "excluded": row.context["excluded"],
        "seed": result.experiment.seed,
        **({"tasks": tasks_of(result)} if "tasks" in row.context else {}),
        "advice": advice(result.experiment, row),
        "phase": phase_of_records(result.records, result.experiment.corruption),
        "settings": result.experiment.learner.model_dump(mode="json"),
    }
