"""`modgrok train`: from an expression to a grokked network."""

import shlex
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from ..learners.rfm.initial_metric import metric_digest, read_metric
from ..runs import (
    DEFAULT_STEPS,
    Experiment,
    NetworkFile,
    Progress,
    Run,
    Store,
    read_network_file,
    run,
)
from ..runs.assets import donor_digest
from ..runs.experiment import LEARNERS
from ..tasks import Task, named_task, read_table
from .cache import enable_compilation_cache
from .options import (
    DEFAULT_RUNS,
    Expression,
    Group,
    Json,
    Modulus,
    Runs,
    Table,
    whole,
)
from .outcome import summary, tell
from .output import note, say_json
from .panels import OUTPUT, RUN, TASK, learner_panel
from .progress import progress_display
from .seeds import seeded, seeds_summary, tell_seeds
from .train_options import DEFAULT_OPTIONS, Options

STEPS_IN_WORDS = ", ".join(f"{steps:,} for {name}" for name, steps in DEFAULT_STEPS.items())


def train(
    expression: Expression = None,
    /,
    *,
    p: Annotated[Modulus, Parameter(group=TASK)] = None,
    group: Annotated[Group, Parameter(group=TASK)] = None,
    table: Annotated[Table, Parameter(group=TASK)] = None,
    released: Annotated[
        bool,
        Parameter(
            group=TASK,
            negative=(),
            show_default=False,
            help="Let operands run over 0..p+4, as Furuta et al.'s released code does.",
        ),
    ] = False,
    learner: Annotated[
        str, Parameter(group=RUN, help="Model to train: " + ", ".join(name for name, _ in LEARNERS) + ".")
    ] = "mlp",
    steps: Annotated[
        int | None,
        Parameter(group=RUN, converter=whole, help=f"Maximum number of steps; default {STEPS_IN_WORDS}."),
    ] = None,
    options: Annotated[Options, Parameter(name="*")] = DEFAULT_OPTIONS,  # type: ignore[valid-type]
    seeds: Annotated[
        int,
        Parameter(group=RUN, converter=whole, help="Runs with this many consecutive seeds, from --seed on."),
    ] = 1,
    observe_every: Annotated[
        int | None,
        Parameter(
            group=RUN,
            converter=whole,
            help="Steps between observations; default dense, then logarithmic.",
        ),
    ] = None,
    early_stop: Annotated[
        bool | None,
        Parameter(group=RUN, help="Stop at 1.5 times the step of grokking; default yes but for rfm."),
    ] = None,
    metric: Annotated[
        Path | None,
        Parameter(
            group=learner_panel(["rfm"]),
            help="Initial M of rfm: a .npy file with a symmetric kp x kp matrix.",
        ),
    ] = None,
    embedding_from: Annotated[
        str | None,
        Parameter(
            group=learner_panel(["transformer"]),
            help="Take a transformer's W_E from a run, or from a .safetensors file.",
        ),
    ] = None,
    body_from: Annotated[
        str | None,
        Parameter(
            group=learner_panel(["transformer"]),
            help="Take a transformer's attention and MLP from a run or a file.",
        ),
    ] = None,
    runs: Annotated[Runs, Parameter(group=OUTPUT)] = DEFAULT_RUNS,
    json: Annotated[Json, Parameter(group=OUTPUT)] = False,
) -> int:
    """Train a network on an expression mod p, store the run, and say when it memorised and grokked.

    Several expressions, separated by semicolons, are learned at once: "x + y; x - y" (rfm, transformer).
    The same expression, modulus, seed and settings are the same run: a larger --steps continues it. Ctrl-C
    finishes the segment, saves, and prints the command that resumes.
    """
    enable_compilation_cache()
    task = read_table(table) if table is not None else None
    chosen = {name: value for name, value in asdict(options).items() if value is not None}
    matrix = None
    if metric is not None:
        named = named_task(expression, p=p, group=group, table=task).task
        matrix = read_metric(metric, sum(named.table.shape))
        chosen.update(initial="stored", initial_digest=metric_digest(matrix))
    with Store(runs) as store:
        donors: dict[str, NetworkFile] = {}
        for name, source in (("embedding_digest", embedding_from), ("body_digest", body_from)):
            if source is not None:
                content = network_of(source, store)
                chosen[name] = donor_digest(content.network)
                donors[chosen[name]] = content
        experiment = Experiment.of(
            expression, p=p, group=group, table=task, released=released, learner=learner, **chosen
        )
        results: list[Run] = []
        for member in seeded(experiment, seeds):
            result = follow(
                member,
                store,
                task,
                metric=matrix,
                donors=donors,
                steps=steps,
                observe_every=observe_every,
                early_stop=early_stop,
                ensemble=seeds,
            )
            results.append(result)
            if result.row.status == "interrupted":
                break
    if seeds == 1:
        tell(result, runs)
    else:
        tell_seeds(results, seeds, runs)
    if json:
        say_json(summary(result, runs) if seeds == 1 else seeds_summary(results, runs))
    return 1 if result.row.status == "interrupted" else 0


