"""Panels of transformers: numbers are those of the measures, in the right order, for any modulus."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from modgrok.measures import make_token_basis
from modgrok.measures.circuit.circuit import attention_maps
from modgrok.measures.circuit.pair_reading import read_pairs
from modgrok.measures.circuit.restricted_loss import COMBINATIONS, restricted_losses
from modgrok.measures.circuit.task_grid import task_grids
from modgrok.models.transformer import Block, Transformer
from modgrok.reports import write, write_transformer_report
from modgrok.reports.charts.chart import Panel
from modgrok.reports.charts.timeline import Frame
from modgrok.reports.learners.transformer import circuit_panels
from modgrok.reports.panels.attention_maps import attention_panels
from modgrok.reports.panels.loss_parts import frequency_attribution, loss_parts
from modgrok.reports.panels.neuron_waves import neuron_waves
from modgrok.reports.panels.wave_curves import wave_curves
from modgrok.reports.panels.wave_spectra import wave_spectra, waves_of
from modgrok.reports.report import Report, run_report
from modgrok.reports.views.circuit_view import CircuitView
from modgrok.reports.views.tables import Stage
from modgrok.runs import Record, RunRow, Store
from modgrok.tasks import task_from_expression


def network(p: int, seed: int = 0, heads: int = 2, layers: int = 1) -> Transformer:
    keys = iter(jax.random.split(jax.random.key(seed), 40))

    def draw(*shape: int) -> jax.Array:
        return jax.random.normal(next(keys), shape) / math.sqrt(shape[-2])

    blocks = tuple(
        Block(*(draw(heads, 8, 4) for _ in range(3)), draw(heads, 4, 8), draw(8, 24), draw(24, 8))
        for _ in range(layers)
    )
    return Transformer(3 * draw(p + 1, 8), None, blocks, None, draw(8, p), None)


def view(text: str, p: int, step: int = 5, **options: int) -> CircuitView:
    stage = Stage("end" if step else "initialisation", step)
    at = task_grids(task_from_expression(text, p))[0]
    return CircuitView(stage, network(p, step, **options), at)


def spectra(own: CircuitView, matrix: str) -> Panel:
    return wave_spectra([(own.stage, own.net)], make_token_basis(own.at.task.p), matrix)


def rows_in(panel: Panel) -> list[dict[str, Any]]:
    """List every row of data in a panel's charts."""
    specs = [cell.spec(400) for group in panel.groups for cell in group.cells]
    return [row for spec in specs for rows in spec["datasets"].values() for row in rows]


@pytest.mark.parametrize("matrix", ["embedding", "readout"])
def test_bars_are_the_waves(matrix: str) -> None:
    own = view("x*y", 11)
    bars = [row for row in rows_in(spectra(own, matrix)) if "wave" in row]
    natural, log = waves_of(own.net, make_token_basis(11), matrix)
    assert len(bars) == 10 + 9
    for row in bars:
        band = natural if row["at"] > 1 else log
        sizes = band.cosines if row["wave"] == "cos" else band.sines
        assert row["size"] == pytest.approx(sizes[row["f"] - 1], rel=1e-3)
        assert row["counts"] == (sizes[row["f"] - 1] > 0.5 * sizes.max())
        assert (row["top"] > row["at"]) == (row["wave"] == "cos")
    for band, middle in ((natural, 1.5), (log, 0.5)):
        counts = [row["counts"] for row in bars if row["at"] == middle]
        assert band.ffs == pytest.approx(np.mean(counts))


def test_a_composite_modulus_has_one_band() -> None:
    panel = spectra(view("x + y", 6), "embedding")
    assert {row["at"] for row in rows_in(panel) if "wave" in row} == {0.5}
    assert "logarithms" not in panel.caption


def test_attention_is_drawn_in_the_basis() -> None:
    own = view("x*y", 7)
    drawn_rows = own.in_order(attention_maps(own.circuit))
    tokens = [1, 3, 2, 6, 4, 5]  # powers of 3
    inputs = np.array([[x, y] for x in tokens for y in tokens])
    pattern = read_pairs(own.net, inputs).pattern.reshape(6, 6, 1, 2, 3)
    np.testing.assert_allclose(np.moveaxis(drawn_rows, (-2, -1), (0, 1)), pattern, atol=1e-6)


