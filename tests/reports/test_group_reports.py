"""Runs on groups that are not cyclic: their own Fourier basis, and nothing that needs an order of
elements."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.algebra import composition_table, irreducible_representations, real_components
from modgrok.measures import basis_of_task, make_fourier_frames
from modgrok.measures.readings import measure_weights
from modgrok.models import MLP
from modgrok.models.kernel_machine import KernelMachine
from modgrok.reports import run_report
from modgrok.runs import RunRow, Store
from modgrok.tasks import task_from_expression, task_from_group, task_from_table

NEEDS_ORDER = ("phases", "unit", "logit", "features")


@pytest.mark.parametrize("name", ["S3", "S4", "D5", "Q12", "D2", "C7", "S5"])
def test_components_are_an_orthonormal_basis_of_invariant_spaces(name: str) -> None:
    components = real_components(name)
    waves = np.concatenate([part.waves for part in components])
    n = len(waves)
    assert np.allclose(waves @ waves.T, np.eye(n), atol=1e-9)
    table = composition_table(name)
    for part in components:
        projector = part.waves.T @ part.waves
        for element in (1, n - 1):  # translations of either side leave each component where it is
            for moved in (table[element], table[:, element]):
                shifted = part.waves[:, moved]
                assert np.allclose(shifted @ projector, shifted, atol=1e-9)
    sizes = sorted(rho.dimension**2 for rho in irreducible_representations(name))
    assert sum(len(part.waves) for part in components) == sum(sizes) == n


def _network(table: np.ndarray, waves: np.ndarray) -> MLP:
    vectors = jnp.asarray(waves.T, dtype=jnp.float32)
    return MLP(jnp.stack([vectors, vectors]), vectors)


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["S4", "Q8"])
def test_networks_of_one_representation_have_ipr_one_in_any_numbering(name: str) -> None:
    task = task_from_group(name)
    basis = basis_of_task(task)
    assert (basis.name, basis.group) == ("group", name)
    part = real_components(name)[-1]
    numbers = measure_weights(_network(task.table, part.waves), basis)
    assert numbers["ipr"] == pytest.approx(1, abs=1e-5)
    assert numbers["frequencies"] == 1
    assert "phase_coherence" not in numbers
    again = basis_of_task(task_from_table(task.table))  # a file with the same table
    assert again.group == name
    rng = np.random.default_rng(0)
    random = measure_weights(_network(task.table, rng.normal(size=(400, task.p))), basis)
    sizes = [len(c.waves) for c in real_components(name)]
    expected = sum(s * (s + 2) for s in sizes) / (task.p * (task.p + 2))
    assert random["ipr"] == pytest.approx(expected, rel=0.05)


def test_cyclic_tasks_are_read_as_before() -> None:
    for task in (task_from_group("C6"), task_from_expression("x + y", 6)):
        assert basis_of_task(task).group is None
        assert make_fourier_frames(basis_of_task(task)).components is None
    x = np.arange(6)
    relabelled = task_from_table((x[:, None] * 5 + x[None, :] * 5) % 6)
    assert basis_of_task(relabelled).group is None


@pytest.mark.parametrize(("group", "learner"), [("D4", "rfm"), ("S3", "transformer")])
def test_other_learners_measure_nothing_that_needs_an_order(group: str, learner: str) -> None:
    basis = basis_of_task(task_from_group(group))
    if learner == "rfm":
        n = basis.order
        machine = KernelMachine.__new__(KernelMachine)
        object.__setattr__(machine, "feature_matrix", jnp.eye(2 * n))
        from modgrok.measures.readings import READERS, measures_reading

        readings = READERS.named("kernel_machine").read(machine, basis)
        names = [m.name for reads, (_, frame) in readings.items() for m in measures_reading(reads, frame)]
        assert names == ["effective_rank"]
    else:
        from modgrok.measures.circuit.task_grid import task_grids

        assert task_grids(task_from_group(group)) == ()


def test_the_report_draws_representations_and_says_what_is_absent(store: Store, stuck: RunRow) -> None:
    report = run_report(store, stuck.id, Path("a.html"))
    panels = {panel.key: panel for panel in report.panels}
    assert not set(NEEDS_ORDER) & set(panels)
    assert "S3" in panels["representations"].title
    spec = panels["representations"].groups[-1].cells[0].spec(400)
    rows = [row for rows in spec["datasets"].values() for row in rows]
    assert {row["name"] for row in rows} == {"(3) [1]", "(2,1) [4]", "(1,1,1) [1]"}
    for block in "012":
        assert sum(row["share"] for row in rows if row["block"] == block) == pytest.approx(1, abs=1e-3)
    assert any("no phases" in note for note in report.notes)
    assert dict(report.facts)["Fourier basis"] == "irreducible representations of S3, a group of order 6"
    record = store.records(stuck.id)[-1]
    assert "phase_coherence" not in record.scalars
    assert len(record.histograms["dominant_frequency"]) == 2
