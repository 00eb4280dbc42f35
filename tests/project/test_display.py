"""How values show themselves: one readable line at a prompt, escaped tables and progress in a notebook."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import modgrok
from modgrok.decide import decide_table
from modgrok.display import line, table
from modgrok.models import Block, KernelMachine, Transformer
from modgrok.models.kernels import Quadratic
from modgrok.tasks import split_task

EXPERIMENT = modgrok.Experiment.of("x + y", p=5, fraction=0.6, width=8)


@pytest.fixture(scope="module")
def trained() -> modgrok.Run:
    return modgrok.run(EXPERIMENT, steps=3)


def values(trained: modgrok.Run) -> dict[str, Any]:
    """One value of every kind that shows itself, by the beginning of its line."""
    task = modgrok.task_from_expression("x + y", 5)
    verdict = decide_table(task.table, 5)
    qkv = (jnp.ones((4, 8, 2)),) * 3
    mlp = jnp.ones((8, 32))
    block = Block(*qkv, jnp.ones((4, 2, 8)), mlp, mlp.T)
    transformer = Transformer(jnp.ones((6, 8)), None, (block,), None, jnp.ones((8, 5)), None)
    machine = KernelMachine(Quadratic(), jnp.eye(10), jnp.ones((12, 5)), jnp.zeros((12, 2), int), (5, 5))
    return {
        "Run(name='x + y', p=5, learner='mlp', id=": trained,
        "Experiment(name='x + y', p=5, learner='mlp', fraction=0.6, seed=0, id=": EXPERIMENT,
        "Task(name='x + y', p=5, operands=('x', 'y'), inputs=25)": task,
        "Split(train=12, test=13, corrupted=0)": split_task(task, 0.5, np.random.PCG64(0)),
        "Verdict(p=5, form='additive', certificate=": verdict,
        "Witness(form='additive', p=5, k=2)": verdict.witness,
        "MLP(k=2, p=5, width=8, classes=5, activation='power2', input_scale=0.3162,": trained.weights,
        "Transformer(k=2, classes=5, layers=1, heads=4, d_model=8, d_mlp=32,": transformer,
        "KernelMachine(kernel='Quadratic', sizes=(5, 5), n=12, classes=5)": machine,
        "Experts(k=2, p=5, products=2, classes=5, beta=100)": modgrok.analytic.experts(
            5, [(2, (1, 1)), (3, (2, 0))]
        ),
    }


def test_every_value_is_one_line_and_one_table(trained: modgrok.Run) -> None:
    for start, value in values(trained).items():
        assert repr(value).startswith(start)
        assert str(value) == repr(value)
        assert "\n" not in repr(value)
        assert len(repr(value)) < 400
        assert value._repr_html_().startswith(f"<table><caption>{type(value).__name__}</caption>")


def test_networks_without_arrays_are_printable(trained: modgrok.Run) -> None:
    assert repr(jax.tree.map(lambda leaf: None, trained.weights)).startswith("MLP(")
    assert repr(eqx.filter_eval_shape(lambda net: net, trained.weights)) == repr(trained.weights)


def test_what_a_value_holds_is_escaped() -> None:
    task = modgrok.Task("<script>\x1b[31m", 2, ("x",), np.arange(2))
    assert "&lt;script&gt;\\x1b[31m" in task._repr_html_()
    assert "\x1b" not in repr(task)
    assert len(line("Task", {"name": "x" * 10_000})) < 120
    assert len(table("Task", {"name": "x" * 10_000})) < 2_200


def test_a_run_draws_its_accuracies(trained: modgrok.Run) -> None:
    html = trained._repr_html_()
    assert html.count("<polyline") == 2
    assert "nan" not in html


def test_dir_shows_the_public_names_and_nothing_else() -> None:
    code = "import sys, modgrok; print(dir(modgrok) == sorted(modgrok.__all__), 'jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
    assert {"Experiment", "run", "Store", "parse", "decide", "measures"} <= set(dir(modgrok))
    assert dir(modgrok.runs) == sorted(modgrok.runs.__all__)


class Notebook:
    """IPython as `sys.modules` has it in a kernel: what was shown first, and what replaced it."""

    def __init__(self, **shell: Any) -> None:
        self.shown: list[Any] = []
        self.updates: list[Any] = []
        self.shell = SimpleNamespace(**shell)
        self.display = SimpleNamespace(display=self.show)

    def get_ipython(self) -> Any:
        return self.shell

    def show(self, value: Any, display_id: bool) -> Any:
        assert display_id
        self.shown.append(value)
        return SimpleNamespace(update=self.updates.append)


def test_a_notebook_shows_progress_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    modgrok.run(EXPERIMENT, steps=3)
    (first,) = notebook.shown
    assert "<th>step</th><td>0</td>" in first._repr_html_()
    last = notebook.updates[-1]._repr_html_()
    assert "<th>step</th><td>3</td>" in last
    assert '<progress value="3" max="3">' in last
    assert len(notebook.updates) <= 3
    modgrok.run(EXPERIMENT, steps=3, on_observation=lambda progress: None)
    assert len(notebook.shown) == 1


def test_a_prompt_shows_no_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = Notebook()  # IPython in a terminal has no kernel
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    modgrok.run(EXPERIMENT, steps=3)
    assert not notebook.shown
    assert capsys.readouterr() == ("", "")