@pytest.mark.parametrize(("heads", "layers", "rows"), [(2, 1, 1), (5, 2, 2)])
def test_heads_fill_rows(heads: int, layers: int, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modgrok.reports.panels.attention_maps.MOST_ROWS", 2)
    panels = attention_panels(view("x + y", 5, heads=heads, layers=layers))
    assert len(panels) == rows
    assert all(len(panel.groups) <= 4 for panel in panels)
    assert len({panel.key for panel in panels}) == rows
    assert sum(len(panel.groups) for panel in panels) == min(heads * layers, 8)


def test_every_varying_neuron_is_a_dot() -> None:
    own = view("x + y", 7)
    dots = {row["neuron"]: row for row in rows_in(neuron_waves([own])) if "neuron" in row}
    shares = own.circuit.shares
    assert sorted(dots) == np.flatnonzero(shares.max(1) > 0).tolist()
    for neuron, row in dots.items():
        assert row["share"] == pytest.approx(shares[neuron].max(), rel=1e-3)
        assert row["f"] == shares[neuron].argmax() + 1


def test_losses_and_attribution_are_the_measures() -> None:
    stages = [view("x + y", 7, step) for step in (0, 9)]
    panel = loss_parts(stages, [1, 3])
    drawn_rows = [row for row in rows_in(panel) if "loss" in row]
    for stage in stages:
        table = restricted_losses(stage.circuit.logits, [1, 3])
        own = sorted(
            (row for row in drawn_rows if row["step"] == stage.stage.step), key=lambda row: -row["at"]
        )
        expected = [table[name] for name, _ in COMBINATIONS]
        assert [row["loss"] for row in own] == pytest.approx(expected, rel=1e-3)
    assert "1, 3" in panel.caption
    bars = {row["f"]: row["value"] for row in rows_in(frequency_attribution(stages[1])) if "key" in row}
    assert [bars[f] for f in (1, 2, 3)] == pytest.approx(list(stages[1].circuit.attribution), rel=1e-3)


def test_curves_are_those_recorded() -> None:
    names = [
        f"{kind}_{matrix}{order}"
        for kind in ("ffs", "fcr", "gini")
        for matrix in ("embedding", "readout")
        for order in ("", "_log")
    ]
    values = {name: (i + 1) / 20 for i, name in enumerate(names)}
    records = [Record(step, 0.0, {**values, "test_accuracy": 0.5}, {}) for step in (0, 10)]
    panels = wave_curves(Frame(10, []), records)
    assert [panel.key for panel in panels] == [
        "waves_embedding", "waves_readout", "waves_gini", "waves_embedding_log", "waves_readout_log",
    ]  # fmt: skip
    drawn_rows = {row["name"]: row["value"] for panel in panels for row in rows_in(panel) if "name" in row}
    drawn_rows.pop("test_accuracy")
    assert drawn_rows == values
    short = [Record(0, 0.0, {n: v for n, v in values.items() if "log" not in n}, {})]
    assert len(wave_curves(Frame(10, []), short)) == 3


@pytest.mark.few(1)
@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_panels_make_a_picture(suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stages = [view("x + y", 7, step) for step in (0, 9)]
    panels = [
        *(spectra(stages[-1], matrix) for matrix in ("embedding", "readout")),
        *circuit_panels(stages),
    ]
    path = write(Report("x + y mod 7", "", (), tuple(panels)), tmp_path / f"out{suffix}")
    assert path.stat().st_size > 10_000
    assert b"NaN" not in path.read_bytes() or suffix != ".svg"
    assert "WARN" not in capfd.readouterr().err


@pytest.mark.long  # tests/reports/test_mixture_report.py has a smaller one
def test_a_run_of_a_mixture(store: Store, transformer: RunRow, tmp_path: Path) -> None:
    report = run_report(store, transformer.id, tmp_path / "out.svg")
    keys = [panel.key for panel in report.panels]
    assert len(keys) == len(set(keys))
    assert keys[:2] == ["tasks_accuracy_1", "tasks_loss_1"]
    keys = [key for key in keys[2:] if key not in ("explained_share", "circles", "left_over")]
    assert keys[:3] == ["accuracy", "loss", "weight_norm"]
    circuit = ["neurons", "attention", "ablations", "attribution"]
    assert keys[-8:] == [f"{key}_{task}" for task in (1, 2) for key in circuit]
    titles = {panel.key: panel.title for panel in report.panels}
    assert titles["ablations_2"].startswith("x*y: ")
    recorded = store.records(transformer.id)[-1].scalars
    ends = {
        row["name"]: row["value"]
        for panel in report.panels[2:11]
        for row in rows_in(panel)
        if row.get("step") == 5
    }
    for name in ("ffs_embedding", "fcr_readout", "gini_embedding", "ffs_readout_log"):
        assert ends[name] == recorded[name]
    assert write(report, tmp_path / "out.svg").read_text().startswith("<svg")


def test_a_network_alone_is_drawn(tmp_path: Path) -> None:
    own = view("x + y", 5)
    path = write_transformer_report(own.net, own.at.task, tmp_path / "out.html", title="alone")
    text = path.read_text()
    assert "transformer of 1 layer, width 8, 2 heads of 4, MLP of 24 relu units" in text
    assert "Loss of parts of the logits" in text
