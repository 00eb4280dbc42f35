"""Reports of recursive feature machines: numbers are the store's, matrices in the right order, any shape."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.algebra import natural_basis
from modgrok.measures import basis_of
from modgrok.measures.features.alignment import agop_alignment
from modgrok.measures.features.matrix_measures import MATRIX_MEASURES
from modgrok.models import MLP
from modgrok.models.kernel_machine import KernelMachine
from modgrok.reports import SUFFIXES, Report, run_report, write, write_comparison, write_report
from modgrok.reports.charts.chart import Panel
from modgrok.reports.learners.rfm import draw
from modgrok.reports.panels.feature_matrix_maps import feature_matrix_maps, limit_of
from modgrok.reports.panels.hidden_progress import spectra
from modgrok.reports.stored_run import StoredRun
from modgrok.reports.views.kernel_machine_view import FeatureMatrixView, machine_stages, transition
from modgrok.reports.views.tables import Stage
from modgrok.reports.words import outcome
from modgrok.runs import Experiment, Record, RunRow, Store
from modgrok.tasks import InputError, task_from_expression

RECORDED = {
    "accuracy": ["train_accuracy", "test_accuracy"],
    "deviation": ["circulant_deviation"],
    "share": ["structure_share"],
    "rank": ["effective_rank"],
    "condition": ["condition"],
    "loss": ["test_loss"],
}


def rows_in(panel: Panel) -> list[dict[str, float]]:
    """List every row of data in a panel's charts."""
    specs = [cell.spec(400) for group in panel.groups for cell in group.cells]
    return [row for spec in specs for rows in spec["datasets"].values() for row in rows]


