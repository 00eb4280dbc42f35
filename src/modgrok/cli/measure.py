"""`modgrok measure`: every measure of every kept checkpoint, or of the network in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..algebra import Basis
from ..analytic import verify
from ..learners.rfm_structure import structure_of
from ..measures import MEASURES, basis_of, make_lens
from ..measures.alignment import agop_alignment
from ..measures.metric_measure import METRIC_MEASURES
from ..models import MLP
from ..models.kernel_machine import KernelMachine
from ..runs import NetworkFile, Store, read_network_file
from ..tasks import InputError, Task
from .cache import enable_compilation_cache
from .options import DEFAULT_RUNS, Json, Runs
from .output import percent, say, say_json
from .runs import RunName

Place = dict[str, Any]


def measure(run: RunName, /, *, runs: Runs = DEFAULT_RUNS, json: Json = False) -> int:
    """Measure every kept checkpoint of a run, or the network in a .safetensors file, in its task's basis."""
    import jax

    enable_compilation_cache()
    if run.endswith(".safetensors"):
        name, task, files = run, *_from_file(Path(run))
    else:
        name, task, files = _from_store(run, runs)
    basis = basis_of(task.table, task.p)
    with jax.enable_x64(isinstance(files[-1][1].network, KernelMachine)):
        found = [{**place, **_values(content, task, basis, files[-1][1])} for place, content in files]
    say(f"{task.name} mod {task.p}  ·  {name}  ·  {basis.name} basis of order {basis.order}")
    columns = [column for column in found[-1] if column not in ("step", "reasons", "accuracy")]
    say("    step" + "".join(f"{column:>26}" for column in columns) + "   accuracy on all inputs")
    for entry in found:
        step = "–" if entry["step"] is None else f"{entry['step']:,}"
        numbers = "".join(f"{entry[column]:>26.6g}" for column in columns)
        say(f"{step:>8}{numbers}   {percent(entry['accuracy']):>8}  {'/'.join(entry['reasons'])}")
    say(f"chance: 1/p {percent(1 / task.p)}, most frequent value {percent(task.majority_share)}")
    if json:
        say_json({"run": name, "basis": basis.name, "order": basis.order, "measures": found})
    return 0


def _values(content: NetworkFile, task: Task, basis: Basis, last: NetworkFile) -> dict[str, float]:
    """Return every measure of one network, and its accuracy and margin over all inputs."""
    net = content.network
    if isinstance(net, MLP):
        lens = make_lens(basis)
        values = {measure.name: float(measure.function(net, lens)) for measure in MEASURES}
    elif isinstance(net, KernelMachine):
        assert isinstance(last.network, KernelMachine)
        structure = structure_of(basis)
        values = {m.name: float(m.function(net.metric, structure)) for m in METRIC_MEASURES}
        values["alignment_with_last"] = float(agop_alignment(net.metric, last.network.metric))
    else:
        raise InputError("path: must hold one two-layer network or kernel machine, got experts")
    report = verify(net, task.table, task.p)
    return {**values, "margin": report.margin, "accuracy": report.accuracy}


def _from_store(run: str, runs: Path) -> tuple[str, Task, list[tuple[Place, NetworkFile]]]:
    with Store(runs, read_only=True) as store:
        row = store.get(run)
        files = [
            ({"step": kept.step, "reasons": kept.reasons}, read_network_file(kept.path, kept.sha256))
            for kept in store.checkpoints(row.id)
        ]
    if not files:
        raise InputError(f"run: must have kept weights, got none in {row.id}")
    return row.id, files[-1][1].task(), files


def _from_file(path: Path) -> tuple[Task, list[tuple[Place, NetworkFile]]]:
    content = read_network_file(path)
    place = {"step": content.notes.get("step"), "reasons": [content.notes.get("construction", "file")]}
    return content.task(), [(place, content)]
