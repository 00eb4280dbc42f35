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
SETTINGS = {"expression": "x + y", "p": 11, "width": 64, "fraction": 0.9}
STEPS = 600
SEEDS = (0, 1)


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
                command = f'modgrok train "x + y" --p=11 --width=64 --fraction=0.9 --seed={seed}'
                experiment = Experiment.of(**SETTINGS, seed=seed)
                run(experiment, store=store, steps=STEPS, command=f"{command} --steps={STEPS}")
        StaticCopy(folder, target, say=lambda line: None).write()


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", write_example)
    return {"parallel_read_safe": True}