def panels_of(report: Report) -> dict[str, Panel]:
    return {panel.key: panel for panel in report.panels}


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "suffix",
    [s if s == ".svg" else pytest.param(s, marks=pytest.mark.long) for s in SUFFIXES],
)
def test_every_format(
    suffix: str, store: Store, machine: RunRow, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_report(store, machine.id, tmp_path / f"out{suffix}")
    head = {".html": b"<!doctype", ".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF"}[suffix]
    content = path.read_bytes()
    assert content.startswith(head)
    assert suffix != ".svg" or b"NaN" not in content
    assert "WARN" not in capfd.readouterr().err


@pytest.mark.long
def test_three_operands(store: Store, machine_of_three: RunRow, tmp_path: Path) -> None:
    text = write_report(store, machine_of_three.id, tmp_path / "out.html").read_text()
    assert f"Run {machine_of_three.id}: 2 iterations" in text
    assert "Gaussian kernel of bandwidth 2.5" in text
    assert "ridge 0.001" in text


def test_a_structured_start_is_drawn(store: Store, machine: RunRow) -> None:
    records = store.records(machine.id)
    records[0] = replace(records[0], scalars={**records[0].scalars, "circulant_deviation": 0.25})
    task = task_from_expression("x*y", 11)
    basis = basis_of(task.table, 11)
    panels, _ = draw(StoredRun(machine, Experiment.from_json(machine.experiment), records, [], task, basis))
    rows = rows_in({panel.key: panel for panel in panels}["deviation"])
    assert {0: 0.25}.items() <= {
        r["step"]: r["value"] for r in rows if r.get("name") == "circulant_deviation"
    }.items()


def test_curves_have_the_numbers_of_the_store(store: Store, machine: RunRow) -> None:
    panels = panels_of(run_report(store, machine.id, Path("a.png")))
    for key, names in RECORDED.items():
        rows = rows_in(panels[key])
        for name in names:
            points = {
                r["step"]: r["value"]
                for r in rows
                if r.get("name") == name and "own" not in r and "label" not in r
            }
            stored = {r.step: r.scalars[name] for r in store.records(machine.id)}
            if key in ("deviation", "share"):
                assert stored.pop(0) == MATRIX_MEASURES[0 if key == "deviation" else 2].closed_form_value(31)
            assert points == stored, (key, name)
    own = {r["step"]: r["own"] for r in rows_in(panels["alignment"]) if "own" in r}
    assert own == {r.step: r.scalars["test_accuracy"] for r in store.records(machine.id)}


def test_alignment_is_the_measure_of_the_kept_matrices(store: Store, machine: RunRow) -> None:
    panel = panels_of(run_report(store, machine.id, Path("a.png")))["alignment"]
    points = {
        r["step"]: r["value"] for r in rows_in(panel) if r.get("name") == "alignment" and "label" not in r
    }
    checkpoint_list = store.checkpoints(machine.id)
    assert list(points) == [c.step for c in checkpoint_list] == list(range(13))
    with jax.enable_x64(True):
        matrices = [c.load().feature_matrix for c in checkpoint_list]
        alignments = [float(agop_alignment(m, matrices[-1])) for m in matrices]
    np.testing.assert_allclose(list(points.values()), alignments, rtol=1e-14)
    assert points[12] == pytest.approx(1)


def test_products_are_drawn_in_both_orders(store: Store, machine: RunRow) -> None:
    report = run_report(store, machine.id, Path("a.png"))
    panels = panels_of(report)
    assert "discrete logarithms" in panels["feature_matrix"].title
    assert [len(group.cells) for group in panels["block"].groups] == [2, 2, 2]
    steps = [
        int(re.findall(r"iteration ([\d,]+)", group.label.lower())[0])
        for group in panels["feature_matrix"].groups
    ]
    assert steps == [1, transition(store.records(machine.id)), 12]
    facts = dict(report.facts)
    assert facts["Kernel machine"].startswith("quadratic kernel, ridge 0, M = AGOP^0.5 of centred gradients")
    assert "after 12 iterations" in report.title
    assert "At the end (iteration 12)" in report.summary
    grokked = outcome(replace(machine, memorised_at=0, grokked_at=9), {})
    assert grokked == "a recursive feature machine learns it by grokking"
    json.dumps([cell.spec(300) for panel in report.panels for g in panel.groups for cell in g.cells])


def test_reordered_block_of_a_product_is_toeplitz() -> None:
    p = 7
    basis = basis_of(task_from_expression("x*y", p).table, p)
    logs = basis.operands[0]
    feature_matrix = np.diag(np.full(2 * p, 100.0))
    for y in range(1, p):
        for x in range(1, p):
            feature_matrix[p + y, x] = feature_matrix[x, p + y] = np.cos(
                (logs[y] - logs[x]) * 2 * np.pi / (p - 1)
            )
    feature_matrix[p, 0] = feature_matrix[0, p] = -5.0
    view = FeatureMatrixView(Stage("Iteration 1", 1), feature_matrix, (p, p), basis, ("x", "y"))
    assert view.gains_from_order
    block = view.block(view.reordered)
    assert block.shape == (p - 1, p - 1)
    for shift in range(p - 1):
        assert np.ptp([block[(i + shift) % (p - 1), i] for i in range(p - 1)]) < 1e-12
    assert limit_of(view, view.reordered) == pytest.approx(1), "neither the diagonal nor the zeros count"


@pytest.mark.parametrize(
    ("expression", "gains"), [("x+y", False), ("x-y", False), ("x*y", True), ("2*x+3*y", True)]
)
def test_a_second_order_only_where_it_differs(expression: str, gains: bool) -> None:
    basis = basis_of(task_from_expression(expression, 7).table, 7)
    view = FeatureMatrixView(Stage("Iteration 1", 1), np.eye(14), (7, 7), basis, ("x", "y"))
    assert view.gains_from_order is gains


@pytest.mark.parametrize("sizes", [(5,), (5, 5, 2), (5, 5, 5), (5, 5, 5, 5)])
def test_matrices_of_any_blocks(sizes: tuple[int, ...], tmp_path: Path) -> None:
    operands = ("x", "y", "z", "w")[: len(sizes) - (sizes[-1] == 2)]
    basis, rng = natural_basis(5, len(operands)), np.random.default_rng(0)
    root = rng.normal(size=(sum(sizes), 3))
    view = FeatureMatrixView(Stage("Iteration 1", 1), root @ root.T, sizes, basis, operands)
    report = Report("any", "", (), (*feature_matrix_maps([view]), spectra([view])))
    assert "NaN" not in write(report, tmp_path / "any.svg").read_text()
    assert view.whole(view.natural).shape == (sum(sizes), sum(sizes))


def record(step: int, accuracy: float, **others: float) -> Record:
    return Record(step, 0.0, {"train_accuracy": 1.0, "test_accuracy": accuracy, **others}, {})


def test_stages_without_a_transition(machine: RunRow) -> None:
    flat = [record(step, 0.1) for step in range(13)]
    row = replace(machine, grokked_at=None)
    assert [stage.step for stage in machine_stages(row, flat)] == [1, 6, 12]
    assert [stage.step for stage in machine_stages(replace(row, step=1), flat[:2])] == [1]
    assert [stage.step for stage in machine_stages(replace(row, step=0), flat[:1])] == [0]
    assert [stage.step for stage in machine_stages(replace(row, step=0), [])] == [0]


def test_singular_iterations_are_said_and_marked(store: Store, machine: RunRow) -> None:
    records = [
        replace(r, scalars={**r.scalars, "singular": float(r.step in (3, 4))})
        for r in store.records(machine.id)
    ]
    task = task_from_expression("x*y", 11)
    basis = basis_of(task.table, 11)
    panels, notes = draw(
        StoredRun(machine, Experiment.from_json(machine.experiment), records, [], task, basis)
    )
    assert any("singular to working precision at 2 iterations, the first 3" in note for note in notes)
    assert sum("No weights were stored" in note for note in notes) == 3
    marked = [
        r["step"] for r in rows_in({p.key: p for p in panels}["condition"]) if r.get("name") == "singular"
    ]
    assert set(marked) == {3, 4}


def test_damaged_matrix_leaves_a_note(store: Store, machine: RunRow) -> None:
    checkpoint = next(c for c in store.checkpoints(machine.id) if c.step == 1)
    content = checkpoint.path.read_bytes()
    try:
        checkpoint.path.write_bytes(content[:-1] + b"!")
        report = run_report(store, machine.id, Path("a.png"))
    finally:
        checkpoint.path.write_bytes(content)
    assert len(panels_of(report)["feature_matrix"].groups) == 2
    assert any("iteration 1 are damaged" in note for note in report.notes)


def test_no_closed_form_stands_beside_a_machine(store: Store, machine: RunRow, tmp_path: Path) -> None:
    net = MLP(jnp.zeros((2, 11, 4)), jnp.zeros((11, 4)))
    with pytest.raises(InputError, match="run: must have a checkpoint of a two-layer network"):
        write_comparison(store, machine.id, net, tmp_path / "both.svg")
    assert all(isinstance(c.load(), KernelMachine) for c in store.checkpoints(machine.id)[:1])