def network_of(source: str, store: Store) -> NetworkFile:
    """Read the last weights of a run, or those in a file.

    Raises:
        InputError: no such run or file, or the run has kept no weights.
    """
    from ..interop import kept_at  # loaded only by runs that take parts of others

    if source.endswith(".safetensors"):
        return read_network_file(Path(source))
    kept = kept_at(store.checkpoints(store.get(source).id), None)
    return read_network_file(kept.path, kept.sha256)


def follow(
    experiment: Experiment,
    store: Store,
    table: Task | None,
    *,
    metric: np.ndarray | None = None,
    donors: dict[str, NetworkFile] | None = None,
    steps: int | None,
    observe_every: int | None,
    early_stop: bool | None,
    ensemble: int = 1,
) -> Run:
    """Run an experiment under a progress display, with Ctrl-C asking it to stop."""
    known = store.find(experiment.id)
    if known is not None and known.step and not store.lock(known.id).held():
        note(f"run {known.id} is in the store at step {known.step:,}; taking it up from there")
    title = f"{experiment.name} mod {experiment.task.p or ''}".removesuffix(" mod ")
    title += f"  ·  {experiment.learner.kind}  ·  run {experiment.id}"
    with progress_display(title) as show, ctrl_c() as asked, _kept(experiment, store):
        return run(
            experiment,
            store=store,
            steps=steps,
            observe_every=observe_every,
            early_stop=early_stop,
            table=table,
            metric=metric,
            donors=donors,
            command=command_line(),
            ensemble=ensemble,
            on_observation=_warned(show),
            stop_requested=lambda: bool(asked),
        )


def _warned(show: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Say at the first iteration at which it happens that the kernel matrix is singular."""
    told: list[int] = []

    def observe(progress: Progress) -> None:
        show(progress)
        step, numbers = progress.record.step, progress.record.scalars
        if numbers.get("singular") and not told:
            told.append(step)
            note(
                f"warning: the kernel matrix of iteration {step} is singular to working precision, so the "
                "least-norm solution is taken, which is slow and may not fit the training set; "
                "a --ridge above 0 or another --kernel makes it regular"
            )

    return observe


@contextmanager
def _kept(experiment: Experiment, store: Store) -> Iterator[None]:
    """Say of a disk that is full, or gone, that what was recorded is kept."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RuntimeError(
            f"runs: cannot write to {store.folder} ({reason}); what was recorded is kept, "
            f"and modgrok runs resume {experiment.id} goes on from there"
        ) from error


def command_line() -> str:
    """The command as a reader would type it."""
    return "modgrok " + " ".join(shlex.quote(word) for word in sys.argv[1:])


@contextmanager
def ctrl_c() -> Iterator[list[int]]:
    """Collect interrupts instead of raising; a second one raises."""
    asked: list[int] = []

    def handle(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        note("finishing this segment; press Ctrl-C again to stop at once")

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, previous)
