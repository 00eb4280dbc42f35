"""The pages of a small store, as `modgrok ui --export` writes them, beside the site's own pages.

Two short runs are trained as the site is built, so that the pages are always those of the present code.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = "example-store"
"""In the site; the index links to it."""
EXPRESSION = "x + y"
SETTINGS = {
    "p": 13,
    "width": 128,
    "fraction": 0.8,
    "optimiser": "adamw",
    "parametrisation": "doshi",
    "lr": 0.01,
    "weight_decay": 5.0,
}
STEPS = 300
SEEDS = (0, 1)
MOST_STEPS = 5
"""Checkpoints of each run, unless `example_checkpoints` says otherwise: each takes a second of the build."""


def write_example(app: Sphinx, failure: Exception | None) -> None:
    """Write the copy once; a site that is built again keeps it."""
    target = Path(app.outdir) / FOLDER
    if failure is not None or app.builder.format != "html" or target.exists():
        return
    from modgrok.runs import Experiment, Store, run
    from modgrok.web.static_copy import StaticCopy

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "runs"
        with Store(folder) as store:
            for seed in SEEDS:
                settings = {**SETTINGS, "seed": seed}
                options = {
                    name.replace("_", "-"): value for name, value in {**settings, "steps": STEPS}.items()
                }
                words = " ".join(f"--{name}={value}" for name, value in options.items())
                experiment = Experiment.of(EXPRESSION, **settings)
                run(experiment, store=store, steps=STEPS, command=f'modgrok train "{EXPRESSION}" {words}')
        StaticCopy(folder, target, say=lambda line: None, most_steps=app.config.example_checkpoints).write()


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("example_checkpoints", MOST_STEPS, "html", int)
    app.connect("build-finished", write_example)
    return {"parallel_read_safe": True}
