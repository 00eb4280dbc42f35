"""The runs of many claims: each once, those that take parts of others after them.

Owns: which runs are made in which order, and the weights that go from one to the next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...runs import RunRow, Store, read_network_file
from ...runs.assets import keep
from ...runs.options import CheckpointPolicy
from ...sweeps.execution.driver import SweepCounts, is_done, run_sweep
from ...sweeps.execution.executor import Executor, Job
from ...sweeps.grid.sweep_file import Member, Sweep
from ...tasks import InputError
from .claim import BudgetName, Claim
from .plan import RunGroup

Name = tuple[str, str]
"""Claim id and group."""
WEIGHTS: tuple[CheckpointPolicy, ...] = ("final", "schedule", "observations")
"""Which weights runs keep, the fewest first: a run of several claims keeps the most that any needs."""
TOO_FEW: Mapping[CheckpointPolicy, str] = {
    "schedule": "has kept its last weights alone",
    "observations": "has not kept its weights at every observation",
}


@dataclass
class Stages:
    """The groups of claims, as far as their members are known.

    Arguments:
        groups: those of all claims.
        members: of the groups whose runs have been asked for.
        errors: run id -> why it could not be made.
        missing: group -> why its members cannot be known.
        interrupted: whether runs were stopped on request.
    """

    groups: dict[Name, RunGroup]
    members: dict[Name, tuple[Member, ...]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    missing: dict[Name, str] = field(default_factory=dict)
    interrupted: bool = False

    def trouble(self, claim: str) -> str | None:
        """Say why a claim's runs are not complete; None if they are."""
        for name, group_members in self.members.items():
            failed = [m for m in group_members if name[0] == claim and m.experiment.id in self.errors]
            if failed:
                first = failed[0].experiment.id
                more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
                return f"run {first} of {name[1]}{more}: {self.errors[first]}"
        for name, reason in self.missing.items():
            if name[0] == claim:
                return f"{name[1]}: {reason}"
        return None


def stages_of(claims: Sequence[Claim], budget: BudgetName) -> Stages:
    """Gather the groups of claims.

    Raises:
        InputError: a group needs one that its claim does not have.
    """
    groups: dict[Name, RunGroup] = {}
    for claim in claims:
        plan = claim.groups(budget)
        for name, group in plan.items():
            unknown = [needed for needed in group.needs if needed not in plan]
            if unknown:
                raise InputError(f"plan: {claim.id} must have the group {unknown[0]}, which {name} needs")
            groups[claim.id, name] = group
    return Stages(groups)


