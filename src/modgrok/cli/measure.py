"""`modgrok measure`: every measure of every kept checkpoint, or of a network in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..analytic import verify
from ..measures import MEASURES, basis_of, make_lens
from ..models import MLP
from ..runs import NetworkFile, Store, read_network_file
from ..tasks import InputError, Task
from .cache import enable_compilation_cache
from .options import DEFAULT_RUNS, Json, Runs
from .output import percent, say, say_json
from .runs import RunName


def measure(run: RunName, /, *, runs: Runs = DEFAULT_RUNS, json: Json = False) -> int:
    """Measure every kept checkpoint of a run, or the network in a .safetensors file, in its task's basis."""
    enable_compilation_cache()
    if run.endswith(".safetensors"):
        name, task, files = run, *_from_file(Path(run))
    else:
        name, task, files = _from_store(run, runs)
    basis = basis_of(task.table, task.p)
    lens = make_lens(basis)
    found: list[Place] = []
    for place, content in files:
        net = content.network
        if not isinstance(net, MLP):
            raise InputError("path: must hold one two-layer network, got experts")
        values = {measure.name: float(measure.function(net, lens)) for measure in MEASURES}
        report = verify(net, task.table, task.p)
        found.append({**place, **values, "accuracy": report.accuracy, "margin": report.margin})
    say(f"{task.name} mod {task.p}  ·  {name}  ·  {basis.name} basis of order {basis.order}")
    columns = [*(measure.name for measure in MEASURES), "margin"]
    say("    step" + "".join(f"{column:>17}" for column in columns) + "   accuracy on all inputs")
    for entry in found:
        step = "–" if entry["step"] is None else f"{entry['step']:,}"
        numbers = "".join(f"{entry[column]:>17.6g}" for column in columns)
        say(f"{step:>8}{numbers}   {percent(entry['accuracy']):>8}  {'/'.join(entry['reasons'])}")
    if json:
        say_json({"run": name, "basis": basis.name, "order": basis.order, "measures": found})
    return 0


Place = dict[str, Any]


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
