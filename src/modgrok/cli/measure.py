"""`modgrok measure`: every measure of every kept checkpoint."""

from __future__ import annotations

from ..measures import MEASURES, make_lens
from ..runs import Experiment, Store, prepare
from .cache import enable_compilation_cache
from .options import DEFAULT_RUNS, Json, Runs
from .output import say, say_json
from .runs import RunName, stored_table


def measure(run: RunName, /, *, runs: Runs = DEFAULT_RUNS, json: Json = False) -> int:
    """Measure every kept checkpoint of a run, in the basis of its task."""
    enable_compilation_cache()
    with Store(runs, read_only=True) as store:
        row = store.get(run)
        experiment = Experiment.model_validate_json(row.experiment)
        setting = prepare(experiment, stored_table(store, experiment))
        lens = make_lens(setting.basis)
        found = []
        for checkpoint in store.checkpoints(row.id):
            net = checkpoint.load()
            values = {measure.name: float(measure.function(net, lens)) for measure in MEASURES}
            found.append((checkpoint, values))
    say(f"{row.expression} mod {row.p}  ·  run {row.id}  ·  {setting.basis.name} basis of order {lens.order}")
    say("    step  " + "  ".join(f"{measure.name:>16}" for measure in MEASURES))
    for checkpoint, values in found:
        numbers = "  ".join(f"{value:>16.6g}" for value in values.values())
        say(f"{checkpoint.step:>8,}  {numbers}  {'/'.join(checkpoint.reasons)}")
    if json:
        measured = [{"step": c.step, "reasons": c.reasons, **values} for c, values in found]
        say_json({"run": row.id, "basis": setting.basis.name, "order": lens.order, "measures": measured})
    return 0
