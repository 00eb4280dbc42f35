"""`modgrok train`: from an expression to a grokked network."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..learners.catalogue import LEARNERS
from ..learners.rfm.initial_feature_matrix import read_feature_matrix
from ..runs import (
    Experiment,
    NetworkFile,
    Run,
    RunOptions,
    Store,
    read_network_file,
)
from ..runs.spelling import current_names
from ..tasks import named_task, read_table
from .display.advice import rate_advice
from .display.outcome import summary, tell
from .display.seeds import print_seeds, seeded, seeds_summary
from .session import follow
from .shared.computing import prepare_to_compute
from .shared.options import DEFAULT_RUNS, Expression, Group, Json, Modulus, Runs, Table, whole
from .shared.output import note, say_json
from .shared.panels import OUTPUT, RUN, TASK, learner_panel
from .shared.train_options import DEFAULT_OPTIONS, NO_FORMER_OPTIONS, FormerOptions, Options

STEPS_IN_WORDS = ", ".join(f"{known.default_steps:,} for {known.name}" for known in LEARNERS)


def train(
    expression: Expression = None,
    /,
    *,
    p: Annotated[Modulus, Parameter(group=TASK)] = None,
    group: Annotated[Group, Parameter(group=TASK)] = None,
    table: Annotated[Table, Parameter(group=TASK)] = None,
    extended_domain: Annotated[
        bool,
        Parameter(
            group=TASK,
            negative=(),
            show_default=False,
            help="Let operands run over 0..p+4, as Furuta et al.'s released code does.",
        ),
    ] = False,
    learner: Annotated[
        str, Parameter(group=RUN, help="Model to train: " + ", ".join(LEARNERS.names) + ".")
    ] = "mlp",
    steps: Annotated[
        int | None,
        Parameter(group=RUN, converter=whole, help=f"Maximum number of steps; default {STEPS_IN_WORDS}."),
    ] = None,
    options: Annotated[Options, Parameter(name="*")] = DEFAULT_OPTIONS,  # type: ignore[valid-type]
    former: Annotated[FormerOptions, Parameter(name="*")] = NO_FORMER_OPTIONS,
    seeds: Annotated[
        int,
        Parameter(group=RUN, converter=whole, help="Number of runs, with consecutive seeds from --seed on."),
    ] = 1,
    observe_every: Annotated[
        int | None,
        Parameter(
            group=RUN,
            converter=whole,
            help="Number of steps between observations; by default these take about a tenth of the time.",
        ),
    ] = None,
    early_stop: Annotated[
        bool | None,
        Parameter(
            group=RUN,
            help="Stop at 1.5 times the step at which test accuracy reached 99%, if it has stayed there "
            "since; default yes, except for rfm.",
        ),
    ] = None,
    feature_matrix: Annotated[
        Path | None,
        Parameter(
            group=learner_panel(["rfm"]),
            help="Initial feature matrix M of rfm: a .npy file with a symmetric kp x kp matrix.",
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
    The same expression, modulus, seed and settings are the same run: a larger --steps continues it. After
    Ctrl-C, training goes on to the next observation, saves the run and prints the command that resumes it.
    """
    prepare_to_compute()
    task = read_table(table) if table is not None else None
    own = {"extended_domain": extended_domain or None, "feature_matrix": feature_matrix}
    every = {**own, **asdict(former), **asdict(options)}
    chosen = current_names({name: value for name, value in every.items() if value is not None}, own)
    if "feature_matrix" in chosen:
        named = named_task(expression, p=p, group=group, table=task).task
        chosen.update(feature_matrix=read_feature_matrix(chosen["feature_matrix"], sum(named.table.shape)))
    for name, source in (("embedding_from", embedding_from), ("body_from", body_from)):
        if source is not None:
            chosen[name] = network_of(source, runs)
    experiment = Experiment.of(expression, p=p, group=group, table=task, learner=learner, **chosen)
    slow = rate_advice(experiment)
    if slow is not None:
        note(slow)
    members, results = seeded(experiment, seeds), list[Run]()
    length = RunOptions(steps, observe_every, early_stop, ensemble=seeds)
    with Store(runs) as store:
        for member in members:
            result = follow(member, store, length)
            results.append(result)
            if result.row.status == "interrupted":
                break
    if seeds == 1:
        tell(result, runs)
    else:
        print_seeds(results, seeds, runs)
    if json:
        say_json(summary(result, runs) if seeds == 1 else seeds_summary(results, runs))
    return 1 if result.row.status == "interrupted" else 0


def network_of(source: str, runs: Path) -> NetworkFile:
    """Read the last weights of a run, or those in a file.

    Raises:
        InputError: no such run or file, or the run has kept no weights.
    """
    from ..interop import checkpoint_at  # loaded only by runs that take parts of others

    if source.endswith(".safetensors"):
        return read_network_file(Path(source))
    with Store(runs, read_only=True) as store:
        checkpoint = checkpoint_at(store.checkpoints(store.get(source).id), None)
    return read_network_file(checkpoint.path, checkpoint.sha256)