def run_stages(
    stages: Stages,
    store: Store,
    executor: Executor | None,
    *,
    command: str = "",
    workers: int,
    on_progress: Callable[[SweepCounts], None] = lambda tally: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> None:
    """Make all runs that the store lacks, stage after stage.

    Arguments:
        stages: filled in as runs end.
        store: where runs are.
        executor: runs ensembles; None runs nothing, and what the store lacks stays missing.
        command: recorded with every run.
        workers: over how many the ensembles are spread.
        on_progress: called at every event of the stage at hand.
        stop_requested: asked often; true interrupts.
    """
    while ready := _ready(stages):
        for name in ready:
            try:
                stages.members[name] = tuple(_complete(stages, store, name))
            except InputError as error:
                stages.missing[name] = str(error)
        for weights, members in _passes(stages, ready):
            if executor is not None and not stop_requested():
                _forget(store, _bare(store, members, weights))
                _, failed = run_sweep(
                    Sweep(_sweep_name(members), (), members),
                    store,
                    executor,
                    Job(store.folder, command, weights, "dense"),
                    workers=workers,
                    retry_failed=True,
                    on_progress=on_progress,
                    stop_requested=stop_requested,
                )
                stages.errors |= {member.run: str(member.error) for member in failed}
            missing = _unfinished(store, members, stages.errors)
            stages.errors |= dict.fromkeys(missing, "has not been run to its end")
            bare = [run for run in _bare(store, members, weights) if run not in stages.errors]
            stages.errors |= dict.fromkeys(bare, TOO_FEW.get(weights, ""))
        stages.interrupted = stages.interrupted or stop_requested()


def _ready(stages: Stages) -> list[Name]:
    """List the groups that can be run now."""
    settled = stages.members.keys() | stages.missing.keys()
    return [
        name
        for name, group in stages.groups.items()
        if name not in settled and all((name[0], needed) in settled for needed in group.needs)
    ]


def _passes(stages: Stages, ready: Sequence[Name]) -> Iterator[tuple[CheckpointPolicy, tuple[Member, ...]]]:
    """Part the runs of a stage by the weights that they keep: the most that any group of each asks for."""
    members = [(stages.groups[name].weights, m) for name in ready for m in stages.members.get(name, ())]
    ranks: dict[str, int] = {}
    for weights, member in members:
        run = member.experiment.id
        ranks[run] = max(ranks.get(run, 0), WEIGHTS.index(weights))
    for rank, weights in enumerate(WEIGHTS):
        members_of_pass = merged([m for _, m in members if ranks[m.experiment.id] == rank])
        if members_of_pass:
            yield weights, members_of_pass


def _bare(store: Store, members: Sequence[Member], weights: CheckpointPolicy) -> list[str]:
    """List stored runs without the weights on the way: made for claims that need fewer of them."""
    if weights == "final":
        return []
    stored = [m.experiment.id for m in members if store.find(m.experiment.id) is not None]
    every = weights == "observations"
    return [run for run in stored if _kept(store, run) < (len(store.records(run)) if every else 1)]


def _kept(store: Store, run: str) -> int:
    """Count the weights that a run kept on the way."""
    return sum("schedule" in checkpoint.reasons for checkpoint in store.checkpoints(run))


def _forget(store: Store, runs: Sequence[str]) -> None:
    """Remove runs, so that they are made again; those that another process is making stay."""
    for run in runs:
        if not store.lock(run).held():
            store.remove(run)


def merged(members: Sequence[Member]) -> tuple[Member, ...]:
    """Return every run once, followed as far as any of its members asks.

    Example:
        >>> from modgrok.runs import Experiment
        >>> experiment = Experiment.of("x + y", p=5)
        >>> [member.steps for member in merged([Member(experiment, 10), Member(experiment, 20)])]
        [20]
    """
    members_by_id: dict[str, Member] = {}
    for member in members:
        known = members_by_id.setdefault(member.experiment.id, member)
        every = [m.observe_every for m in (known, member) if m.observe_every is not None]
        members_by_id[member.experiment.id] = replace(
            known,
            steps=max(known.steps, member.steps),
            observe_every=min(every, default=None),
            early_stop=known.stops_early and member.stops_early,
        )
    return tuple(members_by_id.values())


def _complete(stages: Stages, store: Store, name: Name) -> Iterator[Member]:
    """Give the members of a group the parts that they take from other runs.

    Raises:
        InputError: the other group has no finished run of the same seed, or several.
    """
    group = stages.groups[name]
    for member in group.members():
        update: dict[str, str | bool] = {}
        for part, source in (("embedding", group.embedding_from), ("body", group.body_from)):
            if source is not None:
                if (name[0], source) not in stages.members:
                    raise InputError(f"needs {source}, which could not be run")
                sources = stages.members[name[0], source]
                update[f"{part}_digest"] = _share_weights(
                    store, sources, member.experiment.seed, stages.errors
                )
                update[f"freeze_{part}"] = True
        if update:
            learner = member.experiment.learner.model_copy(update=update)
            experiment = member.experiment.model_copy(update={"learner": learner})
            member = replace(member, experiment=experiment)
        yield member


def _share_weights(store: Store, sources: Sequence[Member], seed: int, errors: dict[str, str]) -> str:
    """Put the last weights of the run of a seed where runs look for parts; return their digest."""
    matching = [source.experiment.id for source in sources if source.experiment.seed == seed]
    if len(matching) != 1:
        raise InputError(f"parts: must come from one run of seed {seed}, got {len(matching)}")
    if matching[0] in errors:
        raise InputError(f"needs run {matching[0]}, which failed: {errors[matching[0]]}")
    checkpoints = store.checkpoints(matching[0])
    if not checkpoints:
        raise InputError(f"parts: must come from a run with checkpoints, got {matching[0]}")
    content = read_network_file(checkpoints[-1].path, checkpoints[-1].sha256)
    digest = keep(store, "network", content)
    return digest


def _unfinished(store: Store, members: Sequence[Member], errors: dict[str, str]) -> list[str]:
    rows: dict[str, RunRow | None] = {m.experiment.id: store.find(m.experiment.id) for m in members}
    return [
        member.experiment.id
        for member in members
        if member.experiment.id not in errors and not _done(store, rows[member.experiment.id], member)
    ]


def _done(store: Store, row: RunRow | None, member: Member) -> bool:
    return row is not None and is_done(store, row, member)


def _sweep_name(members: Sequence[Member]) -> str:
    """Name the list of runs by its content, so that different choices of claims may run side by side."""
    text = json.dumps(sorted(member.experiment.id for member in members))
    return f"claims-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
