"""Make the fixture of stores that earlier versions wrote: a store, its exports, and what follows from them.

Run by the version whose store is to be kept, with the environment of `FLAGS`, in this folder:

    env JAX_PLATFORMS=cpu ... python make_old_store.py v0.1.0

The committed folder `v0.1.0` was written so by commit da7e0ba. It is not to be made anew by later code.

    experiments.json     run ids of various experiments, with their options and their stored JSON
    files.zip            all that follows
      store/             runs of every learner, one interrupted, and a sweep
      exports/           <run>.csv and <run>.safetensors of every run; sweep/ as CSV
      continued/         last weights after the same version has resumed a copy of the store
      expected.json      names of the runs; what the version listed, showed, measured and resumed; its machine
      small.toml, table.npy, metric.npy     what the runs were made of
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

SWEEP = """\
name = "small"
[base]
expression = "x + y"
p = 5
width = 8
steps = 12
early_stop = false
[axes]
fraction = [0.5, 0.7]
seed = [0, 1]
"""
SMALL = ("--p", "7", "--fraction", "0.6")
WIDE = ("--width", "12", "--no-early-stop", "--steps", "20")
CIRCUIT = ("--learner", "transformer", "--d-model", "8", "--heads", "2", "--d-mlp", "12", "--no-early-stop")
MACHINE = ("--learner", "rfm", "--p", "5", "--fraction", "0.6", "--steps", "2")
FLAGS = {
    "JAX_PLATFORMS": "cpu",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "JAX_ENABLE_COMPILATION_CACHE": "false",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_use_fusion_emitters=false",
}
"""Of the processes that make the fixture and that compare bits with it."""
RUNS: dict[str, tuple[str, ...]] = {
    "mlp": ("x + y", *SMALL, *WIDE),
    "corrupted": ("x*y", *SMALL, *WIDE, "--corruption", "0.2", "--parametrisation", "doshi"),
    "batches": (
        *("x^2 + y", *SMALL, *WIDE, "--optimiser", "adamw", "--batch-size", "8", "--dropout", "0.2"),
        *("--grokfast", "0.5", "--loss", "cross_entropy", "--inputs", "random-circulant"),
    ),
    "table": ("--table", "table.npy", "--fraction", "0.6", *WIDE),
    "group": ("--group", "S3", "--fraction", "0.6", *WIDE, "--optimiser", "muon", "--activation", "gelu"),
    "rfm": ("x + y", *MACHINE, "--kernel", "gaussian", "--enforce-every", "2"),
    "metric": ("x + y", *MACHINE, "--metric", "metric.npy"),
    "rfm_mixture": ("x + y; x - y", *MACHINE, "--ridge", "0.01"),
    "transformer": ("x + y", "--p", "5", "--fraction", "0.6", *CIRCUIT, "--steps", "12"),
    "embedding": (
        *("x - y", "--p", "5", "--fraction", "0.6", *CIRCUIT, "--steps", "12", "--embedding-from"),
        "{transformer}",
    ),
    "mixture": (
        *("x + y; x*y", "--p", "5", "--fraction", "0.6", *CIRCUIT, "--steps", "12"),
        *("--layer-norm", "--biases", "all", "--positional-embedding", "--layout", "infix-equals"),
    ),
}
"""Name -> arguments of `modgrok train`; {name} is the id of an earlier run."""
INTERRUPTED: dict[str, Any] = {"expression": "x + 2y", "p": 7, "fraction": 0.6, "width": 12, "seed": 3}
FURTHER = {"rfm": 4, "mlp": 40, "transformer": 24}
"""Learner -> steps to which its runs are resumed."""
EXPERIMENTS: list[dict[str, Any]] = [
    {"expression": "x + y", "p": 97},
    {"expression": "y + x", "p": 97, "lr": 2e6},
    {"expression": "x + y", "p": 97, "seed": 5, "fraction": 0.3},
    {"expression": "x + y", "p": 31, "symmetric": True},
    {"expression": "x*y", "p": 31, "corruption": 0.25},
    {"expression": "x^2 + x*y + y^2", "p": 31, "width": 100},
    {"expression": "x + y + z", "p": 11},
    {"expression": "x/y", "p": 31, "parametrisation": "doshi"},
    {"expression": "x/y if y odd else x - y", "p": 31},
    {"expression": "x + y", "p": 31, "activation": "relu"},
    {"expression": "x + y", "p": 31, "activation": "power3", "loss": "stablemax"},
    {"expression": "x + y", "p": 31, "loss": "cross_entropy", "optimiser": "adamw", "weight_decay": 1.0},
    {"expression": "x + y", "p": 31, "optimiser": "adam", "beta1": 0.8, "beta2": 0.99},
    {"expression": "x + y", "p": 31, "optimiser": "momentum", "momentum": 0.5},
    {"expression": "x + y", "p": 31, "optimiser": "muon"},
    {"expression": "x + y", "p": 31, "batch_size": 64, "dropout": 0.1},
    {"expression": "x + y", "p": 31, "grokfast": 2.0, "grokfast_decay": 0.9},
    {"expression": "x + y", "p": 31, "agop_weight": 0.001},
    {"expression": "x + y", "p": 31, "inputs": "random-circulant"},
    {"expression": "x + y", "p": 31, "orthogonal_gradient": True, "init_scale": 2.0},
    {"group": "S3"},
    {"group": "D5", "width": 64},
    {"expression": "x + y", "p": 31, "learner": "rfm"},
    {"expression": "x + y", "p": 31, "learner": "rfm", "kernel": "gaussian", "bandwidth": 1.0},
    {"expression": "x + y", "p": 31, "learner": "rfm", "kernel": "gaussian", "convention": "paper"},
    {"expression": "x + y", "p": 31, "learner": "rfm", "kernel": "laplace"},
    {"expression": "x + y", "p": 31, "learner": "rfm", "kernel": "general-quadratic", "ridge": 0.1},
    {"expression": "x + y", "p": 31, "learner": "rfm", "kernel": "ntk", "depth": 3},
    {"expression": "x*y", "p": 31, "learner": "rfm", "agop_power": 1.0, "centred": False},
    {"expression": "x*y", "p": 31, "learner": "rfm", "initial": "random-circulant", "enforce_every": 5},
    {"expression": "x*y", "p": 31, "learner": "rfm", "initial": "stored", "initial_digest": "0123abcd" * 8},
    {"expression": "x + y; x - y", "p": 31, "learner": "rfm", "task_bit": False},
    {"expression": "x + y", "p": 97, "learner": "transformer"},
    {"expression": "x + y", "p": 31, "learner": "transformer", "released": True},
    {"expression": "x + y; x*y; x^2 - y", "p": 31, "learner": "transformer"},
    {"expression": "x + y", "p": 31, "learner": "transformer", "layers": 2, "heads": 2, "d_head": 16},
    {"expression": "x + y", "p": 31, "learner": "transformer", "d_model": 64, "d_mlp": 128},
    {"expression": "x + y", "p": 31, "learner": "transformer", "biases": "all", "layer_norm": True},
    {"expression": "x + y", "p": 31, "learner": "transformer", "layout": "equals", "forward": "plain"},
    {"expression": "x + y", "p": 31, "learner": "transformer", "initialisation": "nanda2023"},
    {"expression": "x + y", "p": 31, "learner": "transformer", "loss": "log_softmax_float64"},
    {"expression": "x + y", "p": 31, "learner": "transformer", "freeze_embedding": True, "lr": 0.003},
    {"expression": "x + y", "p": 31, "learner": "transformer", "embedding_digest": "0123abcd" * 8},
    {"expression": "x + y", "p": 31, "learner": "transformer", "body_digest": "fedc4567" * 8},
]


def command(*arguments: str) -> Any:
    """Call a command in this process; return the JSON object that it prints last."""
    from modgrok.cli import main

    sys.argv = ["modgrok", *arguments]
    out = io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(io.StringIO()) as messages,
        contextlib.suppress(SystemExit),
    ):
        main([*arguments, "--json"])
    assert out.getvalue(), (arguments, messages.getvalue())
    return json.loads(out.getvalue().strip().splitlines()[-1])


def machine() -> dict[str, str]:
    """Describe what the last bits of a computation depend on: versions, device, flags and a probe.

    The probe is the SHA-256 of small products, sums, a factorisation and a gradient, so that two machines
    with one probe round alike. It calls nothing of modgrok: a fault there cannot change it.
    """
    import jax

    return {
        "jax": jax.__version__,
        "device": str(jax.devices()[0].device_kind),
        "flags": f"{os.environ.get('XLA_FLAGS', '')} {jax.config.read('jax_disable_most_optimizations')}",
        "probe": _probe(),
    }


def _probe() -> str:
    import jax
    import jax.numpy as jnp

    def network(weights: Any, inputs: Any) -> Any:
        hidden = jnp.tanh(inputs @ weights[0]) ** 2
        logits = jax.nn.log_softmax(hidden @ weights[1])
        return -jnp.mean(logits[:, 1]) + jnp.sum(jnp.exp(logits).mean(axis=0) ** 2)

    digest = hashlib.sha256()
    random = np.random.default_rng(0)
    for size in (8, 12, 25, 29):
        a, b = random.normal(size=(size, 14)), random.normal(size=(14, size))
        with jax.enable_x64(True):
            gram = jax.jit(lambda m: jnp.exp(-((m @ m.T) ** 2)) + 3 * jnp.eye(len(m)))(a)
            parts = [jnp.linalg.cholesky(gram), *jnp.linalg.eigh(gram), jnp.linalg.solve(gram, a)]
        single = [jnp.asarray(m, jnp.float32) for m in (b, a)]
        parts += jax.jit(jax.grad(network))(single, single[1])
        for part in parts:
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def shown(run: str, store: Path) -> dict[str, Any]:
    """Read one run as `runs show` prints it, without times of the clock and absolute paths."""
    (result,) = command("runs", "show", run, "--runs", str(store))["runs"]
    assert isinstance(result, dict)
    for entry in result["checkpoints"]:
        entry["path"] = Path(entry["path"]).name
    return result


def identities() -> list[dict[str, Any]]:
    """Return options, id and stored JSON of the experiments."""
    from modgrok.runs import Experiment

    known = [(options, Experiment.of(**options)) for options in EXPERIMENTS]
    return [{"id": outcome.id, "options": o, "stored": outcome.canonical_json()} for o, outcome in known]


def resume(run: str, learner: str, store: Path, weights: Path) -> dict[str, Any]:
    """Resume a run to the steps of its learner; write its last weights to a folder, return it as shown."""
    command("runs", "resume", run, "--steps", str(FURTHER[learner]), "--runs", str(store))
    output = str(weights / f"{run}.safetensors")
    command("export", run, "--format", "safetensors", "-o", output, "--runs", str(store))
    return shown(run, store)


def resume_all(store: Path, weights: Path) -> None:
    """Resume every run of a store in a process of its own; print them and the machine as JSON."""
    (stored_entries,) = command("runs", "list", "--runs", str(store)).values()
    resumed = {entry["id"]: resume(entry["id"], entry["learner"], store, weights) for entry in stored_entries}
    sys.stdout.write(json.dumps({"machine": machine(), "resumed": resumed}))


def make(folder: Path) -> None:
    """Write the whole fixture."""
    import modgrok.runs as runs

    folder.mkdir()
    os.chdir(folder)
    store, copy = Path("store"), Path("copy")
    random = np.random.default_rng(1)
    np.save("table.npy", random.permutation(25).reshape(5, 5) % 5)
    symmetric = np.eye(10) + 0.1 * np.ones((10, 10))
    np.save("metric.npy", symmetric)
    ids: dict[str, str] = {}
    for name, arguments in RUNS.items():
        outcome = command("train", *(a.format(**ids) for a in arguments), "--runs", str(store))
        ids[name] = outcome["run"]
    with runs.Store(store) as opened:
        line = "modgrok train 'x + 2y' --p 7 --fraction 0.6 --width 12 --seed 3 --steps 30"
        experiment = runs.Experiment.of(**INTERRUPTED)
        runs.run(experiment, store=opened, steps=30, command=line, stop_requested=lambda: True)
        ids["interrupted"] = experiment.id
    Path("small.toml").write_text(SWEEP)
    command("sweep", "small.toml", "--workers", "1", "--runs", str(store))
    stored_entries = command("runs", "list", "--runs", str(store))["runs"]
    swept = [
        entry["id"] for entry in command("runs", "list", "--sweep", "small", "--runs", str(store))["runs"]
    ]
    ids |= {f"sweep-{i}": run for i, run in enumerate(swept)}

    exports, continued = Path("exports"), Path("continued")
    exports.mkdir()
    continued.mkdir()
    for run in ids.values():
        for suffix in ("csv", "safetensors"):
            output = str(exports / f"{run}.{suffix}")
            command("export", run, "--format", suffix, "-o", output, "--runs", str(store))
    command("export", "small", "--format", "csv", "-o", str(exports / "sweep"), "--runs", str(store))
    measured = {run: command("measure", run, "--runs", str(store))["measures"] for run in ids.values()}

    shutil.copytree(store, copy)
    learners = {entry["id"]: entry["learner"] for entry in stored_entries}
    resumed = {run: resume(run, learners[run], copy, continued) for run in ids.values()}
    shutil.rmtree(copy)
    expected = {
        "machine": machine(),
        "runs": ids,
        "listed": stored_entries,
        "shown": {run: shown(run, store) for run in ids.values()},
        "measured": measured,
        "resumed": resumed,
    }
    _write("expected.json", expected)
    _write("experiments.json", identities())
    with zipfile.ZipFile("files.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in Path().rglob("*") if path.is_file()):
            if path.suffix != ".zip" and path.name != "experiments.json":
                archive.write(path)
                path.unlink()
    for top in (store, exports, continued):
        shutil.rmtree(top)


def _write(name: str, content: Any) -> None:
    """Write JSON, an entry of a list a line where that is short."""
    Path(name).write_text(json.dumps(content, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
