"""Claims made up for the tests, and an executor without processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from modgrok.papers import Claim, ClaimResult, Evidence, Expected, RunGroup
from modgrok.reports.charts.claim_charts import Line, single, step_lines
from modgrok.runs import Store
from modgrok.sweeps.execution.ensemble import Ensemble, run_ensemble
from modgrok.sweeps.execution.executor import Event, Job
from modgrok.sweeps.execution.worker import event_of


@dataclass
class InProcess:
    """Runs ensembles one after another, in this process, and counts the runs and how often it was asked."""

    made: list[str] = field(default_factory=list)
    calls: int = 0

    def run(
        self, ensembles: Sequence[Ensemble], job: Job, stop_requested: Callable[[], bool]
    ) -> Iterator[Event | None]:
        self.calls += 1
        with Store(job.folder) as store:
            for ensemble in ensembles:
                for outcome in run_ensemble(ensemble, store, weights=job.weights):
                    self.made.append(outcome.member.experiment.id)
                    yield event_of(outcome)


SMALL = {"expression": "x + y", "p": 5, "width": 8, "steps": 20, "fraction": 0.6}


def make_claim(
    name: str,
    groups: Mapping[str, RunGroup] | None = None,
    measure: Callable[[Evidence], ClaimResult] | None = None,
    low: float | int = 0.0,
) -> Claim:
    """A claim on a tiny run: its test accuracy is at least `low`."""
    plan = {"gd": RunGroup(SMALL)} if groups is None else groups

    def accuracy(evidence: Evidence) -> ClaimResult:
        run = next(iter(evidence.groups.values()))[0]
        cell = step_lines(
            [Line("test", run.steps, run.curve("test_accuracy"))], "Test accuracy.", percent=True
        )
        return ClaimResult(
            {"test_accuracy": run.last("test_accuracy"), "steps": run.row.step},
            (single("curve", "Accuracy", "Of one run.", cell, 12),),
            [{"seed": run.experiment.seed, "note": "a|b*c"}],
        )

    return Claim(
        f"gromov2023/{name}",
        "Fig. 0",
        "A sentence with x*y.",
        lambda budget: plan,
        measure or accuracy,
        (Expected("test_accuracy", "at least some (Fig. 0)", low=low),),
        {"tiny": ("small",)},
    )
